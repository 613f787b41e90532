"""No bytes make a run fail: every value of the shipped mappings' samples, changed at random, is given or refused."""

from __future__ import annotations

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as some

from stream.feeds.adjustment import Adjustments
from stream.feeds.feed_run import FeedRun
from stream.feeds.given import RecordPlace
from stream.feeds.loading import load
from tests.feeds.runs import CALL, run_of, with_field
from tests.feeds.shipped import NAMES, mapping_text, own_sample

BITS = [
    b"null",
    b"0",
    b'"',
    b"-",
    b"{}",
    b"[]",
    b"99999999999999999999",
    b"%00",
    b"\\ud800",
    b"1e400",
    b"true",
    b"\xff",
]


def spoilt(line: bytes, chance: Random) -> bytes:
    """A line with some bytes taken out, changed, or put in."""
    text = bytearray(line)
    for _ in range(chance.choice([0, 1, 1, 2, 5])):
        at, way = chance.randrange(len(text) + 1), chance.random()
        if way < 0.5:
            text[at : at + chance.randrange(1, 20)] = b""
        else:
            text[at:at] = chance.choice(BITS)
    return bytes(text)


@pytest.mark.parametrize("name", NAMES)
def test_spoilt_records_are_given_or_refused(name: str) -> None:
    sample, chance = own_sample(name), Random(name)
    feed = load(mapping_text(name), name, Adjustments(zone="Europe/Lisbon"))
    lines = sample.values()
    run = FeedRun(feed, 10)
    if feed.needs_header:
        run.use_columns(run.header(lines.pop(0)))
    for number in range(400):
        run.take(RecordPlace("in", number), spoilt(chance.choice(lines), chance))
    run.end()
    events, refused = run.drain()
    assert sum(run.counts.events.values()) == len(events)
    assert run.counts.malformed + run.counts.unmapped == len(refused) > 0
    assert all(json.loads(event.json)["event_id"] for event in events)


@given(value=some.binary(max_size=40))
def test_any_bytes_are_counted_once(value: bytes) -> None:
    run = run_of(CALL, [value])
    counts = run.counts
    assert counts.records <= 1 or value.lstrip()[:1] == b"["
    assert counts.malformed + counts.unmapped == len(run.drain()[1])


@pytest.mark.parametrize("depth", [200, 990, 5_000])
def test_what_is_nested_deeply_is_refused(depth: int) -> None:
    line = '{"id": "c", "start": 1792000000, "end": 1792000000, "deep": ' + "[" * depth + "]" * depth + "}"
    for described in ("deep", "{path: deep, map: {a: b}}", "{path: deep, as: text}", "{path: deep, as: [url, lower]}"):
        _, refused = run_of(with_field("agent_id", described), [line]).drain()
        assert len(refused) == 1


def test_a_text_that_is_no_text_is_named() -> None:
    _, (refused,) = run_of(CALL, ['{"id": "\\ud800", "start": 1792000000, "end": 1792000000}']).drain()
    assert refused.detail == "call_id: '\\ud800' is no valid text or number, or is nested too deeply"
