"""Case for case, the life cycle of definitions 7."""

from stream.alerts.lifecycle import INACTIVE, Change, State, Status, due_ms, step

PENDING = Status(State.PENDING, 100)
FIRING = Status(State.FIRING, 100, 120)
QUIET = FIRING._replace(quiet_since_ms=150)


def test_inactive() -> None:
    assert step(INACTIVE, False, 100, 20, 0) == (INACTIVE, None)
    assert step(INACTIVE, True, 100, 20, 0) == (PENDING, Change.PENDING)
    assert step(INACTIVE, True, 100, 0, 0) == (Status(State.FIRING, 100, 100), Change.FIRING)


def test_pending() -> None:
    assert step(PENDING, False, 110, 20, 0) == (INACTIVE, None)
    assert step(PENDING, True, 119, 20, 0) == (PENDING, None)
    assert step(PENDING, True, 120, 20, 0) == (FIRING, Change.FIRING)


def test_firing() -> None:
    assert step(FIRING, True, 150, 20, 30) == (FIRING, None)
    assert step(FIRING, False, 150, 20, 30) == (QUIET, None)
    assert step(FIRING, False, 150, 20, 0) == (INACTIVE, Change.RESOLVED)


def test_quiet() -> None:
    assert step(QUIET, True, 160, 20, 30) == (FIRING, None)
    assert step(QUIET, False, 179, 20, 30) == (QUIET, None)
    assert step(QUIET, False, 180, 20, 30) == (INACTIVE, Change.RESOLVED)


def test_time_alone_acts_when_for_or_keep_firing_for_runs_out() -> None:
    assert [due_ms(status, 20, 30) for status in (INACTIVE, PENDING, FIRING, QUIET)] == [None, 120, None, 180]
