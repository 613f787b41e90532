"""Memory of stage 1 for so many debtors with ten facts each.

    .venv/bin/python -m bench.memory 1000000      prints bytes a debtor

What it takes after a restore is in `bench.restore`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from bench.result import Row
from stream.engine.debtors.stage import DebtorStage
from stream.facts.decode import Rejection, decode
from stream.facts.fact import Fact
from stream.facts.instant import instant_text
from stream.ledger.definitions import Definitions, FactLimits
from stream.windows.plan import WindowPlan

START_MS = 1_793_577_600_000
FACTS = 10
TAKE_EVERY = 10_000
DAY_MS = 86_400_000

_OUTBOUND = {"channel": "sms", "direction": "outbound", "delivered": True}
_UNANSWERED = {"direction": "outbound", "outcome": "no_answer"}
_SPOKEN = {"direction": "outbound", "outcome": "human", "party": "right", "talk_ms": 212_000, "wrap_ms": 31_000}
_PART = {"due_on": "2026-11-08", "amount_minor": 100_000}

MIX: tuple[tuple[str, int, str, dict[str, Any]], ...] = (
    ("case", 0, "", {"change": "placed", "dpd": 12, "overdue_minor": 100_000, "currency": "CNY"}),
    ("message", 1, "message_id", _OUTBOUND),
    ("call", 1, "call_id", _UNANSWERED),
    ("bot_session", 2, "session_id", {"handed_over": False, "mandate_signed": False}),
    ("message", 2, "message_id", _OUTBOUND),
    ("call", 3, "call_id", _SPOKEN),
    ("promise", 3, "promise_id", {"currency": "CNY", "instalments": [_PART]}),
    ("message", 4, "message_id", _OUTBOUND),
    ("call", 4, "call_id", _UNANSWERED),
    ("payment", 5, "payment_id", {"amount_minor": 100_000, "currency": "CNY", "channel": "debtor"}),
)
"""(type, day, own id, fields) of a debtor's ten facts: what a floor does with a case that is promised and paid."""


def event_of(debtor: int, place: int) -> dict[str, Any]:
    """A debtor's fact at this place of the mix, with the identifiers of the simulated world."""
    kind, day, own_id, fields = MIX[place]
    at_ms = START_MS + day * DAY_MS + debtor * 83
    number = f"7c3c7-{debtor * FACTS + place:08}"
    event = {
        "type": kind, "event_id": f"e{number}", "occurred_at": instant_text(at_ms), "site_id": "main",
        "team_id": f"t-{debtor % 20}", "debtor_id": f"d-{debtor:07}", "case_id": f"c-{debtor:07}",
        "agent_id": f"a-{debtor % 500:04}", **fields,
    }  # fmt: skip
    if own_id:
        event[own_id] = f"{kind[0]}{number}"
    if kind == "call":
        event |= {"ended_at": instant_text(at_ms + 45_678), "number_id": f"n-{debtor:07}-1"}
    return event


def facts_in_order(debtors: int) -> Iterator[Fact]:
    """All facts in the order in which they happen: a debtor's are far apart."""
    for place in range(FACTS):
        for debtor in range(debtors):
            fact = decode(orjson.dumps(event_of(debtor, place)))
            assert not isinstance(fact, Rejection), fact
            yield fact


def rss_bytes() -> int:
    """Resident memory of this process."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) * 1024


def main(debtors: int) -> None:
    """Fills a ledger and prints what a debtor costs."""
    one = DebtorStage(Definitions(), WindowPlan(), FactLimits(), 0)
    before = rss_bytes()
    for number, fact in enumerate(facts_in_order(debtors)):
        one.apply(fact)
        if number % TAKE_EVERY == 0:
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
    yield Row("memory.debtors", "memory of stage 1 per 1,000,000 such debtors", round(each * 1e6 / 2**20), "MiB")


if __name__ == "__main__":
    main(int(sys.argv[1]))
