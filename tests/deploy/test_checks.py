"""What `make check` refuses beyond lint and types."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.checks import images
from deploy.checks.citations import dangling
from deploy.checks.locks import differing, pins, unmet
from deploy.checks.tree import FILE_LINES, FUNCTION_LINES, breaches, repeated_classes


def said(folder: Path, text: str, name: str = "room.py") -> list[str]:
    path = folder / name
    path.write_text(text)
    return [line.removeprefix(str(folder)) for line in breaches(path)]


@pytest.mark.parametrize("foreign", ["/wo" + "rk/main/x", "https://py" + "pi.org/simple", "/opt" + "/wheels"])
def test_a_path_of_one_machine_or_a_registry_is_named_with_its_line(tmp_path: Path, foreign: str) -> None:
    (line,) = said(tmp_path, f"# first\n# {foreign}\n")
    assert line.startswith("/room.py:2: names a machine's path or a registry")


def test_a_file_may_have_so_many_lines_and_not_one_more(tmp_path: Path) -> None:
    assert said(tmp_path, "x = 1\n" * FILE_LINES) == []
    assert said(tmp_path, "x = 1\n" * (FILE_LINES + 1)) == ["/room.py: 401 lines, more than 400"]
    assert said(tmp_path, "words\n" * 1000, "long.md") == []


def test_a_function_may_have_so_many_lines_and_not_one_more(tmp_path: Path) -> None:
    assert said(tmp_path, "def short():\n" + "    x = 1\n" * FUNCTION_LINES) == []
    (line,) = said(tmp_path, "async def long():\n" + "    x = 1\n" * (FUNCTION_LINES + 1))
    assert line == "/room.py:1: long has 61 lines, more than 60"


def test_what_is_no_text_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "data.bin").write_bytes(b"\xff\xfe\x00")
    assert list(breaches(tmp_path / "data.bin")) == []


def test_a_class_name_that_two_rooms_share_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    texts = {"stream/a/one.py": "class Part: ...", "stream/a/two.py": "class Part: ...\nclass _Own: ..."}
    paths = [Path(name) for name in (*texts, "stream/b/three.py")]
    for path, text in zip(paths, [*texts.values(), "class _Own: ..."], strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert list(repeated_classes(paths)) == []
    paths[2].write_text("class Part: ...")
    assert list(repeated_classes(paths)) == ["Part is a class of several rooms: stream/a/one.py, stream/b/three.py"]


def test_a_citation_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    path = tmp_path / "room.py"
    page, foreign, absent = "live", "seman" + "tics", "9999"
    path.write_text(f'"""Of {page} 1, {page} 99, ADR 0001, ADR {absent}, {foreign} 3."""')
    sections = {name: {"1"} for name in ("contract", "definitions", "live", "internals")}
    found = list(dangling(path, sections, {"0001"}, modules=""))
    assert [line.partition(":1: ")[2] for line in found] == [
        "docs/live.md has no section 99", "docs/adr has no 9999", f"cites {foreign}, which is not in this repository",
    ]  # fmt: skip


def test_a_page_that_names_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("`tests/kafka/test_merge.py` and `test_merge.py` are there, `test_inlet.py` is not.")
    (found,) = dangling(path, {}, set(), modules="/tests/kafka/test_merge.py\n")
    assert "test_inlet.py" in found


LOCK = "aiokafka==0.14.0 \\\n    --hash=sha256:00\npydantic-core==2.50.4\n"


def test_a_lock_that_pyproject_has_left_behind_is_named() -> None:
    assert pins(LOCK) == {"aiokafka": "0.14.0", "pydantic-core": "2.50.4"}
    assert list(unmet(["aiokafka==0.14.0", "Pydantic_Core>=2"], pins(LOCK), "lock")) == []
    (older,) = unmet(["aiokafka>=0.15"], pins(LOCK), "lock")
    assert older == "lock: pins 0.14.0 for aiokafka>=0.15: run `make lock`"
    (missing,) = unmet(["orjson"], pins(LOCK), "lock")
    assert missing.startswith("lock: pins nothing for orjson")


def test_both_locks_hold_the_same_versions() -> None:
    assert list(differing({"a": "1"}, {"a": "1", "b": "2"})) == []
    assert len(list(differing({"a": "1"}, {"a": "2"}))) == 1


@pytest.mark.parametrize(
    ("image", "is_floating"),
    [
        ("python", True),
        ("python:latest", True),
        ("registry.example:5000/python", True),
        ("python:3.11-slim", False),
        ("registry.example:5000/python:3.11", False),
        ("python@sha256:" + "0" * 64, False),
    ],
)
def test_an_image_that_may_be_another_one_tomorrow_is_told(image: str, is_floating: bool) -> None:
    assert images.floating(image) is is_floating


def test_a_release_asks_for_digests_and_every_check_names_what_it_refuses(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert images.main([]) == 0
    assert len(images.images()) >= 5
    monkeypatch.setattr(images, "images", lambda: [("Dockerfile", "python:3.11"), ("compose.yaml", "kafka")])
    capsys.readouterr()
    assert images.main([]) == 1
    assert capsys.readouterr().out == "deploy/compose.yaml: kafka: no tag\n"
    assert images.main(["--pinned"]) == 1
    assert "deploy/Dockerfile: python:3.11: no digest\n" in capsys.readouterr().out
    monkeypatch.setattr(images, "images", lambda: [("Dockerfile", "python:3.11@sha256:" + "a" * 64)])
    assert images.main(["--pinned"]) == 0
