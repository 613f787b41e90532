"""Which window `explain` is asked about: by the names of records or of the board, by its start, or the running one."""

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from stream.cli.failure import CommandError
from stream.cli.options import instant_option

if TYPE_CHECKING:
    from stream.settings import Settings

NOW, TODAY = "now", "today"


class Span(NamedTuple):
    """A window by its name in records, `[start_ms, end_ms)`."""

    window: str
    start_ms: int
    end_ms: int


def span_of(settings: "Settings", site: str, window: str, start: str, now_ms: int) -> Span:
    """`window`: a name in records (`interval_30m`), in the board's address (`last_interval_30m`), `now` (what the board
    shows first) or `today`. `start`: an instant; a date: the first window that begins on it at the site; or `now`,
    `today`: the one that holds `now_ms`, a rolling one up to its pane. CommandError says what there is instead."""
    from stream.publish.choices import choices
    from stream.windows.calendar import Calendar

    plan = settings.plan()
    offered = {each.id: each for each in choices(plan)}
    chosen = next(iter(offered.values())) if window == NOW else offered.get("day" if window == TODAY else window)
    name = window if chosen is None else chosen.window
    if name not in settings.window_names():
        there = ", ".join(
            [*settings.window_names(), *(each for each in offered if each.startswith("last_")), NOW, TODAY]
        )
        raise CommandError(f"--window: no such window: {window!r} (there are {there})", exit_code=2)
    runs = start in (NOW, TODAY)
    at_ms = now_ms if runs else _given_ms(settings, site, name, start)
    length_ms = dict(plan.rolling).get(name)
    if length_ms is not None:
        begins_ms = at_ms // plan.pane_ms * plan.pane_ms - length_ms if runs else at_ms
        return Span(name, begins_ms, begins_ms + length_ms)
    calendar = Calendar(plan).site(site)
    held = [each for each in calendar.windows(at_ms) if each[0] == name]
    if held and runs and chosen is not None and chosen.last:
        held = [each for each in calendar.windows(held[0][1] - 1) if each[0] == name]
    found = next((each for each in held if runs or each[1] == at_ms), None)
    if found is None:
        raise CommandError(_nothing(name, site, start, held[0][1] if held else None), exit_code=2)
    return Span(name, found[1], found[2])


def _given_ms(settings: "Settings", site: str, window: str, start: str) -> int:
    """The instant of `--start`: one that is written out; of a date the first beginning of such a window on that day at
    the site, of a rolling one local midnight."""
    from stream.windows.calendar import QUARTER_MS, Calendar, local_midnight_ms

    try:
        day = date.fromisoformat(start)
    except ValueError:
        at_ms = instant_option("--start", start)
        assert at_ms is not None
        return at_ms
    zone = settings.plan().clock(site).zone
    midnight_ms, end_ms = local_midnight_ms(zone, day), local_midnight_ms(zone, day, 1)
    calendar = Calendar(settings.plan()).site(site)
    held = (each for at_ms in range(midnight_ms, end_ms, QUARTER_MS) for each in calendar.windows(at_ms))
    return next((each[1] for each in held if each[0] == window and midnight_ms <= each[1] < end_ms), midnight_ms)


def _nothing(window: str, site: str, start: str, near_ms: int | None) -> str:
    from stream.facts.instant import instant_text

    near = "none holds it" if near_ms is None else f"the one that holds it starts at {instant_text(near_ms)}"
    return f"--start: no {window} of site {site} starts at {start}: {near}"
