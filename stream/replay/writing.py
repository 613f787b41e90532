"""The files of a replay that are written at its end."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

KPIS = "kpi.jsonl"
ALERTS = "alerts.jsonl"
DEADLETTERS = "deadletter.jsonl"
SCORES = "scores.jsonl"
SUMMARY = "summary.json"
CONDUCT = "conduct.jsonl"


def write_alerts(folder: Path, files: Iterable[Path]) -> int:
    """Writes `alerts.jsonl` from lines of files, sorted by (at, rule, site, level, entity); gives how many."""
    lines = sorted((line for file in files for line in file.read_bytes().splitlines()), key=_alert_order)
    with (folder / ALERTS).open("wb") as out:
        out.writelines(line + b"\n" for line in lines)
    return len(lines)


def write_rest(folder: Path, summary: dict[str, Any]) -> None:
    """Writes `summary.json`."""
    (folder / SUMMARY).write_bytes(orjson.dumps(summary, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def _alert_order(line: bytes) -> tuple[str, ...]:
    alert = orjson.loads(line)
    # As text, "10:00:00.500Z" would come before "10:00:00Z".
    at = alert["at"].removesuffix("Z")
    return (at, alert["rule"], alert["site"], alert["level"], alert["entity"], alert["alert_id"], alert["state"])
