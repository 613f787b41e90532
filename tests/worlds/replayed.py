"""`kpi-stream replay` and `headroom`, run in this process on lines in memory; and what they left behind or said."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stream.cli.main import run

Raw = dict[str, Any]


@dataclass(frozen=True)
class Replayed:
    """The files of one replay; `kpi_bytes` is kpi.jsonl as it is, `conduct_bytes` conduct.jsonl."""

    kpi_bytes: bytes
    conduct_bytes: bytes
    alerts: list[Raw]
    deadletters: list[Raw]
    summary: Raw

    @property
    def kpis(self) -> list[Raw]:
        return [json.loads(line) for line in self.kpi_bytes.splitlines()]

    @property
    def conduct(self) -> list[Raw]:
        return [json.loads(line) for line in self.conduct_bytes.splitlines()]


def read_lines(path: Path) -> list[Raw]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def replayed(
    config: Raw, files: Sequence[bytes], folder: Path, suffix: str = ".jsonl", options: Sequence[str] = ()
) -> Replayed:
    """Replays files with the given contents, under a configuration written as JSON (which is YAML), in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")
    paths = [folder / f"{number:03}{suffix}" for number in range(len(files))]
    for path, content in zip(paths, files, strict=True):
        path.write_bytes(content)
    said = io.StringIO()
    arguments = [
        "replay",
        "--replace",
        "--config",
        str(folder / "config.yaml"),
        "--out",
        str(folder / "out"),
        "--no-progress",
        *options,
    ]
    with contextlib.redirect_stderr(said):
        code = run([*arguments, *(part for path in paths for part in ("--input", str(path)))])
    assert code == 0, said.getvalue()
    out = folder / "out"
    return Replayed(
        (out / "kpi.jsonl").read_bytes(),
        (out / "conduct.jsonl").read_bytes(),
        read_lines(out / "alerts.jsonl"),
        read_lines(out / "deadletter.jsonl"),
        json.loads((out / "summary.json").read_bytes()),
    )


def told_by_command(config: Raw, folder: Path, whom: Mapping[str, str], files: Sequence[Path]) -> Raw:
    """What `kpi-stream headroom` prints of a debtor. `whom`: `debtor`, and the options of the command by name."""
    (folder / "config.yaml").write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")
    options = [part for name, value in whom.items() if name != "debtor" for part in (f"--{name}", value)]
    inputs = [part for path in files for part in ("--input", str(path))]
    told, said = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(said):
        code = run(["headroom", "--config", str(folder / "config.yaml"), *options, *inputs, "--", whom["debtor"]])
    assert code == 0, said.getvalue()
    answer: Raw = json.loads(told.getvalue())
    return answer
