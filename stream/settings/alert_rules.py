"""From the section `alerts` to the rules that are evaluated: one per alert, and whom it is inhibited by."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from stream.alerts.rules import Level, Rule
from stream.alerts.texts import PLACEHOLDERS, unknown_placeholders
from stream.settings.alerts import Alert, AlertLevels
from stream.settings.failure import KeyPath


def alert_rules(alerts: Sequence[Alert]) -> tuple[Rule, ...]:
    """The rules, in the order of the document. The document was checked."""
    named = alerts_named(alerts)
    return tuple(_rule(alert, name, levels, named) for alert in alerts for name, levels in alert.alerts)


def alerts_named(alerts: Sequence[Alert]) -> dict[str, tuple[str, ...]]:
    """What `inhibited_by` may name -> the alerts meant: a rule's name means all its severities."""
    named: dict[str, tuple[str, ...]] = {}
    for alert in alerts:
        names = tuple(name for name, _ in alert.alerts)
        named.update((name, (name,)) for name in names)
        named[alert.rule] = names
    return named


def rule_problems(alerts: Sequence[Alert]) -> Iterator[tuple[KeyPath, str]]:
    """What is wrong with names, notes and inhibition, as (path of the key, reason)."""
    used: set[str] = set()
    for index, alert in enumerate(alerts):
        place: KeyPath = ("alerts", index)
        if alert.rule in used:
            yield (*place, "rule"), f"{alert.rule!r} is the name of another rule already"
        used.add(alert.rule)
        for at, each in enumerate(alert.severities or ()):
            name = f"{alert.rule}.{each.severity}"
            if name in used:
                yield (*place, "severities", at, "severity"), f"{name!r} is the name of another alert already"
            used.add(name)
        for language in ("en", "zh"):
            for found in unknown_placeholders(getattr(alert.notes, language) or ""):
                known = " ".join(f"{{{each}}}" for each in PLACEHOLDERS)
                yield (*place, "notes", language), f"{found} stands for nothing (there are {known})"
    yield from _inhibition(alerts)


def _inhibition(alerts: Sequence[Alert]) -> Iterator[tuple[KeyPath, str]]:
    named = alerts_named(alerts)
    inhibitors = {
        name: [each for by in alert.inhibited_by for each in named.get(by, ())]
        for alert in alerts
        for name, _ in alert.alerts
    }
    for index, alert in enumerate(alerts):
        for at, by in enumerate(alert.inhibited_by):
            path: KeyPath = ("alerts", index, "inhibited_by", at)
            if by not in named:
                yield path, f"no such rule: {by!r} (there are {', '.join(dict.fromkeys(named))})"
                continue
            circle = _circle(named[by], {name for name, _ in alert.alerts}, inhibitors)
            if circle:
                yield path, f"inhibition goes in a circle: {' by '.join((*circle, circle[0]))}"


def _circle(begin: Sequence[str], ends: set[str], inhibitors: Mapping[str, Sequence[str]]) -> tuple[str, ...] | None:
    """The shortest way from an alert of `ends` over one of `begin` back to itself, each inhibited by the next; None if
    there is none."""
    for end in sorted(ends):
        ways: list[tuple[str, ...]] = [(end, first) for first in begin if first in inhibitors[end]]
        seen: set[str] = set()
        while ways:
            way = ways.pop(0)
            if way[-1] == end:
                return way[:-1]
            if way[-1] not in seen:
                seen.add(way[-1])
                ways += [(*way, each) for each in inhibitors[way[-1]]]
    return None


def _rule(alert: Alert, name: str, levels: AlertLevels, named: Mapping[str, tuple[str, ...]]) -> Rule:
    above = levels.above is not None
    threshold = levels.above if levels.above is not None else levels.below
    if threshold is None:
        raise ValueError(f"rule {name} has no level: the document was not checked")
    return Rule(
        rule=name,
        family=alert.rule,
        kpi=alert.kpi,
        level=alert.level,
        window=alert.window,
        on=alert.on,
        threshold=_level(threshold),
        exit=_level(threshold if levels.exit is None else levels.exit),
        above=above,
        min_denominator=alert.min_denominator,
        for_ms=levels.for_ms,
        keep_firing_for_ms=alert.keep_firing_for_ms,
        cooldown_ms=alert.cooldown_ms,
        severity=levels.severity,
        entities=alert.entities,
        currency=alert.currency,
        publish_pending=alert.publish_pending,
        inhibited_by=tuple(dict.fromkeys(each for by in alert.inhibited_by for each in named[by])),
        where=alert.where,
        note_en=alert.notes.en,
        note_zh=alert.notes.zh,
        labels=tuple(sorted(alert.labels.items())),
    )


def _level(number: Fraction) -> Level:
    return number.as_integer_ratio()
