"""When a shift ends: never skipped by a clock change, and also where shifts are no windows."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from stream.windows.calendar import Calendar
from stream.windows.plan import SiteClock, WindowPlan
from stream.windows.shifts import Shifts

MINUTES = st.integers(0, 1439)
ZONES = ("UTC", "Asia/Shanghai", "America/St_Johns", "Australia/Lord_Howe", "America/Santiago", "Pacific/Apia")
CHANGES_MS = (1_325_203_200_000, 1_793_491_200_000, 1_774_746_000_000)
"""Near the day that Apia skipped, and the clock changes of autumn and spring."""
CLOCKS = st.builds(
    SiteClock, st.sampled_from(ZONES), st.dictionaries(st.sampled_from("abc"), st.tuples(MINUTES, MINUTES), max_size=3)
)


@given(CLOCKS, st.sampled_from(CHANGES_MS), st.integers(-(4 * 86_400_000), 4 * 86_400_000))
def test_a_shift_ends_when_the_last_window_does_that_holds_the_instant(
    clock: SiteClock, near_ms: int, away_ms: int
) -> None:
    plan, instant_ms = WindowPlan(sites={"s": clock}), near_ms + away_ms
    windows = Calendar(plan).site("s").windows(instant_ms)
    expected = max((end for name, _, end in windows if name.startswith("shift_")), default=None)
    assert Shifts(replace(plan, shifts=False)).end_ms("s", instant_ms) == expected
    assert Shifts(plan).end_ms("elsewhere", instant_ms) is None
