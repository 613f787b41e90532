"""Quix Streams: the job in its own environment."""

from __future__ import annotations

from typing import Any

from quixstreams import Application

from bench.peers.job import GRACE_MS, PANE_MS, Watch, job

asked = job()
watch = Watch(asked.records)
app = Application(
    broker_address=asked.bootstrap,
    consumer_group=asked.group,
    auto_offset_reset="earliest",
    state_dir=asked.folder,
    loglevel="ERROR",
    processing_guarantee=asked.guarantee,
)


def event_time(value: dict[str, Any], *_: Any) -> int:
    return int(value["occurred_at_ms"])


def first(value: dict[str, Any]) -> dict[str, Any]:
    return {
        "agent": value["agent_id"],
        "calls": 1,
        "connected": value["connected"],
        "talk_ms": value["talk_ms"],
        "amount_minor": value["amount_minor"],
    }


def add(sums: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    sums["calls"] += 1
    sums["connected"] += value["connected"]
    sums["talk_ms"] += value["talk_ms"]
    sums["amount_minor"] += value["amount_minor"]
    return sums


def count(_: dict[str, Any]) -> None:
    if watch.saw():
        watch.tell()
        app.stop()


frame = app.dataframe(
    app.topic(asked.source, timestamp_extractor=event_time, key_deserializer="str", value_deserializer="json")
)
if asked.rekey:
    frame = frame.group_by("agent_id")
frame = frame.update(count)
size = asked.size_ms
if size == PANE_MS:
    windows = frame.tumbling_window(size, grace_ms=GRACE_MS, on_late=lambda *_: False)
else:
    windows = frame.hopping_window(size, PANE_MS, grace_ms=GRACE_MS, on_late=lambda *_: False)
sums = windows.reduce(reducer=add, initializer=first)
# Final records are fewer; they need the closing record of topics keyed by agent.
results = sums.current() if asked.rekey else sums.final(closing_strategy="partition")
results.apply(lambda each: each["value"] | {"start": each["start"]}).to_topic(app.topic(asked.target))
app.run()
