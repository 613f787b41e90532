"""Third task where no alert rule is configured: adds what the groups contributed to windows, and writes their records.

A team is the sum of its agents and a site the sum of its teams (definitions 1), window by window: a bucket makes the
records of its agents, and hands its part of the teams' and sites' windows on to the last task.
"""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from stream.engine.deltas.delta import entity_text
from stream.engine.entities.publication import published_plan
from stream.engine.entities.publisher import Publisher
from stream.ledger.states import pieces
from stream.replay.job import Job
from stream.replay.pane_sums import Later, Owner, Panes
from stream.replay.parcels import Index, read_parcels, write_parcels
from stream.replay.scoring import ScoredRecords
from stream.replay.segments import Segment, Segments
from stream.replay.tasks import Result
from stream.windows.calendar import Calendar, Window
from stream.windows.packed import pack
from stream.windows.sums import Sums, add
from stream.windows.totals import Total

_K = TypeVar("_K")

Windows = dict[Window, Sums]
"""The windows of one entity."""

Credits = dict[tuple[str, str], Windows]
"""(site, team) or (site, agent) -> windows."""


def add_up(job: Job, bucket: int, indexes: list[Index], end_ms: int | None) -> Result:
    """Writes the KPI records of a bucket's agents, queues and segments to the file `records-BUCKET`, and what its
    agents contribute to teams to `teams-BUCKET`.

    `indexes` are those of the groups' parcels; `end_ms` is where the replay ends, None if the input has no facts.
    Result: `segments` of the records, and `index` of the teams' parcels.
    """
    window_sums = _WindowSums(job)
    teams: Credits = {}
    writer = _RecordWriter(job, f"records-{bucket}", end_ms)
    agents, others = _panes(job, bucket, indexes, end_ms)
    for site, agent in sorted(agents):
        whole: Windows = {}
        for team, panes in agents.pop((site, agent)).items():
            windows = window_sums(site, panes)
            _merge(teams.setdefault((site, team), {}), windows)
            _merge(whole, windows)
        writer.write(site, "agent", agent, whole)
    for site, level, entity in sorted(others):
        writer.write(site, level, entity, window_sums(site, others.pop((site, level, entity))))
    parts = [((0, 0), [(site, team, list(windows.items())) for (site, team), windows in teams.items()])]
    return {"segments": writer.close(), "index": write_parcels(job.folder / f"teams-{bucket}", parts)}


def add_up_teams(job: Job, indexes: list[Index], end_ms: int | None) -> Result:
    """Writes the KPI records of teams and sites, from what the buckets left, to the file `records-teams`.

    `indexes` are those of the buckets' `teams-BUCKET` files. Result: `segments` of the records.
    """
    teams: Credits = {}
    files = [(job.folder / f"teams-{bucket}", index) for bucket, index in enumerate(indexes)]
    for _, parts in read_parcels(files, 0):
        for site, team, windows in parts:
            _merge(teams.setdefault((site, team), {}), dict(windows))
    sites: dict[str, Windows] = {}
    writer = _RecordWriter(job, "records-teams", end_ms)
    for (site, team), windows in teams.items():
        writer.write(site, "team", team, windows)
        _merge(sites.setdefault(site, {}), windows)
    for site, windows in sites.items():
        writer.write(site, "site", site, windows)
    return {"segments": writer.close()}


def _panes(
    job: Job, bucket: int, indexes: list[Index], end_ms: int | None
) -> tuple[dict[tuple[str, str], dict[str, Panes]], dict[Owner, Panes]]:
    """What all groups contributed to a bucket: (site, agent) -> team -> panes, and the panes of queues and segments."""
    found: dict[tuple[str, str], dict[str, Panes]] = {}
    others: dict[Owner, Panes] = {}
    later: list[Later] = []
    pane_ms = job.plan.grain_ms
    files = [(job.folder / f"parcels-{group}", index) for group, index in enumerate(indexes)]
    for _, (people, queues_and_segments, after_cut) in read_parcels(files, bucket):
        for (site, team, agent), panes in people:
            by_team = found.setdefault((site, agent), {})
            held = by_team.get(team)
            if held is None:
                by_team[team] = panes
            else:
                _merge(held, panes)
        for owner, panes in queues_and_segments:
            _merge(others.setdefault(owner, {}), panes)
        later += [each for each in after_cut if end_ms is not None and each[2] < end_ms]
    for of_person, whose, at_ms, columns, amount, length_ms in later:
        if of_person:
            site, team, agent = whose
            held = found.setdefault((site, agent), {}).setdefault(team, {})
        else:
            held = others.setdefault(whose, {})
        until_ms = min(at_ms + length_ms, end_ms or 0)
        for piece_ms, part in pieces(at_ms, until_ms, pane_ms) if length_ms else ((at_ms, amount),):
            sums = held.setdefault(piece_ms // pane_ms, {})
            for column in columns:
                sums[column] = sums.get(column, 0) + part
    return found, others


class _WindowSums:
    """Adds up panes to windows, by the calendars of the sites."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._calendar = Calendar(published_plan(job.plan, job.publication))
        self._pane_ms = job.plan.grain_ms

    def __call__(self, site: str, panes: Panes) -> Windows:
        calendar = self._calendar.site(site)
        slot, panes_of_slot = calendar.slot, calendar.slot_ms // self._pane_ms
        found: Windows = {}
        for pane, sums in panes.items():
            for window in slot(pane // panes_of_slot):
                held = found.get(window)
                if held is None:
                    found[window] = sums.copy()
                else:
                    for name, amount in sums.items():
                        held[name] = held.get(name, 0) + amount
        job = self._job
        if (job.from_ms is None and job.to_ms is None) or job.scored:
            return found
        return {window: sums for window, sums in found.items() if job.wants(window[1], window[2])}


def _merge(into: dict[_K, Sums], other: Mapping[_K, Sums]) -> None:
    """Adds the sums of `other` to `into`, key by key."""
    for key, sums in other.items():
        held = into.get(key)
        if held is None:
            into[key] = sums.copy()
        else:
            add(held, sums)


class _RecordWriter:
    """Writes the KPI records of whole entities to one file."""

    def __init__(self, job: Job, name: str, end_ms: int | None) -> None:
        self._job = job
        self._end_ms = end_ms or 0
        self._scored = ScoredRecords(job, name)
        self._publisher = Publisher(job.publication, ())
        self._segments = Segments(job.folder / name)

    def write(self, site: str, level: str, entity: str, windows: Windows) -> None:
        """Writes the records of one entity."""
        text = entity_text(site, level, entity)
        self._segments.add(text, self._records(text, windows))

    def close(self) -> list[Segment]:
        """Closes the files; gives where in that of the records each entity's lie."""
        self._scored.close()
        return self._segments.close()

    def _records(self, text: str, windows: Windows) -> Iterator[tuple[bytes, bytes]]:
        for (name, start_ms, end_ms), sums in windows.items():
            total = Total(text, name, start_ms, end_ms)
            total.sums = pack(sums)
            record = self._publisher.last_word(total, self._end_ms)
            if record is None:
                continue
            self._scored.add(record)
            if name in self._job.windows and self._job.wants(start_ms, end_ms):
                yield record
