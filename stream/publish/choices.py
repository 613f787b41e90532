"""The windows that a person can look at on the page, in the order in which they are offered."""

from dataclasses import dataclass

from stream.windows.plan import WindowPlan

QUARTER_MS = 900_000


@dataclass(frozen=True)
class Choice:
    """One choice. `id`: its name in the page's address. `window`: the window's name in records. `last`: not the running
    window but the one before it, which is complete."""

    id: str
    window: str
    last: bool
    label_en: str
    label_zh: str


def choices(plan: WindowPlan) -> list[Choice]:
    """The choices for a plan: first Now (the rolling window nearest to 15 minutes), then intervals, day, shifts, month,
    and the other rolling windows.

    Never empty: a plan without windows gives `day`, which then has no records.
    """
    rolling = sorted(plan.rolling, key=lambda window: (abs(window[1] - QUARTER_MS), window[0]))
    offered = [Choice(name, name, False, f"Now · {_span(ms)}", f"最近{_span(ms)}") for name, ms in rolling[:1]]
    for name, ms in plan.intervals:
        offered.append(Choice(name, name, False, f"This {_span(ms)}", f"本{_span(ms)}"))
        offered.append(Choice(f"last_{name}", name, True, f"Last {_span(ms)}", f"上一{_span(ms)}"))
    if plan.day or not (plan.rolling or plan.intervals):
        offered.append(Choice("day", "day", False, "Today", "今日"))
    shifts = sorted({name for clock in plan.sites.values() for name in clock.shifts}) if plan.shifts else []
    offered += [Choice(f"shift_{name}", f"shift_{name}", False, f"Shift {name}", f"班次 {name}") for name in shifts]
    if plan.month:
        offered.append(Choice("month", "month", False, "Month", "本月"))
    offered += [Choice(name, name, False, _span(ms), _span(ms)) for name, ms in rolling[1:]]
    return offered


def _span(ms: int) -> str:
    minutes = ms // 60_000
    if minutes and minutes % 60 == 0:
        return f"{minutes // 60} h"
    return f"{minutes} min" if minutes else f"{ms // 1000} s"
