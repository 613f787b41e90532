"""The units of deploy/systemd: what they start is what the product has, hardened, and systemd reads them."""

import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer.main

from stream.cli.main import app
from stream.settings import load
from tests.deploy.expressions import DEPLOY

SYSTEMD = DEPLOY / "systemd"
SERVICES = sorted(path.name for path in SYSTEMD.glob("*.service"))
COMMON = SYSTEMD / "kpi-stream-.service.d" / "common.conf"
PROGRAM = "/opt/kpi-stream/bin/kpi-stream"
EXPOSURE_AT_MOST = 20
"""Tenths of systemd's own figure, of which 10.0 is the worst."""
SPECIFIERS = {"%i": "1", "%H": "host"}

Unit = dict[str, list[str]]


def read(*paths: Path) -> Unit:
    """`Section.Key` -> values, in order; an empty one takes back those before it, as systemd does."""
    found: Unit = defaultdict(list)
    for path in paths:
        section = ""
        for line in path.read_text("utf-8").splitlines():
            if head := re.fullmatch(r"\[(\w+)\]", line):
                section = head[1]
            elif line and not line.startswith("#"):
                key, _, value = line.partition("=")
                found[f"{section}.{key}"].append(value)
    return found


def unit(service: str) -> Unit:
    """A service with what holds for all of them."""
    return read(SYSTEMD / service, COMMON)


def variables(of: Unit) -> dict[str, str]:
    found = {}
    for word in " ".join(of["Service.Environment"]).split():
        name, _, value = word.partition("=")
        for specifier, stands_for in SPECIFIERS.items():
            value = value.replace(specifier, stands_for)
        found[name] = value
    return found


def test_there_is_a_unit_for_each_program_that_runs_for_good() -> None:
    assert SERVICES == [
        "kpi-stream-board.service",
        "kpi-stream-feeds.service",
        "kpi-stream-forward.service",
        "kpi-stream-worker@.service",
    ]


@pytest.mark.parametrize("service", SERVICES)
def test_a_unit_starts_a_command_that_exists_with_options_that_it_has(service: str) -> None:
    (line,) = unit(service)["Service.ExecStart"]
    program, *words = line.split()
    assert program == PROGRAM
    command: Any = typer.main.get_command(app)
    for word in words:
        if word.startswith("--"):
            assert word in {option for parameter in command.params for option in parameter.opts}
        elif hasattr(command, "commands"):
            command = command.commands[word]
    assert not hasattr(command, "commands"), "it names a whole command"


@pytest.mark.parametrize("service", SERVICES)
def test_a_unit_has_no_root_no_rights_and_nothing_to_write_but_its_own_folder(service: str) -> None:
    said = unit(service)
    assert said["Service.User"] == ["kpi-stream"]
    assert said["Service.NoNewPrivileges"] == said["Service.PrivateTmp"] == said["Service.ProtectHome"] == ["yes"]
    assert said["Service.ProtectSystem"] == ["strict"]
    assert said["Service.CapabilityBoundingSet"] == [""]
    assert said["Service.SystemCallFilter"][0] == "@system-service"
    assert "Service.MemoryMax" in said
    assert not {"Service.ReadWritePaths", "Service.PermissionsStartOnly"} & set(said)


@pytest.mark.parametrize("service", SERVICES)
def test_a_unit_is_started_again_unless_a_person_must_come_first_and_is_given_time_to_stop(service: str) -> None:
    said = unit(service)
    assert said["Service.Restart"] == ["always"]
    assert said["Service.RestartPreventExitStatus"] == ["4"]
    (seconds,) = said["Service.TimeoutStopSec"]
    assert int(seconds.removesuffix("s")) > 15
    assert said["Unit.StartLimitIntervalSec"] == ["0"]
    assert said["Install.WantedBy"] == said["Unit.PartOf"] == ["kpi-stream.target"]


@pytest.mark.parametrize("service", SERVICES)
def test_its_variables_are_keys_of_the_configuration(service: str) -> None:
    said = variables(unit(service))
    assert said.pop("KPI_STREAM_CONFIG").startswith("/etc/kpi-stream/")
    settings = load(None, said)
    if service == "kpi-stream-worker@.service":
        assert settings.kafka.group_instance_id == "host-1"
        assert settings.http.port == 6071


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units as systemd would find them, with a program that is there."""
    shutil.copytree(SYSTEMD, tmp_path / "units")
    here = str(Path(sys.executable).with_name("kpi-stream"))
    for path in (tmp_path / "units").glob("*.service"):
        path.write_text(path.read_text().replace(PROGRAM, here))
    return tmp_path / "units"


@pytest.fixture
def analyze(installed: Path, program: Callable[[str], str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"SYSTEMD_UNIT_PATH": f"{installed}:"}
        command = [program("systemd-analyze"), *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)

    return run


def paths(installed: Path) -> list[str]:
    return [str(installed / name.replace("@.", "@1.")) for name in (*SERVICES, "kpi-stream.target")]


def test_systemd_finds_nothing_wrong(installed: Path, analyze: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = analyze("verify", "--man=no", *paths(installed))
    ours = [line for line in done.stderr.splitlines() if "kpi-stream" in line]
    assert (done.returncode, ours) == (0, []), done.stderr
    misspelt = installed / "kpi-stream-board.service"
    misspelt.write_text(misspelt.read_text().replace("MemoryMax=", "MemoryMaximum="))
    assert "MemoryMaximum" in analyze("verify", "--man=no", str(misspelt)).stderr


def test_what_systemd_says_a_unit_exposes_is_little(
    installed: Path, analyze: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    services = paths(installed)[:-1]
    done = analyze("security", "--offline=true", f"--threshold={EXPOSURE_AT_MOST}", *services)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("Overall exposure level for") == len(services)
