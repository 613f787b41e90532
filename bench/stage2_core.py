"""Everything from `DeltaBuffer` on, without Kafka: CPU an event on a backlog, and whether it is flat.

    python -m bench.stage2_core [EVENTS] [--repeat N] [--only CASE] [--profile CASE]

is part `stage2` of `make bench` with more detail. Stage 1 runs once, untimed, to learn what each event contributes.
Then four numbers add those contributions up, four numbers of stage 2 take the deltas in, and every second of work on
the backlog they tick, all with CPU time.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import multiprocessing
import os
import pstats
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from random import Random
from typing import Any
from unittest.mock import patch
from zlib import crc32

import orjson

from bench.result import Row
from bench.setting import Setting
from bench.throughput import RATE, START_MS
from stream.alerts.rules import Rule, exact
from stream.alerts.watch import watched_columns
from stream.engine.debtors.stage import DebtorStage
from stream.engine.deltas.buffer import DeltaBuffer
from stream.engine.deltas.delta import STATEMENT_KEY, encode_statement, entity_partition
from stream.engine.entities.stage import EntityStage, Publication
from stream.facts.decode import Rejection, decode
from stream.facts.fact import Call, Fact
from stream.facts.identity import expected_key
from stream.ledger.definitions import Definitions, FactLimits
from stream.simulate.scenario import batch
from stream.windows.plan import WindowPlan

EVENTS = 240_000
NUMBERS = 4
COMMIT_EVENTS = 4_000
"""Events of one number in a transaction: 200 ms at 80,000 events/s."""
COMMITS_PER_TICK = 5
ROLLING = (("rolling_5m", 300_000), ("rolling_15m", 900_000), ("rolling_1h", 3_600_000))
TWELVE = tuple((f"rolling_{minutes}m", minutes * 60_000) for minutes in range(5, 65, 5))
PLAN = WindowPlan(rolling=ROLLING, intervals=(("interval_30m", 1_800_000),))
RULES = (Rule("low", "connect_rate", "team", "rolling_15m", exact("0.1"), exact("0.12"), min_denominator=50),)
DAY_MS = 86_400_000
AGENTS, TEAMS, SITES = 512, 12, 2

Step = tuple[str, tuple[Any, ...]]
"""A method of `DeltaBuffer` and its arguments."""


@dataclass(frozen=True)
class Commit:
    """What the events of one transaction of a number contribute."""

    number: int
    greatest_ms: int
    steps: list[Step]


class Recorder:
    """Stands in for `DeltaBuffer`: notes what is added instead of adding it."""

    def __init__(self, *_: object) -> None:
        self.steps: list[Step] = []

    def add_own(self, *given: Any) -> None:
        """Noted."""
        self.steps.append(("add_own", given))

    def add_beside(self, *given: Any) -> None:
        """Noted."""
        self.steps.append(("add_beside", given))

    def add_span(self, *given: Any) -> None:
        """Noted."""
        self.steps.append(("add_span", given))

    def add_difference(self, *given: Any) -> None:
        """Noted."""
        self.steps.append(("add_difference", given))


def floor(events: int) -> list[Fact]:
    """The believable mix of the simulated day of `bench.throughput`."""
    made = (item for _, item in batch(7, START_MS, rate=RATE, events=events))
    read = (decode(item if isinstance(item, bytes) else orjson.dumps(item)) for item in made)
    return [fact for fact in read if not isinstance(fact, Rejection)]


def calls(events: int) -> list[Fact]:
    """Outbound calls alone at the same rate; three in ten are answered."""
    chance = Random(7)
    common = {"direction": "outbound", "number_id": None, "recorded": None, "queue_ms": None, "effective_ms": None}
    found: list[Fact] = []
    for number in range(events):
        agent = chance.randrange(AGENTS)
        team = agent % TEAMS
        human = chance.random() < 0.3
        raw = {
            **common, "type": "call", "event_id": f"e{number}", "call_id": f"c{number}", "debtor_id": f"d{number}",
            "occurred_at": _text(START_MS + int(number / RATE * 1_000)), "site_id": f"s{team % SITES}",
            "agent_id": f"a{agent}", "team_id": f"t{team}", "outcome": "human" if human else "no_answer",
            "ended_at": _text(START_MS + int(number / RATE * 1_000) + 60_000), "party": "right" if human else None,
            "talk_ms": chance.randrange(300_000) if human else 0, "wrap_ms": 30_000 if human else 0,
        }  # fmt: skip
        fact = decode(orjson.dumps(raw))
        assert isinstance(fact, Call), fact
        found.append(fact)
    return found


def _text(at_ms: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at_ms // 1000)) + f".{at_ms % 1000:03}Z"


def commits(facts: list[Fact]) -> list[Commit]:
    """What the facts contribute, by number and transaction, as if every number went as fast as the others.

    Found in a process that runs the sources: what is compiled lets nothing stand in.
    """
    with (
        patch.dict(os.environ, KPI_STREAM_PURE="1"),
        ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process,
    ):
        return process.submit(_commits, facts).result()


def _commits(facts: list[Fact]) -> list[Commit]:
    with patch("stream.engine.debtors.stage.DeltaBuffer", Recorder):
        stages = [
            DebtorStage(Definitions(), PLAN, FactLimits(), number, watched_columns(RULES, PLAN)) for number in range(4)
        ]
    found: list[Commit] = []
    waiting: list[list[Fact]] = [[] for _ in stages]

    def work_off(number: int) -> None:
        mine, waiting[number] = waiting[number], []
        for fact in mine:
            stages[number].apply(fact)
        recorder = next(each for each in vars(stages[number]).values() if isinstance(each, Recorder))
        found.append(Commit(number, max(fact.occurred_at for fact in mine), recorder.steps))
        recorder.steps = []

    for fact in facts:
        number = crc32(expected_key(fact).encode()) % NUMBERS
        waiting[number].append(fact)
        if len(waiting[number]) == COMMIT_EVENTS:
            work_off(number)
    for number in range(NUMBERS):
        if waiting[number]:
            work_off(number)
    return found


def made_late(found: list[Commit], share: float) -> list[Commit]:
    """The same, but that share of the contributions of facts on their own lies up to 30 days back."""
    chance = Random(7)

    def late(step: Step) -> Step:
        name, given = step
        if name != "add_own" or chance.random() >= share:
            return step
        site, team, agent, at_ms, *rest = given
        return name, (site, team, agent, at_ms - chance.randrange(30 * DAY_MS), *rest)

    return [replace(commit, steps=[late(step) for step in commit.steps]) for commit in found]


@dataclass
class Spent:
    """CPU seconds by part, and how much came out."""

    adding: float = 0.0
    taking: float = 0.0
    applying: float = 0.0
    ticking: float = 0.0
    rows: int = 0
    deltas: int = 0
    kpis: int = 0
    state: int = 0
    sizes: tuple[int, int, int] = (0, 0, 0)

    @property
    def total(self) -> float:
        """All parts."""
        return self.adding + self.taking + self.applying + self.ticking


def run(found: list[Commit], plan: WindowPlan, per_tick: int = COMMITS_PER_TICK) -> Spent:
    """Works the backlog off once."""
    watched = watched_columns(RULES, plan)
    cells = [DeltaBuffer(number, plan.grain_ms, watched) for number in range(NUMBERS)]
    stages = [EntityStage(plan, RULES, Publication(), number, NUMBERS) for number in range(NUMBERS)]
    spent = Spent()
    gc.collect()
    gc.freeze()  # what is measured does not own the recorded events
    clock = time.process_time
    delta_bytes = kpi_bytes = state_bytes = 0
    for count, commit in enumerate(found, 1):
        one = cells[commit.number]
        methods: dict[str, Callable[..., None]] = {
            "add_own": one.add_own, "add_beside": one.add_beside, "add_span": one.add_span,
            "add_difference": one.add_difference,
        }  # fmt: skip
        began = clock()
        for name, given in commit.steps:
            methods[name](*given)
        added = clock()
        deltas = one.take(commit.greatest_ms)
        taken = clock()
        said = encode_statement(commit.number, commit.greatest_ms, commit.greatest_ms)
        for key, value in deltas:
            stages[entity_partition(key.decode(), NUMBERS)].apply(key, value)
        for stage in stages:
            stage.apply(STATEMENT_KEY, said)
        applied = clock()
        if count % (per_tick * NUMBERS) == 0 or count == len(found):
            for stage in stages:
                output = stage.tick(count * 1_000)
                spent.kpis += len(output.kpis)
                spent.state += len(output.state)
                kpi_bytes += sum(len(value) for _, value in output.kpis)
                state_bytes += sum(len(value or b"") for _, value in output.state)
        ticked = clock()
        spent.adding += added - began
        spent.taking += taken - added
        spent.applying += applied - taken
        spent.ticking += ticked - applied
        spent.deltas += len(deltas)
        delta_bytes += sum(len(value) for _, value in deltas)
    spent.sizes = delta_bytes, kpi_bytes, state_bytes
    return spent


def cases(events: int) -> Iterator[tuple[str, str, list[Commit], WindowPlan]]:
    """Stream, what is special, contributions and plan; the first of a stream is what its others are compared to."""
    for stream, facts in (("floor", floor(events)), ("calls", calls(events))):
        found = commits(facts)
        yield stream, "3 rolling windows, pane 10 s", found, PLAN
        yield stream, "1 rolling window", found, replace(PLAN, rolling=ROLLING[-1:])
        yield stream, "12 rolling windows", found, replace(PLAN, rolling=TWELVE)
        yield stream, "pane 1 s", found, replace(PLAN, pane_ms=1_000)
        for share in (0.01, 0.1):
            yield stream, f"{share:.0%} up to 30 days late", made_late(found, share), PLAN


def rows(setting: Setting) -> Iterator[Row]:
    """The part `stage2`."""
    events = setting.events(EVENTS)
    first: dict[str, float] = {}
    for stream, what, found, plan in cases(events):
        each_us = min(run(found, plan).total for _ in range(1 if setting.smoke else 3)) / events * 1e6
        key = f"stage2.{stream}.{what.replace(' ', '_').replace(',', '').replace('%', 'pct')}"
        yield Row(f"{key}.cpu_us", f"from Cells on, {stream}, {what}", round(each_us, 2), "us an event")
        if stream in first:
            more = round(100 * (each_us / first[stream] - 1))
            yield Row(f"{key}.more", "more than with 3 rolling windows and a pane of 10 s", more, "%")
        else:
            first[stream] = each_us


def lines(events: int, repeat: int = 3, only: str = "") -> Iterator[str]:
    """The report, of the cases whose names begin so: the best of so many runs, by part, and what came out."""
    first: dict[str, float] = {}
    for stream, what, found, plan in cases(events):
        name = f"{stream}: {what}"
        if not name.startswith(only):
            continue
        spent = min((run(found, plan) for _ in range(repeat)), key=lambda each: each.total)
        each_us = spent.total / events * 1e6
        base = first.setdefault(stream, each_us)
        parts = " + ".join(
            f"{part / events * 1e6:.1f}" for part in (spent.adding, spent.taking, spent.applying, spent.ticking)
        )
        sizes = ", ".join(
            f"{count / events:.2f} {made} of {size / max(count, 1):,.0f} B"
            for made, count, size in zip(
                ("deltas", "KPI records", "state records"), (spent.deltas, spent.kpis, spent.state), spent.sizes,
                strict=True,
            )
        )  # fmt: skip
        yield (
            f"{name}: {each_us:.2f} us an event ({each_us / base - 1:+.0%}): add, take, apply, tick {parts}; "
            f"an event makes {sizes}"
        )


def main() -> None:
    """Prints the report, or the profile of one case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("events", type=int, nargs="?", default=EVENTS)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", metavar="CASE", default="", help="the cases whose names begin so")
    parser.add_argument("--profile", metavar="CASE", help="profile the first case whose name begins so")
    asked = parser.parse_args()
    if asked.profile is None:
        for line in lines(asked.events, asked.repeat, asked.only):
            print(line, flush=True)
        return
    found, plan = next(
        (found, plan)
        for stream, what, found, plan in cases(asked.events)
        if f"{stream}: {what}".startswith(asked.profile)
    )
    profile = cProfile.Profile(time.process_time)
    profile.enable()
    run(found, plan)
    profile.disable()
    pstats.Stats(profile, stream=sys.stdout).sort_stats("tottime").print_stats(40)


if __name__ == "__main__":
    main()
