"""Stock Faust: an empty agent on a topic, for so many seconds; prints events a second. Run by `bench.throughput`."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from typing import Any

import faust


def main(bootstrap: str, topic: str, seconds: float) -> None:
    """Counts what the agent is given from the first event on; ends the process."""
    app = faust.App(
        f"bench-stock-{os.getpid()}",
        broker=f"kafka://{bootstrap}",
        store="memory://",
        web_enabled=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
    )
    source = app.topic(topic, value_serializer="raw", key_serializer="raw")
    seen = 0
    began = last = 0.0
    first = asyncio.Event()

    @app.agent(source)
    async def empty(stream: Any) -> None:
        nonlocal seen, began, last
        async for _ in stream:
            last = time.perf_counter()
            began = began or last
            first.set()
            seen += 1

    @app.task  # type: ignore[untyped-decorator]
    async def report() -> None:
        await first.wait()
        await asyncio.sleep(seconds)
        os.write(1, f"\nrate={seen / (last - began):.0f}\n".encode())  # Faust has taken sys.stdout for its log
        os._exit(0)

    faust.Worker(app, loglevel="ERROR", quiet=True).execute_from_commandline()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
