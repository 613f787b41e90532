"""Writes the JSON Schemas of events and outputs from their models; with --check, only says if they are up to date."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from stream.engine.outputs import AlertRecord, KpiRecord
from stream.facts.models import EVENTS, Event

HERE = Path(__file__).parent
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema: (file name, document)."""
    yield "events.json", {"$schema": DIALECT, "title": "Any inbound event", **EVENTS.json_schema()}
    for model in get_args(Event):
        kind = get_args(model.model_fields["type"].annotation)[0]
        yield f"events/{kind}.json", {"$schema": DIALECT, **model.model_json_schema()}
    yield "kpi.json", {"$schema": DIALECT, **KpiRecord.model_json_schema()}
    yield "alert.json", {"$schema": DIALECT, **AlertRecord.model_json_schema()}


def main() -> int:
    """Writes or checks; 0 where all is well, 1 where --check found a difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file would change")
    check = parser.parse_args().check
    stale = []
    for name, document in documents():
        path = HERE / name
        text = json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale.append(name)
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
    for name in stale:
        sys.stdout.write(f"schemas/{name} {'is out of date: run schemas/generate.py' if check else 'written'}\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
