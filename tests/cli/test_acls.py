"""`kpi-stream topics acls`: the same list as a table, as commands for Kafka's own tool, and as JSON."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from stream.cli.main import run
from stream.kafka.acls import PROGRAMS, Acl, Program, least_acls
from stream.settings import load
from tests.cli.conftest import Command


def printed(command: Command, tmp_path: Path, *arguments: str, **sections: Any) -> str:
    config = tmp_path / "c.yaml"
    config.write_text(yaml.safe_dump({"kafka": {"topic_prefix": "floor", "group": "g"}} | sections))
    ran = command("topics", "acls", *arguments, "--config", config)
    assert (ran.code, ran.error) == (0, "")
    return ran.out


def test_the_commands_name_principal_operation_resource_and_pattern(command: Command, tmp_path: Path) -> None:
    lines = printed(command, tmp_path, "--program", "feed", "--principal", "User:bank feed", "--format", "commands")
    line = next(each for each in lines.splitlines() if "transactional-id" in each)
    assert shlex.split(line) == [
        "kafka-acls.sh", "--add", "--allow-principal", "User:bank feed", "--operation", "Write",
        "--transactional-id", "floor.g-feed-", "--resource-pattern-type", "prefixed",
    ]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_json_is_the_list(command: Command, tmp_path: Path, program: Program) -> None:
    found = json.loads(printed(command, tmp_path, "--program", program, "--format", "json"))
    settings = load(tmp_path / "c.yaml", {})
    assert [Acl(**{key: value for key, value in each.items() if key != "principal"}) for each in found] == least_acls(
        program, settings
    )
    assert {each["principal"] for each in found} == {f"User:{program}"}


def test_the_table_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["topics", "acls", "--program", "worker"]) == 0
    assert "User:worker  Write on topic collections.kpi.v1\n" in capsys.readouterr().out
