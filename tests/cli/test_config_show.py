"""`kpi-stream config init` and `config show`: a file to begin with, and every key with its value and its source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from stream.cli.main import run
from stream.settings import load
from stream.settings.effective import HIDDEN, SECRETS, effective, starter

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted([*(ROOT / "docs/examples").glob("*.yaml"), *(ROOT / "docs/examples/schemes").glob("*.yaml")])


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, tuple[Any, str]]:
    """Key -> (value, source) of `config show --json`."""
    assert run(["config", "show", "--json", *arguments]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return {each["key"]: (each["value"], each["source"]) for each in lines}


def test_the_file_to_begin_with_says_the_defaults_whether_its_lines_are_comments_or_not(tmp_path: Path) -> None:
    as_written, without = tmp_path / "a.yaml", tmp_path / "b.yaml"
    as_written.write_text(starter())
    body = starter().split("\n\n", 1)[1]
    keys = [line.removeprefix("# ") for line in body.splitlines() if line.startswith(("#   ", "# ")) and ":" in line]
    lines = [line for line in keys if line.startswith("  ") or (line.rstrip().endswith(":") and " " not in line)]
    without.write_text("\n".join(lines))
    assert load(as_written, {}) == load(None, {})
    assert load(without, {}).document.model_dump() == load(None, {}).document.model_dump()
    assert len(lines) > 60


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_what_is_shown_written_into_a_file_is_the_same_configuration(tmp_path: Path, file: Path) -> None:
    settings = load(file, {})
    document: dict[str, Any] = {}
    for each in effective(settings.document, settings.origins):
        if each.value is not None and each.source != "default":
            section, _, key = each.key.partition(".")
            if key:
                document.setdefault(section, {})[key] = each.value
            else:
                document[section] = each.value
    again = tmp_path / "again.yaml"
    again.write_text(yaml.safe_dump(document, allow_unicode=True))
    assert load(again, {}).document == settings.document


def test_each_value_names_the_file_the_variable_or_the_defaults(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("kafka: {group: floor, commit_every: 1500ms}\nminimum_sample: {connect_rate: 20}\n")
    monkeypatch.setenv("KPI_STREAM_KAFKA__PARTITIONS", "16")
    found = shown(capsys, "--config", str(file))
    assert found["kafka.group"] == ("floor", str(file))
    assert found["kafka.commit_every"] == ("1500ms", str(file))
    assert found["kafka.partitions"] == (16, "KPI_STREAM_KAFKA__PARTITIONS")
    assert found["kafka.replication"] == (1, "default")
    assert found["minimum_sample"] == ({"connect_rate": 20}, str(file))
    assert found["definitions.promise_tolerance"] == ("0.1", "default")
    given = shown(capsys, "--given", "--config", str(file))
    assert given.keys() == {"kafka.group", "kafka.commit_every", "kafka.partitions", "minimum_sample"}


def test_no_secret_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "c.yaml"
    kafka = {"security_protocol": "SASL_SSL", "sasl_plain_username": "anna", "sasl_plain_password": "word"}
    oauth = {"token_url": "https://login.example.org/token", "client_id": "floor", "client_secret": "word"}
    for section in (kafka, {"security_protocol": "SASL_SSL", "sasl_mechanism": "OAUTHBEARER", "oauth": oauth}):
        file.write_text(yaml.safe_dump({"kafka": section}))
        found = shown(capsys, "--config", str(file))
        hidden = {key for key, (value, _) in found.items() if value == HIDDEN}
        assert hidden == {f"kafka.{name}" for name in ("sasl_plain_password",) if name in section} | (
            {"kafka.oauth.client_secret"} if "oauth" in section else set()
        )
        assert "word" not in json.dumps([value for value, _ in found.values()])
    assert {"sasl_plain_password", "ssl_password", "client_secret"} == SECRETS


def test_a_file_that_is_there_is_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.yaml"
    assert run(["config", "init", str(file)]) == 0
    assert load(file, {}) == load(None, {})
    file.write_text("kafka: {group: mine}\n")
    assert run(["config", "init", str(file)]) == 2
    assert capsys.readouterr().err.splitlines()[-1].endswith("mine.yaml: is there already; it is left as it is")
    assert file.read_text() == "kafka: {group: mine}\n"
