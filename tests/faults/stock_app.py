"""Stock Faust with an agent that writes down each event that it has processed. Run by test_stock_faust.py.

python -m tests.faults.stock_app BOOTSTRAP TOPIC FILE [EVENT]      the agent fails at its first attempt at EVENT
"""

import sys
from pathlib import Path
from typing import Any

import faust


def main(bootstrap: str, topic: str, file: Path, fails_at: str = "") -> None:
    app = faust.App(
        topic,
        broker=f"kafka://{bootstrap}",
        store="memory://",
        web_enabled=False,
        topic_disable_leader=True,
        datadir=str(file.parent / "faust"),
    )
    source = app.topic(topic, value_serializer="raw", key_serializer="raw")
    marker = file.with_suffix(".failed")

    with file.open("a", buffering=1) as processed:

        @app.agent(source)
        async def agent(stream: Any) -> None:
            async for event in stream:
                name = event.decode()
                if name == fails_at and not marker.exists():
                    marker.touch()
                    raise RuntimeError("a fault that will have passed by the next attempt")
                processed.write(f"{name}\n")

        faust.Worker(app, loglevel="ERROR", quiet=True).execute_from_commandline()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), *sys.argv[4:])
