"""Bytes that an event leaves on each topic, as the broker has them on disk: compressed, with batch headers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.result import Row
from bench.setting import Setting
from bench.system import INBOUND, System


def bytes_an_event(setting: Setting, system: System, key: str, events: int) -> Iterator[Row]:
    """Rows by topic; none where the broker is not a local one, whose folder we cannot read."""
    if setting.broker_logs is None:
        return
    internal, outbound = f"{system.prefix}.{system.group}", system.prefix
    topics = {
        "inbound": [f"{outbound}.{name}.v1" for name in INBOUND],
        "ledger": [f"{internal}.ledger"],
        "deltas": [f"{internal}.deltas"],
        "windows": [f"{internal}.windows"],
        "kpi": [f"{outbound}.kpi.v1"],
    }
    for name, members in topics.items():
        size = sum(_written(Path(setting.broker_logs), topic) for topic in members)
        yield Row(f"{key}.bytes.{name}", f"{key}: bytes on the topic {name}", round(size / events, 1), "bytes an event")


def _written(logs: Path, topic: str) -> int:
    return sum(file.stat().st_size for file in logs.glob(f"{topic}-[0-9]*/*.log"))
