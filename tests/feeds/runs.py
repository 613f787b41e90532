"""Runs of a mapping over lines, as tests want them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from stream.feeds.adjustment import Adjustments
from stream.feeds.feed_run import FeedRun
from stream.feeds.given import GivenEvent, RecordPlace, RefusedRecord
from stream.feeds.loading import load

CALL = """
feed: test
input: {format: json}
events:
  - type: call
    fields:
      call_id: id
      occurred_at: {path: start, as: epoch_s}
      ended_at: {path: end, as: epoch_s}
      direction: {value: outbound}
      outcome: {value: human}
"""
RECORD = {"id": "c1", "start": 1792000000, "end": 1792000060}


def with_field(name: str, described: str, base: str = CALL) -> str:
    """The mapping of a call with one field more, or another description of one that it has."""
    kept = [line for line in base.rstrip().splitlines() if not line.strip().startswith(f"{name}:")]
    return "\n".join([*kept, f"      {name}: {described}"]) + "\n"


def run_of(
    mapping: str, lines: Iterable[Any], *, end: bool = True, most_open: int = 100_000, **settings: Any
) -> FeedRun:
    """A run that has taken the lines: bytes as they are, texts, anything else as JSON."""
    run = FeedRun(load(mapping, "test.yaml", Adjustments(**settings)), most_open)
    for number, line in enumerate(lines, 1):
        value = line if isinstance(line, bytes) else (line if isinstance(line, str) else json.dumps(line)).encode()
        run.take(RecordPlace("in", number), value)
    if end:
        run.end()
    return run


def results(mapping: str, lines: Iterable[Any], **settings: Any) -> tuple[list[GivenEvent], list[RefusedRecord]]:
    """Events and refusals of a mapping over lines."""
    return run_of(mapping, lines, **settings).drain()


def events_of(mapping: str, lines: Iterable[Any], **settings: Any) -> list[dict[str, Any]]:
    """The events, read; nothing may be refused."""
    events, refused = results(mapping, lines, **settings)
    assert not refused, refused
    return [json.loads(event.json) for event in events]


def refusals_of(mapping: str, lines: Iterable[Any], **settings: Any) -> list[str]:
    """The details of what is refused."""
    return [each.detail for each in results(mapping, lines, **settings)[1]]
