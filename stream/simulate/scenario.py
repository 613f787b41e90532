"""The two ways to use the world: a batch of events for files and measurements, and a live floor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from stream.simulate.incident import Incident
from stream.simulate.mess import BELIEVABLE, Item, Mess, spoil
from stream.simulate.phase import Phase, live_phases
from stream.simulate.sites import SITES, SimulatedSite
from stream.simulate.stamp import MINUTE_MS
from stream.simulate.world import World

_NO_MESS = Mess()


def batch(
    seed: int,
    from_ms: int,
    *,
    rate: float,
    to_ms: int | None = None,
    events: int | None = None,
    agents: int | None = None,
    sites: tuple[SimulatedSite, ...] = SITES,
    mess: Mess = _NO_MESS,
    incidents: Sequence[Incident] = (),
) -> Iterator[Item]:
    """Events from `from_ms` on at `rate` a second (mean over a day): those before `to_ms`, or so many, or both.

    Garbage and repetitions of `mess` come on top of `events`. Raises ValueError where neither end is given, or an
    argument is out of its range.
    """
    if to_ms is None and events is None:
        raise ValueError("a batch needs an end: a number of events or an instant")
    world = World(seed, [Phase(from_ms, to_ms, rate)], sites=sites, agents=agents, incidents=incidents)
    return spoil(islice(world.events(), events), mess, seed)


def live(
    seed: int,
    now_ms: int,
    *,
    rate: float = 200.0,
    day_events: int = 100_000,
    history_days: int = 6,
    agents: int | None = None,
    sites: tuple[SimulatedSite, ...] = SITES,
    mess: Mess = BELIEVABLE,
    incident_after_ms: int | None = 5 * MINUTE_MS,
    incident_for_ms: int = 10 * MINUTE_MS,
) -> Iterator[Item]:
    """An endless stream: thin history and the day so far (about `day_events` events), then `rate` a second.

    Send what lies before `now_ms` at once and the rest when its instant comes. `incident_after_ms` after `now_ms`
    dials stop getting through for `incident_for_ms`, at the first site; None: never. Raises ValueError where an
    argument is out of its range.
    """
    incidents = []
    if incident_after_ms is not None:
        begin_ms = now_ms + incident_after_ms
        incidents.append(Incident(begin_ms, begin_ms + incident_for_ms, site_id=sites[0].site_id))
    phases = live_phases(now_ms, rate, day_events, history_days, sites)
    return spoil(World(seed, phases, sites=sites, agents=agents, incidents=incidents).events(), mess, seed)
