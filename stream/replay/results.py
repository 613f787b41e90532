"""What lies in the folder that a replay is to write to: results are not overwritten unless they are its own."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from stream.replay.writing import SUMMARY

_NAMES = frozenset(
    ("kpi.jsonl", "kpi.parquet", "alerts.jsonl", "alerts.parquet", "conduct.jsonl", "scores.jsonl", "deadletter.jsonl")
) | {SUMMARY}  # fmt: skip


def fingerprint(manifest: Mapping[str, Any]) -> str:
    """Sixteen digits that are the same for runs of the same input under the same configuration."""
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()[:16]


def held(target: Path) -> list[Path]:
    """The files of results that lie in a folder, the summary first."""
    return sorted((path for path in (target / name for name in _NAMES) if path.exists()), reverse=True)


def of_whom(target: Path) -> tuple[str, str] | None:
    """The fingerprint of the run whose results lie in a folder ("" if nobody knows), and words for the run. None: there
    are none, or not all; the summary is the last to come and the first to go."""
    try:
        summary = orjson.loads((target / SUMMARY).read_bytes())
        return summary.get("fingerprint", ""), f"run {summary['run']!r} of {summary['events_read']} events"
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "", SUMMARY
