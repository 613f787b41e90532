"""Gives an entity's rows to the alert rules that read them."""

from collections.abc import Iterable, Iterator, Mapping

from stream.alerts.evaluation import Evaluator
from stream.alerts.rule_input import RuleInput, TeamNote
from stream.engine.deltas.delta import Delta
from stream.windows.packed import from_bytes

ByGrain = Mapping[str, Mapping[int, int]]
"""Currency -> grain -> packed."""


def evaluate_rows(
    feed: RuleInput, evaluator: Evaluator, amounts: ByGrain, edges: ByGrain, fresh: Iterable[Delta]
) -> None:
    """Passes an entity's new rows to the evaluator, as far as its rules read them: amounts and edges that are known at
    their own time added up, each placed row of `fresh` by itself."""
    view = feed.view
    for currency, by_grain in amounts.items():
        for grain, number in by_grain.items():
            if seen := view(currency, number):
                evaluator.take(feed, grain, 0, seen)
    for currency, changes in edges.items():
        # No rule read them when they were sent; one that is new takes each as known at its own time.
        if any(view(currency, change) for change in changes.values()):
            for first, end, each in runs(changes):
                if seen := view(currency, each):
                    evaluator.take_run(feed, first, end - first, 0, seen)
    for delta in fresh:
        _evaluate_placed(feed, evaluator, delta)


def note_teams(feed: RuleInput, evaluator: Evaluator, fresh: Iterable[Delta]) -> None:
    """Passes on what an agent's new deltas say of the agent's team."""
    for delta in fresh:
        for grain, at_ms, event_id, team in delta.teams:
            evaluator.note_team(feed, grain, TeamNote(at_ms, event_id, team))


def runs(edges: Mapping[int, int]) -> Iterator[tuple[int, int, int]]:
    """First grain, end, and what each grain between holds."""
    level = at = 0
    for grain in sorted(edges):
        if level:
            yield at, grain, level
        level += edges[grain]
        at = grain


def _evaluate_placed(feed: RuleInput, evaluator: Evaluator, delta: Delta) -> None:
    for currency, rows in delta.rows.items():
        for grain, known, _, length, raw in rows.placed:
            seen = feed.view(currency, from_bytes(raw))
            if seen and length > 1:
                evaluator.take_run(feed, grain, length, known, seen)
            elif seen:
                evaluator.take(feed, grain, known, seen)
    for (grain, known, _, _), names in delta.zeros:
        if chosen := feed.columns.intersection(names):
            evaluator.take(feed, grain, known, dict.fromkeys(chosen, 0))
