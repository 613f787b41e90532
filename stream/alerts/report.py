"""How alerts were dealt with in a span of time, per rule: how many, how soon, and how many of them were true (alerting
2)."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from stream.alerts.handling import Handling


@dataclass(frozen=True)
class Episode:
    """An alert that has fired, and what was done about it. `resolved_ms`: None while it fires."""

    rule: str
    fired_ms: int
    resolved_ms: int | None
    handling: Handling


@dataclass
class RuleReport:
    """The episodes of one rule. Times in ms; None where there is no episode to tell them of. A share is (how many, of
    how many): of all episodes for `acknowledged`, of those judged for `true_alarms`."""

    rule: str
    episodes: int = 0
    acknowledge_ms: list[int] = field(default_factory=list)
    resolve_ms: list[int] = field(default_factory=list)
    judged: int = 0
    true_alarms: int = 0

    @property
    def acknowledged(self) -> int:
        return len(self.acknowledge_ms)


def report(episodes: Iterable[Episode], from_ms: int | None, to_ms: int | None) -> list[RuleReport]:
    """A report per rule, by its name, of the episodes that began to fire in [from_ms, to_ms); None: without that end.

    Somebody who took an alert on before it fired needed no time. An acknowledgement that was taken back is none.
    """
    rules: dict[str, RuleReport] = {}
    for episode in episodes:
        if (from_ms is not None and episode.fired_ms < from_ms) or (to_ms is not None and episode.fired_ms >= to_ms):
            continue
        of = rules.setdefault(episode.rule, RuleReport(episode.rule))
        of.episodes += 1
        if episode.handling.since_ms is not None:
            of.acknowledge_ms.append(max(0, episode.handling.since_ms - episode.fired_ms))
        if episode.resolved_ms is not None:
            of.resolve_ms.append(max(0, episode.resolved_ms - episode.fired_ms))
        if episode.handling.true_alarm is not None:
            of.judged += 1
            of.true_alarms += episode.handling.true_alarm
    return [rules[name] for name in sorted(rules)]


def median(values: list[int]) -> int | None:
    """The middle value; between two the mean of them, cut. None of none."""
    ordered = sorted(values)
    half = len(ordered) // 2
    if not ordered:
        return None
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) // 2


def p90(values: list[int]) -> int | None:
    """The smallest value that nine in ten do not exceed (nearest rank). None of none."""
    return sorted(values)[-(-9 * len(values) // 10) - 1] if values else None
