"""Warnings: what a configuration may say but hardly means. None of them stops a worker (contract 4)."""

from collections.abc import Iterator
from fractions import Fraction

from stream.kpis.catalogue import CATALOGUE, Kpi
from stream.settings.alerts import Alert, AlertLevels
from stream.settings.document import Document
from stream.settings.failure import KeyPath
from stream.settings.kafka import Kafka
from stream.settings.rulebooks import consents_without_effect

MAY_EXCEED_ONE = frozenset({"effective_talk_ratio", "promise_rate", "visit_recovery_rate"})
"""Ratios that may exceed 1, since their numerator is no part of the denominator: a contact may have two promises."""


def warnings_of(document: Document) -> Iterator[tuple[KeyPath, str]]:
    """Every warning, as (path of the key, reason), in the order of the document."""
    yield from _kafka(document.kafka)
    if document.conduct is not None:
        yield from consents_without_effect(document.conduct)
    for kpi in document.minimum_sample:
        if CATALOGUE[kpi].denominator is None:
            yield ("minimum_sample", kpi), "has no effect: a count or amount has no denominator"
    for index, alert in enumerate(document.alerts):
        place: KeyPath = ("alerts", index)
        found = (
            *_of_levels(alert), *_least(alert), *_entities(alert, document), *_windows(alert, document),
            *_targets(alert, document), *_inhibition(alert, document),
        )  # fmt: skip
        yield from (((*place, *path), f"{reason} (rule {alert.rule})") for path, reason in found)


Found = Iterator[tuple[KeyPath, str]]
"""Path of the key from its rule on, and the reason."""


def _kafka(kafka: Kafka) -> Iterator[tuple[KeyPath, str]]:
    """Keys of a login or of TLS that have no effect, since the protocol has neither: somebody believes that it has."""
    for part, has in (
        ("sasl_", kafka.security_protocol.startswith("SASL")),
        ("ssl_", kafka.security_protocol.endswith("SSL")),
    ):
        for key in kafka.model_fields_set if not has else ():
            if key.startswith(part):
                yield ("kafka", key), f"has no effect with kafka.security_protocol {kafka.security_protocol}"
    if kafka.oauth is not None and kafka.sasl_mechanism != "OAUTHBEARER":
        yield ("kafka", "oauth"), f"has no effect with kafka.sasl_mechanism {kafka.sasl_mechanism}"


def _of_levels(alert: Alert) -> Found:
    if alert.on != "value":
        return  # of attainment and pace any level may be meant
    if alert.severities is None:
        yield from (((key,), reason) for key, reason in _levels(alert, CATALOGUE[alert.kpi]))
    for index, each in enumerate(alert.severities or ()):
        for key, reason in _levels(each, CATALOGUE[alert.kpi]):
            yield ("severities", index, key), reason


def _levels(levels: AlertLevels, kpi: Kpi) -> Iterator[tuple[str, str]]:
    """Alert levels that no value, or every value, lies beyond. No KPI has negative values."""
    for key in ("below", "above", "exit"):
        level: Fraction | None = getattr(levels, key)
        if level is not None and kpi.unit == "ratio" and abs(level) > 1:
            yield key, _as_ratio(level)
    greatest = _greatest(kpi)
    if levels.below is not None:
        if levels.below <= 0:
            yield "below", f"no {kpi.id} is ever below {_text(levels.below)}: the rule never fires"
        elif greatest is not None and levels.below > greatest:
            yield "below", f"every {kpi.id} is below {_text(levels.below)}: the rule always fires"
        elif greatest is not None and levels.exit is not None and levels.exit > greatest:
            yield "exit", f"no {kpi.id} reaches {_text(levels.exit)}: an alert never ends"
    if levels.above is not None:
        if greatest is not None and levels.above >= greatest:
            yield "above", f"no {kpi.id} is ever above {_text(levels.above)}: the rule never fires"
        elif levels.above < 0:
            yield "above", f"every {kpi.id} is above {_text(levels.above)}: the rule always fires"
        elif levels.exit is not None and levels.exit < 0:
            yield "exit", f"no {kpi.id} falls to {_text(levels.exit)}: an alert never ends"


