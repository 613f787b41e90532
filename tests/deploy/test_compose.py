"""The compose file and the image: what they start is what the product has."""

import importlib
import re
import shutil
import subprocess
import tomllib
from typing import Any

import pytest
import typer.main
import yaml

from deploy.checks.images import images
from stream.cli.main import app
from stream.settings import load
from tests.deploy.expressions import DEPLOY

ROOT = DEPLOY.parent
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
OURS = ["topics", "worker", "board", "forward", "simulator"]


def test_compose_reads_its_file() -> None:
    """Where docker-compose is installed it reads the file itself; the parse above is the least that must hold."""
    command = shutil.which("docker-compose")
    if command is not None:
        file = str(DEPLOY / "compose.yaml")
        done = subprocess.run([command, "-f", file, "config"], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
    assert set(OURS) < set(COMPOSE["services"])


@pytest.mark.parametrize("service", OURS)
def test_our_services_run_commands_that_exist_with_options_that_they_have(service: str) -> None:
    words = COMPOSE["services"][service]["command"]
    command: Any = typer.main.get_command(app)
    for word in words:
        if word.startswith("--"):
            assert word in {option for parameter in command.params for option in parameter.opts}
        elif hasattr(command, "commands"):
            command = command.commands[word]


def test_the_worker_is_scraped_at_the_port_that_it_listens_on_and_is_given_time_to_stop() -> None:
    settings = load(DEPLOY / "compose" / "kpi-stream.yaml", environ={})
    prometheus = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text("utf-8"))
    job = next(job for job in prometheus["scrape_configs"] if job["job_name"] == "kpi-stream")
    assert job["dns_sd_configs"][0]["names"] == ["worker"]
    assert job["dns_sd_configs"][0]["port"] == settings.http.port
    assert settings.http.host == "0.0.0.0"
    assert settings.warnings() == []
    grace = COMPOSE["services"]["worker"]["stop_grace_period"]
    assert int(grace.removesuffix("s")) > 15


def test_every_mounted_file_exists() -> None:
    mounts = [mount for service in COMPOSE["services"].values() for mount in service.get("volumes", ())]
    ours = [mount.split(":")[0] for mount in mounts if mount.startswith(".")]
    assert len(ours) >= 5
    assert [path for path in ours if not (DEPLOY / path).exists()] == []


def test_the_image_is_hash_locked_has_no_root_and_the_python_that_the_product_asks_for() -> None:
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    for install in re.findall(r"pip install (.+)", text):
        assert "--require-hashes" in install or "--no-deps" in install
    last = text.split("FROM ")[-1]
    assert re.search(r"^USER [1-9]\d+$", last, re.MULTILINE)
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    minimum = tuple(int(part) for part in needed.removeprefix(">=").split("."))
    bases = [image for file, image in images() if file == "Dockerfile"]
    versions = [tuple(int(n) for n in image.split(":")[1].split("-")[0].split(".")) for image in bases]
    assert len(versions) == 2
    assert all(version >= minimum for version in versions)
    for source in re.findall(r"^COPY ([^-].*) ", text, re.MULTILINE):
        assert [name for name in source.split() if not (ROOT / name).exists()] == []


def test_every_port_is_open_to_this_machine_alone() -> None:
    ports = {name: service.get("ports", []) for name, service in COMPOSE["services"].items()}
    published = [port for each in ports.values() for port in each]
    assert len(published) >= 4
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_every_service_has_no_capabilities_gains_none_and_has_an_end_to_its_memory(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])


@pytest.mark.parametrize("name", OURS)
def test_ours_write_nowhere_and_are_asked_for_their_health_only_where_they_serve_pages(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"]
    serves = service["command"][0] in ("worker", "board")
    assert service.get("healthcheck", {}).get("disable", False) is not serves


def test_the_health_check_of_the_image_is_one_that_exists() -> None:
    (check,) = re.findall(r'^HEALTHCHECK .*CMD \["python", "-m", "([\w.]+)"\]', DOCKERFILE, re.MULTILINE)
    assert callable(importlib.import_module(check).main)
    assert "6066/health" not in DOCKERFILE
