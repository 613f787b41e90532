"""`kpi-stream config schema`, and the file that `config init` writes for editors."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

from stream.cli.main import run
from stream.settings import yaml
from stream.settings.effective import SCHEMA_FILE, starter

ROOT = Path(__file__).resolve().parents[2]


def test_what_is_printed_is_the_schema_of_the_repository(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "schema"]) == 0
    assert capsys.readouterr().out == (ROOT / "schemas/configuration.json").read_text("utf-8")


def test_a_new_configuration_names_a_schema_that_lies_beside_it_and_that_it_fits(tmp_path: Path) -> None:
    file = tmp_path / "conf" / "mine.yaml"
    file.parent.mkdir()
    assert run(["config", "init", str(file)]) == 0
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", file.read_text("utf-8"))
    assert named
    schema = json.loads((file.parent / named[1]).read_text("utf-8"))
    body = starter().split("\n\n", 1)[1]
    lines = [line.removeprefix("# ") for line in body.splitlines() if re.match(r"#   \w+: |# \w+:$", line)]
    assert len(lines) > 60
    document = yaml.parse("\n".join(lines))
    assert [each.message for each in jsonschema.Draft7Validator(schema).iter_errors(document)] == []
    document["kafka"]["partitionz"] = 8
    assert not jsonschema.Draft7Validator(schema).is_valid(document)


def test_a_schema_that_is_there_stays_at_init_and_is_replaced_on_demand(tmp_path: Path) -> None:
    beside = tmp_path / SCHEMA_FILE
    beside.write_text('{"title": "kpi-stream configuration"}')
    assert run(["config", "init", str(tmp_path / "mine.yaml")]) == 0
    assert json.loads(beside.read_text()) == {"title": "kpi-stream configuration"}
    assert run(["config", "schema", str(beside)]) == 0
    assert beside.read_text("utf-8") == (ROOT / "schemas/configuration.json").read_text("utf-8")


@pytest.mark.parametrize("content", ["kafka: {group: mine}\n", "[]", '{"title": "of another"}', "{}x"])
def test_no_other_file_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(content)
    assert run(["config", "schema", str(file)]) == 2
    said = f"kpi-stream: {file}: is there already, and no such schema; it is left as it is\n"
    assert capsys.readouterr().err == said
    assert file.read_text() == content


def test_a_folder_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "schema", str(tmp_path / "no" / "s.json")]) == 2
    assert capsys.readouterr().err == f"kpi-stream: {tmp_path}/no/s.json: No such file or directory\n"
