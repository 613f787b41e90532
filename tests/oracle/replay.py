"""What `kpi-stream replay` must write for a list of lines (contract 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.oracle.alerts import alert_records
from tests.oracle.conduct import conduct_records
from tests.oracle.config import Config
from tests.oracle.fold import contributions_of
from tests.oracle.identity import facts_of
from tests.oracle.reading import Event, Rejected, instant, read_event
from tests.oracle.records import kpi_records
from tests.oracle.timing import timed


@dataclass(frozen=True)
class Expected:
    """The outcome of a replay.

    `rejected`: (line, reason), line numbers from 0. `repeated`: how many valid events lose against another of the same
    identity; duplicates, superseded and conflicts together.
    """

    kpis: dict[str, dict[str, Any]]
    alerts: list[dict[str, Any]]
    conduct: list[dict[str, Any]]
    rejected: list[tuple[int, str]]
    events_read: int
    accepted: int
    repeated: int


def sort_lines(lines: Sequence[bytes]) -> tuple[list[Event], list[tuple[int, str]], int]:
    """The valid events, the rejected lines, and how many lines are not blank."""
    events, rejected, read = [], [], 0
    for number, line in enumerate(lines):
        if not line.strip(b" \t\r\n"):
            continue
        read += 1
        outcome = read_event(line)
        if isinstance(outcome, Rejected):
            rejected.append((number, outcome.reason))
        else:
            events.append(outcome)
    return events, rejected, read


def pane_end(at_ms: int, config: Config) -> int:
    """The end of the pane that holds an instant."""
    return (at_ms // config.pane_ms + 1) * config.pane_ms


def as_of_ms(events: Sequence[Event], config: Config, as_of: str | None) -> int | None:
    """Contract 3, `--as-of`: None is the end of the last event's pane; `end` has no limit; a T is rounded up."""
    if as_of == "end" or not events:
        return None
    if as_of is None:
        return pane_end(max(event["occurred_at"] for event in timed(events, config)), config)
    return pane_end(instant(as_of) - 1, config)


def expected_replay(lines: Sequence[bytes], config: Config, run: str = "replay", as_of: str | None = None) -> Expected:
    """The exact records of kpi.jsonl, alerts.jsonl and conduct.jsonl, and the counts of summary.json."""
    events, rejected, read = sort_lines(lines)
    facts = facts_of(events)
    end_ms = as_of_ms(events, config, as_of)
    return Expected(
        kpis=kpi_records(contributions_of(facts, config), config, run, end_ms),
        alerts=alert_records(events, config, run),
        conduct=conduct_records(facts, config, run, end_ms),
        rejected=rejected,
        events_read=read,
        accepted=len(facts),
        repeated=len(events) - len(facts),
    )
