"""Why an alert changed, in one short sentence for the person who reads it."""

from stream.alerts.lifecycle import Change
from stream.alerts.record import number
from stream.alerts.watch import Parts, Watch


def reason(watch: Watch, change: Change, parts: Parts, value: float | None, has_window: bool) -> str:
    """The sentence; the record beside it holds the exact numbers."""
    rule = watch.rule
    numerator, denominator = parts
    side = "above" if rule.above else "below"
    if not has_window:
        return f"no {rule.window} window holds this instant"
    if denominator is not None and denominator < max(1, rule.min_denominator):
        return f"{rule.kpi} has {denominator} of the {max(1, rule.min_denominator)} that the rule needs to judge"
    currency = f" {rule.currency}" if rule.currency else ""
    found = f"{rule.kpi}{currency} is {_short(value)}"
    if denominator is not None:
        found += f" ({numerator} of {denominator})"
    if change is Change.RESOLVED:
        return f"{found}, no longer {side} {_short(number(rule.exit))}"
    limit = f"{found}, {side} {_short(number(rule.threshold))}"
    return f"{limit} for {rule.for_ms / 1000:g} s" if change is Change.FIRING and rule.for_ms else limit


def _short(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.6g}"
