"""Stage 1 of a number without a broker: records in, commits out, time by hand."""

from typing import Any, cast

from stream.engine.debtors.stage import DebtorStage
from stream.facts.fact import Fact
from stream.kafka.exits import Exit
from stream.kafka.writer import Written
from stream.partition.context import DEADLETTER_BYTES, LiveState, WorkerSetup
from stream.partition.debtors import DebtorPartition
from stream.partition.work import Commit
from stream.publish.meters import Meters
from stream.settings import load
from tests.kafka.records import FakeRecord, batch, debtor_of

PREFIX = "collections"
CALLS, PAYMENTS = f"{PREFIX}.calls.v1", f"{PREFIX}.payments.v1"
LEDGER, DELTAS, DEAD = f"{PREFIX}.kpi-stream.ledger", f"{PREFIX}.kpi-stream.deltas", f"{PREFIX}.deadletter.v1"
DEBTOR = debtor_of(1, 4)


class Clockwork:
    """Both clocks of a setup, moved by hand. `step_ms`: how far the wall clock has stepped."""

    def __init__(self) -> None:
        self.ms = 1_000_000
        self.step_ms = 0

    def monotonic_ms(self) -> int:
        return self.ms

    def wall_ms(self) -> int:
        return self.ms + self.step_ms


class Failing:
    """A ledger whose next calls fail. No subclass: a compiled class has none."""

    failures = 0

    def __init__(self, ledger: DebtorStage) -> None:
        self._ledger = ledger

    def apply(self, fact: Fact, frontier_ms: int | None = None) -> Any:
        if self.failures:
            self.failures -= 1
            raise ZeroDivisionError("deliberately")
        return self._ledger.apply(fact, frontier_ms)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)


class Bench:
    """Stage 1 of number 1 of 4, with what it needs, and its ends recorded."""

    def __init__(
        self,
        offsets: dict[str, int] | None = None,
        deadletter_bytes: int = DEADLETTER_BYTES,
        **environment: str,
    ) -> None:
        settings = load(None, {f"KPI_STREAM_{key}": value for key, value in environment.items()})
        self.clock = Clockwork()
        self.meters = Meters()
        self.ends: list[tuple[Exit, str]] = []
        names = [
            f"{PREFIX}.{name}.v1"
            for name in ("calls", "payments", "complaints", "cases", "activity", "agents", "conduct", "deadletter")
        ]
        self.setup = WorkerSetup(
            settings, dict.fromkeys(names, 4) | {DELTAS: 2}, {"fold": 1}, {},
            end=lambda code, reason: self.ends.append((code, reason)),
            monotonic_ms=self.clock.monotonic_ms, wall_ms=self.clock.wall_ms, meters=self.meters,
            deadletter_bytes=deadletter_bytes,
        )  # fmt: skip
        plan, definitions = settings.plan(), settings.definitions()
        # Who is new is written with the first event of a day: only where a test is about it.
        limits = settings.live_limits() if "LIMITS__ENTITIES_PER_SITE" in environment else settings.limits()
        self.engine = Failing(DebtorStage(definitions, plan, limits, 1, frozenset(), settings.conduct()))
        self.live = LiveState(self.setup)
        self.work = DebtorPartition(self.setup, self.live, 1, cast("DebtorStage", self.engine))
        self.fed = (offsets or {}).get(CALLS, 0)
        self.work.resume({topic: ((offsets or {}).get(topic, 0), 1) for topic in self.work.topics})
        self.work.look(lambda _: (0, self.clock.ms), lambda _: False)

    def look(self, at_ms: int = 0, *, held: bool = False, log_end: int = 0) -> None:
        """A second passes; the last fetch was answered `at_ms` ago."""
        self.clock.ms += 1_000
        self.work.look(lambda _: (log_end, self.clock.ms - at_ms), lambda _: held)

    def feed(self, *records: FakeRecord) -> None:
        first, self.fed = self.fed, records[-1].offset + 1
        self.work.feed(batch(CALLS, records, start=first, partition=1))
        while self.work.step():
            pass

    def commit(self, *, later_ms: int = 1_000) -> Commit:
        self.clock.ms += later_ms
        commit = self.work.commit()
        commit.then(Written({}, None))
        return commit


def sent(commit: Commit, topic: str, partition: int) -> list[tuple[bytes | None, bytes | None]]:
    return [(line.key, line.value) for line in commit.outgoing.get((topic, partition), [])]
