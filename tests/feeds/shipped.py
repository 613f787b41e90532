"""A shipped mapping run over a file of samples, and the events that a right one gives."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stream.feeds.adjustment import Adjustments
from stream.feeds.feed_run import FeedRun
from stream.feeds.framing import Framer
from stream.feeds.given import GivenEvent, RecordPlace, RefusedRecord
from stream.feeds.loading import load
from stream.feeds.shipped import shipped_text

Raw = dict[str, Any]

SAMPLES = Path(__file__).parent / "samples"
NAMES = (
    "amazon_connect_agents",
    "amazon_connect_contacts",
    "asterisk_cdr",
    "asterisk_queue_log",
    "five9_call_log",
    "freeswitch_cdr",
    "genesys_conversations",
    "nice_contacts",
    "payments_csv",
    "twilio_taskrouter",
    "vicidial_agent_log",
    "vicidial_log",
)
JOINED = {"asterisk_cdr", "asterisk_queue_log", "five9_call_log", "twilio_taskrouter"}


def mapping_text(name: str) -> str:
    text = shipped_text(name)
    assert text is not None, name
    return text


@dataclass(frozen=True)
class Sample:
    """A file of records of one platform, how it is run, and what must come of it."""

    name: str
    path: Path
    zone: str | None
    expected: list[Raw]
    refused: list[tuple[str, str | None]]

    def values(self) -> list[bytes]:
        """The lines of the file as a feed takes them; a quoted field may hold line ends."""
        framer = Framer(load(mapping_text(self.name), self.name, Adjustments(zone=self.zone)).mapping.input)
        return [value for _, value in (*framer.add(self.path.read_bytes()), *framer.rest())]


def sample(name: str, folder: Path, expected: Path) -> Sample:
    run = json.loads((expected / f"{name}.run.json").read_text("utf-8"))
    options = dict(zip(run["args"][::2], run["args"][1::2], strict=True))
    assert options.keys() <= {"--zone"}
    events = [json.loads(line) for line in (expected / f"{name}.events.jsonl").read_text("utf-8").splitlines()]
    refused = [(one["field"], one["value"]) for one in run["refused"]]
    return Sample(name, folder / run["file"], options.get("--zone"), events, refused)


def own_sample(name: str) -> Sample:
    return sample(name, SAMPLES, SAMPLES)


def shared_sample(name: str, shared_data: Path) -> Sample:
    return sample(name, shared_data / "feeds", shared_data / "feeds" / "expected")


@dataclass(frozen=True)
class Given:
    """What a feed gave."""

    events: list[GivenEvent] = field(default_factory=list)
    refused: list[RefusedRecord] = field(default_factory=list)

    def read(self) -> list[Raw]:
        return [json.loads(event.json) for event in self.events]

    def lines(self) -> list[bytes]:
        return [event.json for event in self.events]


def given(name: str, values: Sequence[bytes], adjustments: Adjustments) -> Given:
    """The events and refusals of a shipped mapping over these lines, the header line first where it needs one."""
    feed = load(mapping_text(name), name, adjustments)
    run = FeedRun(feed)
    lines = list(enumerate(values, 1))
    if feed.needs_header:
        run.use_columns(run.header(lines.pop(0)[1]))
    for number, value in lines:
        run.take(RecordPlace(name, number), value)
    run.end()
    events, refused = run.drain()
    return Given(list(events), list(refused))


def of_sample(one: Sample) -> Given:
    return given(one.name, one.values(), Adjustments(zone=one.zone))


def canonical(event: Raw) -> str:
    """An event as it is compared: without its id, with its defaults, the same however it was written."""
    told = {"version": 1, "site_id": "main"} | {
        key: value for key, value in event.items() if value not in (None, False)
    }
    told.pop("event_id", None)
    return json.dumps(told, sort_keys=True, ensure_ascii=False)


def latest(events: Iterable[Raw]) -> list[Raw]:
    """Of each call the events of its highest version: a join that is given out again says the same call better."""
    kept: dict[tuple[str, bool], Raw] = {}
    others: list[Raw] = []
    for event in events:
        if event["type"] != "call":
            others.append(event)
            continue
        which = (event["call_id"], bool(event.get("void")))
        if which not in kept or kept[which].get("version", 1) <= event.get("version", 1):
            kept[which] = event
    return [*others, *kept.values()]
