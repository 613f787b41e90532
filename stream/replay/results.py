"""The results in a replay's target folder: those of another run are not overwritten unless asked for."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from stream.replay.writing import SUMMARY

_NAMES = frozenset(
    (
        *("kpi.jsonl", "kpi.parquet", "kpi.csv", "alerts.jsonl", "alerts.parquet", "alerts.csv"),
        *("conduct.jsonl", "scores.jsonl", "deadletter.jsonl", SUMMARY),
    )
)


def fingerprint(manifest: Mapping[str, Any]) -> str:
    """Sixteen hexadecimal digits: the same for runs of the same input under the same configuration."""
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()[:16]


def held(target: Path) -> list[Path]:
    """What bears the name of a result in a folder, the summary first."""
    return sorted((path for path in (target / name for name in _NAMES) if path.exists()), reverse=True)


def of_whom(target: Path) -> tuple[str, str] | None:
    """The fingerprint of the run whose results lie in a folder ("" if it cannot be read), and a description of it.

    None: the folder holds no complete results; the summary is written last and removed first.
    """
    try:
        summary = orjson.loads((target / SUMMARY).read_bytes())
        return summary.get("fingerprint", ""), f"run {summary['run']!r} of {summary['events_read']} events"
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "", SUMMARY
