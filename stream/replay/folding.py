"""Second task: folds the events of a group of keys into contributions, and counts what became of every event.

There are two ways to the same contributions. Step by step: events go through the debtor stage of the live path in the
order of time. Alerts need this, since they ask what was known when. At once: each key is folded from all its facts at
the end. KPIs are a function of the set of facts (definitions 1), and one fold of a case is much cheaper than one for
each of its facts. Tests hold the two together.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from zlib import crc32

from stream.conduct.breach import Breach
from stream.engine.debtors.stage import DebtorStage
from stream.engine.deltas.routing import Routing
from stream.engine.entities.publication import NO_END_MS
from stream.facts.decode import DayBeginsMs, Rejection, decode, decode_all
from stream.facts.fact import Fact, Measurement
from stream.ledger.judge import Verdict
from stream.replay.conduct import BreachFinder, write_found
from stream.replay.conduct_found import Found, found_of
from stream.replay.deadletters import Dead, write_dead
from stream.replay.fact_store import FactStore
from stream.replay.job import Job
from stream.replay.pane_sums import PaneSums
from stream.replay.parcels import Place, write_parcels
from stream.replay.reading import CUT_BYTES
from stream.replay.scoring import Measured, measured
from stream.replay.slices import slices_of
from stream.replay.spill import spilled
from stream.replay.tasks import Report, Result, later
from stream.windows.calendar import day_begins

TAKE_AT_FACTS = 50_000
"""How many facts' deltas are added up before they are handed on."""

Judge = Callable[[Fact], Verdict]


class NotRead(NamedTuple):
    """Why an event was refused that was not read: it is too long, or the decoder failed with it (`internal`)."""

    detail: str
    reason: str = "oversized"


Outcome = Fact | Rejection | NotRead


@dataclass
class _FoldCounts:
    """What became of a group's events so far. `greatest_ms`: the greatest `occurred_at` of all that could be read."""

    accepted: int = 0
    duplicates: int = 0
    superseded: int = 0
    greatest_ms: int | None = None
    dead: list[Dead] = field(default_factory=list)
    breaches: list[Breach] = field(default_factory=list)
    sites: set[str] = field(default_factory=set)
    ledger: dict[Place, list[tuple[bytes, bytes | None]]] = field(default_factory=dict)
    found: dict[Place, list[Found]] = field(default_factory=dict)
    measurements: list[Measured] = field(default_factory=list)


def fold(job: Job, group: int, report: Report) -> Result:
    """Folds a group: what it contributes goes to the file `parcels-GROUP`, its refused events to `dead-fold-GROUP`,
    breaches of conduct rules to `conduct-GROUP`. Where the ledger itself is wanted, its records go to `ledger-GROUP`,
    by debtor partition, and what the conduct rules find in it to `found-GROUP`.

    Result: counts of events `accepted`, `duplicates`, `superseded` and `dead`; `greatest_ms`; `sites` to which anything
    was contributed; `measurements` that count; `index` of the parcels; `ledger` and `found`, the indexes of the
    ledger's records and of what conduct rules find.
    """
    counts = _FoldCounts()
    parcels = (_step_by_step if job.stepwise else _at_once)(job, group, counts, report)
    index = write_parcels(job.folder / f"parcels-{group}", parcels)
    ledger = write_parcels(job.folder / f"ledger-{group}", counts.ledger.items())
    found = write_parcels(job.folder / f"found-{group}", counts.found.items())
    write_dead(job.folder / f"dead-fold-{group}", counts.dead)
    write_found(job.folder / f"conduct-{group}", counts.breaches, job.run)
    return {
        "accepted": counts.accepted,
        "duplicates": counts.duplicates,
        "superseded": counts.superseded,
        "greatest_ms": counts.greatest_ms,
        "sites": sorted(counts.sites),
        "dead": len(counts.dead),
        "index": index,
        "ledger": ledger,
        "found": found,
        "measurements": counts.measurements,
    }


