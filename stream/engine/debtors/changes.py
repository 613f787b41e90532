"""What a debtor partition hands out to be written in one transaction."""

from __future__ import annotations

from typing import NamedTuple

from stream.engine.debtors.agents import AgentNow
from stream.engine.debtors.findings import ConductFinding
from stream.engine.debtors.late import Named
from stream.facts.fact import Measurement


class Changes(NamedTuple):
    """What a partition changed since the last `take`: records for the deltas topic and for the ledger topic, the agents
    of whom something else is to be said now, what the conduct rules have found, measurements as they count now, and the
    facts that changed numbers of windows which had ended."""

    deltas: list[tuple[bytes, bytes]]
    state: list[tuple[bytes, bytes | None]]
    agents: list[AgentNow]
    conduct: list[ConductFinding]
    measured: list[Measurement]
    late: list[Named]
