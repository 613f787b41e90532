"""A rule that is new to a running system begins with what the windows hold, not with nothing.

Otherwise a rule "below" on a day would fire for everybody at the noon it was added. What the windows hold does not say
when a correction became known, so that the first decisions of a new rule may differ by that from those of a replay.
"""

from collections.abc import Mapping
from typing import NamedTuple

from stream.alerts.rule_input import CHUNK_MS, DAY_MS, RuleInput
from stream.alerts.watch import view_of
from stream.windows.plan import WindowPlan
from stream.windows.sums import Sums, subtract


class HeldWindows(NamedTuple):
    """What an entity's windows hold: panes by end, the future by grain, edges of runs ahead, and tumbling windows by
    (name, start)."""

    panes: Mapping[int, Sums]
    future: Mapping[int, Sums]
    ahead: Mapping[int, Sums]
    windows: Mapping[tuple[str, int], Sums]


def adopt(feed: RuleInput, plan: WindowPlan, evaluated_ms: int, held: HeldWindows) -> None:
    """The feed holds what the windows held at the last evaluation; later panes and the future wait for theirs."""
    feed.changed.update(("q", at_ms) for at_ms in feed.waiting)
    feed.changed.update(("p", end_ms // CHUNK_MS) for end_ms in feed.panes)
    feed.changed.update(("t", *key) for key in feed.windows)
    feed.changed.update((("s",), ("e",)))
    for container in (feed.waiting, feed.panes, feed.windows, feed.arrivals, feed.ahead):
        container.clear()
    panes = {end_ms: view_of(sums, feed.columns) for end_ms, sums in held.panes.items()}
    for end_ms, amounts in panes.items():
        if end_ms > evaluated_ms:
            _wait(feed, plan, evaluated_ms, (end_ms - plan.pane_ms) // plan.grain_ms, amounts.copy())
        elif feed.lengths and end_ms + feed.lengths[-1] > evaluated_ms:
            feed.panes[end_ms] = amounts
            feed.changed.add(("p", end_ms // CHUNK_MS))
    for grain, sums in held.future.items():
        _wait(feed, plan, evaluated_ms, grain, view_of(sums, feed.columns))
    feed.ahead.update((grain, view_of(sums, feed.columns)) for grain, sums in held.ahead.items())
    later = {end_ms: amounts for end_ms, amounts in panes.items() if end_ms > evaluated_ms}
    for name, start_ms, end_ms in feed.calendar.windows(evaluated_ms - 1):
        sums = view_of(held.windows.get((name, start_ms), {}), feed.columns)
        feed.seen |= dict.fromkeys(sums, evaluated_ms // DAY_MS)
        for pane_end_ms, amounts in later.items():
            if pane_end_ms - plan.pane_ms < end_ms:
                subtract(sums, amounts)
        if name in feed.tumbling:
            feed.windows[name, start_ms] = (end_ms, sums)
            feed.changed.add(("t", name, start_ms))


def _wait(feed: RuleInput, plan: WindowPlan, evaluated_ms: int, grain: int, amounts: Sums) -> None:
    at_ms = (grain * plan.grain_ms // plan.pane_ms + 1) * plan.pane_ms
    if amounts:
        feed.wait(max(at_ms, evaluated_ms + plan.pane_ms), grain, amounts)
