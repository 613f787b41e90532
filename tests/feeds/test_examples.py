"""The worked examples of docs/feeds.md, as they stand there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from stream.feeds.feed_run import FeedRun
from stream.feeds.given import RecordPlace
from stream.feeds.loading import load
from tests.feeds.runs import events_of, results, run_of

PAGE = Path(__file__).parents[2].joinpath("docs/feeds.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def mapping(name: str) -> str:
    (found,) = [block for block in blocks("yaml") if block.startswith(f"feed: {name}\n")]
    return found


def rows() -> list[str]:
    (found,) = [block for block in blocks("text") if "|ENTER" in block]
    return [line.split("  ")[0].rstrip() for line in found.splitlines()]


def test_every_mapping_of_the_page_is_right() -> None:
    found = [block for block in blocks("yaml") if re.match("feed: ", block)]
    assert len(found) >= 3
    for text in found:
        assert load(text, "feeds.md").warnings == ()


def test_the_first_mapping_gives_a_call() -> None:
    record = {
        "state": "ended", "id": "c1", "updated": 1793610000123, "started": "02/11/2026 09:00:00", "seconds": "125",
        "result": "NO", "talk": "00:01:40", "hold": "00:00:10", "agent": {"name": "SIP/bob@pbx"},
        "queue": "sip%3Aqueues/late",
    }  # fmt: skip
    record["custom"] = json.dumps({"customer": 0})
    (event,) = events_of(mapping("dialler"), [{"calls": [record]}])
    assert event == {
        "type": "call", "call_id": "c1", "version": 1793610000123, "occurred_at": "2026-11-02T09:00:00Z",
        "ended_at": "2026-11-02T09:02:05Z", "direction": "outbound", "outcome": "no_answer", "talk_ms": 90_000,
        "agent_id": "bob", "queue_id": "late", "event_id": "dialler:call:c1:1793610000123",
    }  # fmt: skip


def test_a_join_with_parts() -> None:
    run = FeedRun(load(mapping("pbx"), "feeds.md"))
    given: list[list[tuple[str, int]]] = []
    last: list[dict[str, Any]] = []
    for number, line in enumerate(rows(), 1):
        run.take(RecordPlace("queue_log", number), line.encode())
        events, refused = run.drain()
        assert not refused
        last = [json.loads(event.json) for event in events]
        given.append([(event["call_id"], event["version"]) for event in last])
    assert given == [[], [], [("c7", 3)], [], [], [("c7", 6), ("c7/2", 6)]]
    assert last[1] == {
        "type": "call", "call_id": "c7/2", "transferred_from": "c7", "occurred_at": "2026-10-14T17:47:46Z",
        "ended_at": "2026-10-14T17:50:00Z", "direction": "inbound", "outcome": "human", "queue_ms": 14000,
        "agent_id": "202", "version": 6, "event_id": "pbx:call:c7/2:6",
    }  # fmt: skip
    run.end()
    assert run.drain() == ([], [])


def test_legs_with_each_and_a_late_debtor() -> None:
    (line,) = [block.strip() for block in blocks("text") if block.startswith('{"id":"g1"')]
    first, _ = results(mapping("cloud"), [line])
    assert [(event.key, json.loads(event.json).get("agent_id")) for event in first] == [("g1", "ann"), ("p2", "bob")]
    assert json.loads(first[1].json)["transferred_from"] == "g1"
    second, _ = results(mapping("cloud"), [line.replace('"n":1', '"n":2,"customer":"D-4"')])
    found = [json.loads(event.json) for event in second]
    assert [
        (e.key, f["call_id"], f["version"], f.get("void", False), f["event_id"])
        for e, f in zip(second, found, strict=True)
    ] == [
        ("D-4", "g1", 2, False, "cloud:call:g1:2"),
        ("g1", "g1", 2, True, "cloud:call:g1:2:void"),
        ("D-4", "p2", 2, False, "cloud:call:p2:2"),
        ("p2", "p2", 2, True, "cloud:call:p2:2:void"),
    ]


def test_without_the_void_twins_both_would_count() -> None:
    (line,) = [block.strip() for block in blocks("text") if block.startswith('{"id":"g1"')]
    late = line.replace('"n":1', '"n":2,"customer":"D-4"')
    assert sum(run_of(mapping("cloud"), [line, late]).counts.events.values()) == 6
