"""The golden files: KIND-VERSION.jsonl, one record a line, and meaning.json, which no version may change."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from stream.alerts.state import OPEN
from stream.engine.entities.windows_state import WINDOWS
from stream.facts.identity import canonical_json
from stream.ledger.store import record
from stream.partition.positions import OFFSETS, decode
from tests.golden import world
from tests.golden.world import Record

HERE = Path(__file__).parent
MEANING = HERE / "meaning.json"

VERSIONS: Mapping[str, int] = {
    "ledger": record.FORMAT.version, "windows": WINDOWS.version, "offsets": OFFSETS.version, "alerts": OPEN.version,
}  # fmt: skip
WRITERS: Mapping[str, Callable[[], list[Record]]] = {
    "ledger": world.ledger, "windows": world.windows, "offsets": world.offsets, "alerts": world.alerts,
}  # fmt: skip


def path_of(kind: str, version: int) -> Path:
    return HERE / f"{kind}-{version}.jsonl"


def write(path: Path, records: Iterable[Record]) -> None:
    path.write_bytes(b"".join(orjson.dumps(_line(*each)) + b"\n" for each in records))


def _line(key: bytes, value: bytes | None) -> dict[str, str | None]:
    """Text where it is text; what is not is base64."""
    if value is None:
        return {"key": key.decode(), "value": None}
    if value[:1] == b"{":
        return {"key": key.decode(), "value": sorted_json(value).decode()}
    return {"key": key.decode(), "base64": b64encode(value).decode()}


def sorted_json(value: bytes) -> bytes:
    """The same with its keys in order: that of the columns in a sum is any."""
    return json.dumps(json.loads(value), sort_keys=True, separators=(",", ":")).encode()


def read(path: Path) -> list[Record]:
    rows = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    return [
        (row["key"].encode(), b64decode(row["base64"]) if "base64" in row else _bytes(row["value"])) for row in rows
    ]


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode()


def facts_in(records: Iterable[Record]) -> dict[str, list[str]]:
    """Key of a ledger record -> its fact as canonical JSON, and the hashes of what lost against it."""
    found = {}
    for key, value in records:
        assert value is not None
        fact = record.decode(key.decode().partition("|")[0], record.from_value(value))
        losers = [each.hex() for each in record.losers_of(fact)]
        found[key.decode()] = [canonical_json(record.plain(fact)).decode(), *losers]
    return found


def said_after(records: Iterable[Record]) -> dict[str, Any]:
    """What stage 2 says when it goes on from these records."""
    two = world.stage2()
    for key, value in records:
        two.restore(key, value)
    return world.after(two)


def offsets_in(records: Iterable[Record]) -> list[dict[str, Any]]:
    """What the offset records say, by the names of today."""
    found = [decode(value) for _, value in records if value is not None]
    return [
        {
            "fingerprint": dict(at.fingerprint), "partitions": at.partitions, "deltas": at.deltas,
            "greatest_ms": at.greatest_ms,
            "tps": {topic: [tp.offset, tp.watermark_ms, tp.refused, tp.stamp_ms] for topic, tp in at.tps.items()},
        }
        for at in found
    ]  # fmt: skip


def meaning() -> dict[str, Any]:
    """What the records say that are written now."""
    return {
        "facts": facts_in(world.ledger()),
        "after": {path.stem: said_after(read(path)) for path in sorted(HERE.glob("windows-*.jsonl"))},
        "offsets": offsets_in(world.offsets()),
    }


def write_meaning(found: Mapping[str, Any]) -> None:
    MEANING.write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n")
