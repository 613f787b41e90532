"""Replays of small worlds, cut into as many tasks as one likes."""

from pathlib import Path

import orjson
import pytest

from stream.replay import reading, replay
from stream.settings import Settings, load
from tests.worlds.world import world


def settings_of(seed: int, tmp_path: Path, *, with_rules: bool = True) -> Settings:
    file = tmp_path / f"{seed}.yaml"
    file.write_bytes(orjson.dumps(world(seed, with_rules=with_rules).config))
    return load(file, {})


def input_of(seed: int, tmp_path: Path) -> str:
    file = tmp_path / f"{seed}.jsonl"
    file.write_bytes(b"".join(line + b"\n" for line in world(seed, with_rules=True).lines))
    return str(file)


def silent(_activity: str, _events: int, _done: int, _total: int) -> None:
    pass


def cut_small(monkeypatch: pytest.MonkeyPatch, part_bytes: int, group_bytes: int, bucket_bytes: int) -> None:
    """Parts, groups and buckets of so many bytes of input each."""
    monkeypatch.setattr(reading, "PART_BYTES", part_bytes)
    monkeypatch.setattr(replay, "GROUP_BYTES", group_bytes)
    monkeypatch.setattr(replay, "BUCKET_BYTES", bucket_bytes)


def ran(
    settings: Settings, sources: list[str], out: Path, *, processes: int = 1, rolling: bool = True
) -> dict[str, bytes]:
    """The bytes of the files that depend on nothing but the events."""
    windows = frozenset(name for name in settings.window_names() if rolling or not name.startswith("rolling_"))
    summary = replay.replay(settings, sources, out, replay.ReplayOptions("replay", windows, processes), silent)
    kept = summary.events_accepted + summary.duplicates + summary.superseded
    assert summary.events_read == kept + sum(summary.deadletters.values())
    return {name: (out / name).read_bytes() for name in ("kpi.jsonl", "alerts.jsonl", "deadletter.jsonl")}