def _at_once(job: Job, group: int, counts: _FoldCounts, report: Report) -> Iterator[tuple[Place, Any]]:
    store = FactStore(job.settings.limits())
    for part, lines, values in _blocks(job, group):
        _add(store, part, lines, values, _decoded(values, job), counts)
        report(len(values), 0)
    cut_ms = job.end_ms_of(counts.greatest_ms)
    sums = PaneSums(job.settings.definitions(), job.plan, NO_END_MS if cut_ms is None else cut_ms)
    rulebook = job.settings.conduct()
    findings = None if rulebook is None else BreachFinder(rulebook, job.settings.definitions(), job.plan)
    for facts_of_key in store.groups():
        sums.fold(facts_of_key)
        if findings is not None:
            found = findings.of(facts_of_key)
            counts.breaches += found
            for breach in found:
                sums(breach.credit, "conduct_breaches", breach.at_ms, 1)
        counts.measurements += measured(facts_of_key)
    parcels: dict[Place, tuple[list[Any], list[Any], list[Any]]] = {}

    def parcel(text: str) -> tuple[list[Any], list[Any], list[Any]]:
        """The parcel of the bucket that an entity belongs to: panes of agents, panes of queues and segments, and what
        counts at the cut or after it."""
        return parcels.setdefault((0, crc32(text.encode()) % job.buckets), ([], [], []))

    for credit, panes in sums.take().items():
        counts.sites.add(credit[0])
        parcel(f"{credit[0]}|{credit[2]}")[0].append((credit, panes))
    for owner, panes in sums.take_others().items():
        parcel("|".join(owner))[1].append((owner, panes))
    if job.end_ms is None:  # a later event of another group may make it count
        for addend in sums.take_later():
            of_person, (site, team, name) = addend[:2]
            parcel(f"{site}|{name}" if of_person else f"{site}|{team}|{name}")[2].append(addend)
    yield from parcels.items()


def _add(
    store: FactStore, part: int, lines: list[int], values: list[bytes], outcomes: list[Outcome], counts: _FoldCounts
) -> None:
    facts = [None if isinstance(outcome, Rejection | NotRead) else outcome for outcome in outcomes]
    others = store.add_all(facts)
    accepted = len(facts) - len(others)
    for place, outcome in enumerate(outcomes):
        if isinstance(outcome, Rejection | NotRead):
            accepted -= 1
            _refuse(counts, part, lines[place], values[place], outcome.reason, outcome.detail)
    for place, (kind, detail) in others:
        _judged(counts, part, lines[place], values[place], kind, detail)
    counts.accepted += accepted
    greatest_ms = max((fact.occurred_at for fact in facts if fact is not None), default=None)
    counts.greatest_ms = later(counts.greatest_ms, greatest_ms)


def _step_by_step(job: Job, group: int, counts: _FoldCounts, report: Report) -> Iterator[tuple[Place, Any]]:
    settings = job.settings
    stage = DebtorStage(
        settings.definitions(), job.plan, settings.limits(), 0, settings.watched(), settings.conduct(),
        teams=settings.asks_teams(),
    )  # fmt: skip
    routing = Routing(settings.rules(), job.buckets)
    events = [
        # Equal instants are ordered by bytes, so that the order is one of the set of lines and not of the files.
        (0 if isinstance(fact, Rejection | NotRead) else fact.occurred_at, value, part, line, fact)
        for part, lines, values in _blocks(job, group)
        for line, value, fact in zip(lines, values, _decoded(values, job), strict=True)
    ]
    events.sort(key=lambda event: event[:4])
    alone = FactStore(settings.limits())
    alone.add_all([event[4] for event in events if isinstance(event[4], Measurement)])
    for facts_of_key in alone.groups():
        counts.measurements += measured(facts_of_key)

    for first in range(0, len(events), TAKE_AT_FACTS):
        some = events[first : first + TAKE_AT_FACTS]
        for _, value, part, line, fact in some:
            _count(stage.apply, part, line, value, fact, counts)
        report(len(some), 0)
        yield from _taken(job, routing, stage, counts)
    for name, through_ms in job.erased.items():
        stage.erase(name, through_ms)
    if job.erased:
        yield from _taken(job, routing, stage, counts)
    for debtor, found in stage.findings():
        counts.breaches += found.breaches.values()
        if job.ledger_home is not None:
            counts.found.setdefault((0, job.ledger_home(debtor)), []).extend(found_of(found, job.run))


