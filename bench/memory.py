"""Memory of stage 1 for so many debtors with ten facts each; run in a process of its own, prints bytes a debtor."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from bench.result import Row
from stream.engine.stage1 import Stage1
from stream.facts.decode import Rejection, decode
from stream.facts.instant import instant_text
from stream.ledger.definitions import Definitions, Limits
from stream.windows.plan import WindowPlan

START_MS = 1_793_577_600_000
FACTS = 10


def facts_of(debtor: int) -> Iterator[dict[str, Any]]:
    """Ten facts: a case, seven calls, a promise and the payment that keeps it."""
    at_ms = START_MS + debtor
    common = {"debtor_id": f"d-{debtor:07}", "case_id": f"c-{debtor:07}", "agent_id": f"a-{debtor % 500:03}"}

    def fact(kind: str, day: int, **fields: Any) -> dict[str, Any]:
        occurred_at = instant_text(at_ms + day * 86_400_000)
        return {
            "type": kind,
            "event_id": f"{kind[:2]}{day}-{debtor:07}",
            "occurred_at": occurred_at,
            **common,
            **fields,
        }

    yield fact("case", 0, change="placed", dpd=12, overdue_minor=100_000, currency="CNY")
    for day in range(1, 8):
        outcome = "human" if day == 3 else "no_answer"
        ended_at = instant_text(at_ms + day * 86_400_000 + 45_000)
        call_id = f"k{day}-{debtor:07}"
        yield fact(
            "call", day, call_id=call_id, direction="outbound", outcome=outcome, party="right", ended_at=ended_at
        )
    part = {"due_on": "2026-11-08", "amount_minor": 100_000}
    yield fact("promise", 3, promise_id=f"o-{debtor:07}", currency="CNY", instalments=[part])
    yield fact("payment", 5, payment_id=f"p-{debtor:07}", amount_minor=100_000, currency="CNY")


def rss_bytes() -> int:
    """Resident memory of this process."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) * 1024


def main(debtors: int) -> None:
    """Fills a ledger and prints what a debtor costs."""
    one = Stage1(Definitions(), WindowPlan(), Limits(), 0)
    before = rss_bytes()
    for debtor in range(debtors):
        for event in facts_of(debtor):
            fact = decode(orjson.dumps(event))
            assert not isinstance(fact, Rejection), fact
            one.apply(fact)
        if debtor % 1000 == 0:
            one.take()
    one.take()
    sys.stdout.write(f"{(rss_bytes() - before) / debtors:.0f}\n")


def bytes_a_debtor(debtors: int) -> float:
    """What `main` prints, from a fresh process."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.memory", str(debtors)], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def lines(debtors: int, each: float) -> Iterator[Row]:
    """The rows of the report."""
    what = f"memory of stage 1, {FACTS} facts a debtor, {debtors:,} debtors"
    yield Row("memory.debtor", what, round(each), "bytes a debtor")
    yield Row("memory.debtors", "memory of stage 1 per 100,000 such debtors", round(each * 100_000 / 2**20), "MiB")


if __name__ == "__main__":
    main(int(sys.argv[1]))
