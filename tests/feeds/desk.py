"""A folder with a mapping, where a test runs `feed run`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from stream.cli.main import run as kpi_stream
from tests.feeds.runs import CALL, RECORD

PBX = """
feed: pbx
input: {format: delimited, delimiter: "|", columns: [at, call, word]}
join: {by: call, closes: "word=='close'", after: 1h, time: {path: at, as: epoch_s}}
events:
  - type: bot_session
    fields:
      session_id: key
      occurred_at: {path: "rows[0].at", as: epoch_s}
      handed_over: {value: false}
      mandate_signed: {value: false}
"""
CSV = CALL.replace("json", "csv")
PROGRAM = str(Path(sys.executable).with_name("kpi-stream"))


def line(name: str, **more: Any) -> str:
    return json.dumps(RECORD | {"id": name} | more) + "\n"


class Desk:
    """A folder with a mapping, and the command run there."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        self.mapping(CALL)

    def mapping(self, text: str) -> None:
        (self.folder / "m.yaml").write_text(text)

    def put(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def run(self, *files: str, options: tuple[str, ...] = (), out: str = "out.jsonl") -> tuple[int, str, str]:
        sources = [str(self.folder / each) for each in files]
        target = ["--out", str(self.folder / out)]
        code = kpi_stream(["feed", "run", str(self.folder / "m.yaml"), *sources, *target, *options])
        text, errors = self._capsys.readouterr()
        return code, text, errors.replace(f"{self.folder}/", "")

    def ids(self, out: str = "out.jsonl") -> list[str]:
        path = self.folder / out
        return [json.loads(each)["event_id"] for each in path.read_text().splitlines()] if path.exists() else []

    def option(self, name: str, file: str) -> tuple[str, str]:
        return name, str(self.folder / file)
