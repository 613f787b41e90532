"""The pictures of README and docs are made by one command, each of the size that it is to have."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local import screenshots
from stream.cli.main import run

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_the_command_makes_every_picture_of_a_replay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: Callable[[str], str]
) -> None:
    program("chromium")
    events, numbers, out = tmp_path / "events.jsonl", tmp_path / "numbers", tmp_path / "images"
    config = ["--config", str(screenshots.CONFIG)]
    begin = ["--from", "2026-11-04T06:00:00Z", "--events", "3000", "--rate", "5"]
    assert run(["simulate", "--out", str(events), *begin, *config]) == 0
    assert run(["replay", str(events), "--out", str(numbers), "--windows", screenshots.WINDOWS, *config]) == 0
    monkeypatch.setattr("sys.argv", ["screenshots", "--numbers", str(numbers), "--out", str(out)])
    assert screenshots.main() == 0
    assert {path.name for path in out.iterdir()} == {picture.name for picture in screenshots.PICTURES}
    for picture in screenshots.PICTURES:
        png = (out / picture.name).read_bytes()
        assert png[:8] == b"\x89PNG\r\n\x1a\n"
        assert struct.unpack(">II", png[16:24]) == (picture.width, picture.height)
        assert len(png) > 20_000, "an empty page"
