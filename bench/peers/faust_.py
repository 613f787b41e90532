"""Stock Faust: an empty agent, or the job in its own windowed tables; ends itself after so many records or seconds."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from typing import Any

import faust

from bench.peers.job import GRACE_MS, PANE_MS, Watch, job

asked = job()
watch = Watch(asked.records)
app = faust.App(
    asked.group,
    broker=f"kafka://{asked.bootstrap}",
    store="memory://",
    web_enabled=False,
    topic_disable_leader=True,
    topic_partitions=4,
    consumer_auto_offset_reset="earliest",
    datadir=asked.folder,
)
done = asyncio.Event()
tables: list[Any] = []


def end(*_: object) -> None:
    """What the table holds is what is left: expired windows are gone."""
    held = sum(
        sums[0] for table in tables for (agent, _), sums in table.table.data.items() if not agent.startswith("~")
    )
    watch.tell(calls=held)
    os._exit(0)


def add(sums: list[int], call: dict[str, Any]) -> list[int]:
    calls, connected, talk_ms, amount_minor = sums
    return [calls + 1, connected + call["connected"], talk_ms + call["talk_ms"], amount_minor + call["amount_minor"]]


if asked.window == "empty":

    @app.agent(app.topic(asked.source, value_serializer="raw", key_serializer="raw"))
    async def empty(stream: Any) -> None:
        async for _ in stream:
            if watch.saw():
                end()

else:
    plain = app.Table("sums", default=lambda: [0, 0, 0, 0], partitions=4)
    grace = timedelta(milliseconds=GRACE_MS)
    window: Any = (
        plain.tumbling(PANE_MS / 1000, expires=grace)
        if asked.window == "tumbling"
        else plain.hopping(asked.size_ms / 1000, PANE_MS / 1000, expires=grace)
    )
    tables.append(window.relative_to(lambda event: event.value["occurred_at_ms"] / 1000))
    source = app.topic(asked.source, value_serializer="json", key_serializer="raw")

    # Without a change of key: its table is one dictionary for all partitions of a worker, and there is one worker.
    @app.agent(source)
    async def fold(stream: Any) -> None:
        async for call in stream:
            tables[0][call["agent_id"]].apply(add, call)
            if watch.saw():
                end()


faust.Worker(app, loglevel="ERROR", quiet=True).execute_from_commandline()
