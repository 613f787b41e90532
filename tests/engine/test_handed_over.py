"""A state that was handed over is restored from a log that begins with what it replaces."""

from dataclasses import replace

import pytest

from stream.alerts.rules import Rule, exact
from stream.engine.entities.stage import EntityStage
from stream.windows.plan import WindowPlan
from tests.engine.floor import BASE, LIVE, LOW, MINUTE, PLAN, feed, row, stage, state_time


@pytest.mark.parametrize("pane_ms", [2_500, 15_000, 4 * MINUTE])
def test_records_of_panes_of_another_length_leave_no_trace_once_they_are_replaced(pane_ms: int) -> None:
    """A state that was handed over begins with them, until it is compacted; then come the hand-over's own records, and
    a tombstone for each key that is no more."""

    more = Rule("more", "dials", "team", "rolling_1m", exact("10"), exact("9"), above=True)  # than there ever are

    def handed_over(plan: WindowPlan) -> dict[bytes, bytes]:
        made = EntityStage(plan, (more, LOW), LIVE, 0, 1)
        for second in range(0, 400, 7):
            grain = (BASE + second * 1_000) // plan.grain_ms
            feed(made, [("main|team|a", grain, 0, {"dials": 1, "connects": second % 2}, 1)], BASE + second * 1_000)
            state_time(made, BASE + second * 1_000)
        feed(made, [("main|team|b", BASE // plan.grain_ms + 2, 0, {"productive_ms": 1_000}, 20)], BASE + 400_000)
        return {key: value for key, value in made.tick(0).state if value is not None}

    before, now = handed_over(replace(PLAN, pane_ms=pane_ms)), handed_over(PLAN)
    assert {key[:2] for key in before} >= {b"p|", b"w|", b"v|", b"a|"}
    straight, after = stage(rules=(more, LOW)), stage(rules=(more, LOW))
    records = [*before.items(), *((key, None) for key in before if key not in now), *now.items()]
    for target, log in ((straight, [*now.items()]), (after, records)):
        for key, value in log:
            target.restore(key, value)
    for minute in (6.67, 6.7, 7, 9, 40):
        for target in (straight, after):
            feed(target, [row(minute, dials=1)], BASE + int(minute * MINUTE))
            state_time(target, BASE + int(minute * MINUTE))
        assert after.tick(int(minute * MINUTE)) == straight.tick(int(minute * MINUTE))