def _taken(job: Job, routing: Routing, stage: DebtorStage, counts: _FoldCounts) -> Iterator[tuple[Place, Any]]:
    """Takes what has changed: the slices of its deltas. The ledger's records are kept where they are wanted, but for
    debtors who were erased."""
    deltas, ledger, *_ = stage.take()
    counts.sites.update({key.decode().partition("|")[0] for key, _ in deltas})
    yield from _sliced(job, routing, deltas)
    if job.ledger_home is not None:
        for key, kept in ledger:
            owner = key.decode().partition("|")[0]
            if owner not in job.erased:
                counts.ledger.setdefault((0, job.ledger_home(owner)), []).append((key, kept))


def _sliced(job: Job, routing: Routing, deltas: Sequence[tuple[bytes, bytes]]) -> Iterator[tuple[Place, Any]]:
    """Deltas by bucket, cut into slices of time (slices.py)."""
    found: dict[Place, list[tuple[bytes, bytes]]] = {}
    for key, value in deltas:
        parts = list(slices_of(value, job.plan.grain_ms))
        for bucket, name in routing.places(key):
            for slice_, part in parts:
                found.setdefault((slice_, bucket), []).append((name, part))
    yield from found.items()


def _blocks(job: Job, group: int) -> Iterator[tuple[int, list[int], list[bytes]]]:
    for part in range(len(job.parts)):
        for lines, values in spilled(job.folder / f"split-{part}" / str(group)):
            yield part, lines, values


def forget_group(job: Job, group: int) -> None:
    """Deletes the files that a group was read from, once it is folded."""
    for part in range(len(job.parts)):
        (job.folder / f"split-{part}" / str(group)).unlink(missing_ok=True)


def _decoded(values: Sequence[bytes], job: Job) -> list[Outcome]:
    record_bytes, midnight_ms = job.settings.record_bytes, day_begins(job.plan)
    if max(map(len, values)) <= record_bytes:
        try:
            return [*decode_all(values, midnight_ms)]
        except Exception:  # noqa: BLE001  one of them: it is found below, as a partition of the live path finds it
            pass
    return [
        _decoded_alone(value, midnight_ms)
        if len(value) <= record_bytes
        else NotRead(_oversized(len(value), record_bytes))
        for value in values
    ]


def _decoded_alone(value: bytes, midnight_ms: DayBeginsMs) -> Outcome:
    try:
        return decode(value, midnight_ms)
    except Exception as error:  # noqa: BLE001  one bad event must not end the run
        return NotRead(f"decode: {error!r}", "internal")


def _count(judge: Judge, part: int, line: int, value: bytes, fact: Outcome, counts: _FoldCounts) -> None:
    if isinstance(fact, Rejection | NotRead):
        _refuse(counts, part, line, value, fact.reason, fact.detail)
        return
    counts.greatest_ms = max(fact.occurred_at, counts.greatest_ms or 0)
    try:
        kind, detail = judge(fact)
    except Exception as error:  # noqa: BLE001  one bad event must not end the run; the ledger is as it was before
        _refuse(counts, part, line, value, "internal", f"{type(error).__name__}: {error}")
        return
    _judged(counts, part, line, value, kind, detail)


def _judged(counts: _FoldCounts, part: int, line: int, value: bytes, kind: str, detail: str) -> None:
    if kind == "accepted":
        counts.accepted += 1
    elif kind == "duplicate":
        counts.duplicates += 1
    elif kind == "superseded":
        counts.superseded += 1
    else:
        _refuse(counts, part, line, value, kind, detail)


def _refuse(counts: _FoldCounts, part: int, line: int, value: bytes, reason: str, detail: str) -> None:
    counts.dead.append((part, line, value, reason, detail))


def _oversized(length: int, record_bytes: int) -> str:
    if length > CUT_BYTES:
        return f"longer than {CUT_BYTES} bytes, and cut there; limits.record_bytes is {record_bytes}"
    return f"{length} bytes, more than limits.record_bytes: {record_bytes}"