def _least(alert: Alert) -> Found:
    if alert.min_denominator and CATALOGUE[alert.kpi].denominator is None:
        yield ("min_denominator",), "has no effect: a count or amount has no denominator"
    elif alert.min_denominator and alert.on != "value":
        yield ("min_denominator",), f"has no effect on {alert.on}: `minimum_sample` says how many a KPI needs"


def _targets(alert: Alert, document: Document) -> Found:
    """A rule on a target that nobody has."""
    if alert.on == "value":
        return
    period = alert.window.removeprefix("shift_")
    if period == alert.window and period not in ("day", "month"):
        yield ("on",), f"a target is by day, month or shift: the rule never fires on {alert.window}"
    elif not any(
        (target.kpi, target.currency, target.level, target.period) == (alert.kpi, alert.currency, alert.level, period)
        and target.over is None
        for target in document.targets
    ):
        yield ("on",), f"no target of {alert.kpi} by {period} is for level {alert.level}: the rule never fires"


def _inhibition(alert: Alert, document: Document) -> Found:
    """Rules that are named and never fire where they are looked for."""
    if not alert.inhibited_by:
        if alert.where != "same":
            yield ("where",), "has no effect without `inhibited_by`"
        return
    if alert.where == "team" and alert.level not in ("agent", "team"):
        yield ("where",), f"{alert.level} has no team: nothing is ever muted"
        return
    level_of = {name: each.level for each in document.alerts for name in (each.rule, *dict(each.alerts))}
    for index, name in enumerate(alert.inhibited_by):
        level = level_of[name]
        if alert.where != "site" and level != (alert.level if alert.where == "same" else "team"):
            wanted = "the same entity" if alert.where == "same" else "a team"
            yield ("inhibited_by", index), f"{name} is a rule of level {level} and never fires for {wanted}"


def _as_ratio(level: Fraction) -> str:
    hundredth = "" if abs(level) > 100 else f"; {_text(level)} % is {_text(level / 100)}"
    return f"a ratio is a share of 1: {_text(level)} is {_text(level * 100)} %{hundredth}"


def _greatest(kpi: Kpi) -> Fraction | None:
    """The greatest value that a KPI can have; None if it has no bound."""
    return Fraction(1) if kpi.unit == "ratio" and kpi.id not in MAY_EXCEED_ONE else None


def _entities(alert: Alert, document: Document) -> Found:
    if alert.entities is None:
        return
    if not alert.entities:
        yield ("entities",), "is empty: the rule looks at nothing; left out, it looks at all"
    sites = document.sites
    for name in sorted(alert.entities):
        if alert.level == "site" and sites and name not in sites:
            known = ", ".join(sorted(sites))
            yield ("entities",), f"level site excludes {name!r}: no such site is configured ({known})"
        elif alert.level != "site" and name in sites:
            yield ("entities",), f"level {alert.level} excludes {name!r}: it is the name of a site"


def _windows(alert: Alert, document: Document) -> Found:
    kpi, tumbling = CATALOGUE[alert.kpi], not alert.window.startswith("rolling_")
    at_once = [
        ((), alert) if alert.severities is None else (("severities", index), each)
        for index, (_, each) in enumerate(alert.alerts)
    ]
    for place, each in at_once if kpi.denominator is None and tumbling and alert.on != "pace" else ():
        if each.below is not None and each.for_ms == 0:
            reason = f"a count with `below` on {alert.window} is breached at the start of each window; give it a `for`"
            yield (*place, "below"), reason
    shift = alert.window.removeprefix("shift_")
    if alert.level == "site" and shift != alert.window:
        for name in sorted(alert.entities or ()):
            if name in document.sites and shift not in document.sites[name].shifts:
                yield ("window",), f"site {name} has no shift {shift}: the rule never looks at it"


def _text(number: Fraction) -> str:
    """A decimal as a person writes it."""
    return f"{float(number):.12g}"
