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
    resolved = change is Change.RESOLVED
    told, limit = _apart(value, number(rule.exit if resolved else rule.threshold))
    found = f"{rule.kpi}{currency} is {told}"
    if denominator is not None:
        found += f" ({numerator} of {denominator})"
    if resolved:
        return f"{found}, no longer {side} {limit}"
    beyond = f"{found}, {side} {limit}"
    return f"{beyond} for {rule.for_ms / 1000:g} s" if change is Change.FIRING and rule.for_ms else beyond


def _apart(value: float | None, limit: float) -> tuple[str, str]:
    """Both as short as may be, but told apart where they differ: rounded, a value just beyond its limit would stand on
    the good side of it."""
    for digits in (6, 9, 12):
        told = "unknown" if value is None else f"{value:.{digits}g}", f"{limit:.{digits}g}"
        if value is None or value == limit or told[0] != told[1]:
            return told
    return repr(value), repr(limit)
