"""Warnings: what a configuration may say but hardly means. None of them stops a worker (contract 4)."""

from collections.abc import Iterator
from fractions import Fraction

from stream.kpis.catalogue import CATALOGUE, Kpi
from stream.settings.document import Alert, Document, Kafka
from stream.settings.failure import KeyPath
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
        found = (*_levels(alert), *_entities(alert, document), *_windows(alert, document))
        yield from (((*place, key), f"{reason} (rule {alert.rule})") for key, reason in found)


def _kafka(kafka: Kafka) -> Iterator[tuple[KeyPath, str]]:
    """Keys of a login or of TLS that have no effect, since the protocol has neither: somebody believes that it has."""
    for part, has in (
        ("sasl_", kafka.security_protocol.startswith("SASL")),
        ("ssl_", kafka.security_protocol.endswith("SSL")),
    ):
        for key in kafka.model_fields_set if not has else ():
            if key.startswith(part):
                yield ("kafka", key), f"has no effect with kafka.security_protocol {kafka.security_protocol}"


def _levels(alert: Alert) -> Iterator[tuple[str, str]]:
    """Alert levels that no value, or every value, lies beyond. No KPI has negative values."""
    kpi = CATALOGUE[alert.kpi]
    for key in ("below", "above", "exit"):
        level: Fraction | None = getattr(alert, key)
        if level is not None and kpi.unit == "ratio" and abs(level) > 1:
            yield key, _as_ratio(level)
    greatest = _greatest(kpi)
    if alert.below is not None:
        if alert.below <= 0:
            yield "below", f"no {alert.kpi} is ever below {_text(alert.below)}: the rule never fires"
        elif greatest is not None and alert.below > greatest:
            yield "below", f"every {alert.kpi} is below {_text(alert.below)}: the rule always fires"
        elif greatest is not None and alert.exit is not None and alert.exit > greatest:
            yield "exit", f"no {alert.kpi} reaches {_text(alert.exit)}: an alert never ends"
    if alert.above is not None:
        if greatest is not None and alert.above >= greatest:
            yield "above", f"no {alert.kpi} is ever above {_text(alert.above)}: the rule never fires"
        elif alert.above < 0:
            yield "above", f"every {alert.kpi} is above {_text(alert.above)}: the rule always fires"
        elif alert.exit is not None and alert.exit < 0:
            yield "exit", f"no {alert.kpi} falls to {_text(alert.exit)}: an alert never ends"
    if alert.min_denominator and kpi.denominator is None:
        yield "min_denominator", "has no effect: a count or amount has no denominator"


def _as_ratio(level: Fraction) -> str:
    hundredth = "" if abs(level) > 100 else f"; {_text(level)} % is {_text(level / 100)}"
    return f"a ratio is a share of 1: {_text(level)} is {_text(level * 100)} %{hundredth}"


def _greatest(kpi: Kpi) -> Fraction | None:
    """The greatest value that a KPI can have; None if it has no bound."""
    return Fraction(1) if kpi.unit == "ratio" and kpi.id not in MAY_EXCEED_ONE else None


def _entities(alert: Alert, document: Document) -> Iterator[tuple[str, str]]:
    if alert.entities is None:
        return
    if not alert.entities:
        yield "entities", "is empty: the rule looks at nothing; left out, it looks at all"
    sites = document.sites
    for name in sorted(alert.entities):
        if alert.level == "site" and sites and name not in sites:
            yield "entities", f"level site excludes {name!r}: no such site is configured ({', '.join(sorted(sites))})"
        elif alert.level != "site" and name in sites:
            yield "entities", f"level {alert.level} excludes {name!r}: it is the name of a site"


def _windows(alert: Alert, document: Document) -> Iterator[tuple[str, str]]:
    kpi, tumbling = CATALOGUE[alert.kpi], not alert.window.startswith("rolling_")
    if kpi.denominator is None and alert.below is not None and tumbling and alert.for_ms == 0:
        yield (
            "below",
            f"a count with `below` on {alert.window} is breached at the start of each window; give it a `for`",
        )
    shift = alert.window.removeprefix("shift_")
    if alert.level == "site" and shift != alert.window:
        for name in sorted(alert.entities or ()):
            if name in document.sites and shift not in document.sites[name].shifts:
                yield "window", f"site {name} has no shift {shift}: the rule never looks at it"


def _text(number: Fraction) -> str:
    """A decimal as a person writes it."""
    return f"{float(number):.12g}"
