"""Every command of the compose file, run as compose would, but without containers: real programs, at free ports."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Self

import pytest
import yaml

from deploy.local.child import Child
from tests.deploy.expressions import DEPLOY
from tests.deploy.prometheus import free_port

SERVICES: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
WAIT_S = 90
BINARIES = {"alertmanager": "prometheus-alertmanager"}
"""What Debian calls them."""


class Machine:
    """What compose gives its services, on this machine: volumes become folders, names of services free ports."""

    def __init__(self, folder: Path, kafka: str, prefix: str) -> None:
        self.folder = folder
        self.ports = {name: free_port() for name in SERVICES}
        self.environment = {
            "KPI_STREAM_KAFKA__BOOTSTRAP_SERVERS": kafka,
            "KPI_STREAM_KAFKA__TOPIC_PREFIX": prefix,
            "KPI_STREAM_KAFKA__GROUP": prefix,
        }
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def path(self, service: str, within: str) -> str:
        """Where a path within the service's container is here."""
        for mount in SERVICES[service].get("volumes", ()):
            source, target, *_ = mount.split(":")
            if within == target or within.startswith(f"{target}/"):
                here = DEPLOY / source if source.startswith(".") else self.folder / service / source
                if not source.startswith("."):
                    here.mkdir(parents=True, exist_ok=True)
                return f"{here}{within.removeprefix(target)}"
            if within and target.startswith(f"{within}/"):  # a folder of the image, into which files are mounted
                link = self.folder / service / within.lstrip("/") / target.removeprefix(f"{within}/")
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(DEPLOY / source)
                return str(link.parent)
        return within

    def words(self, service: str) -> list[str]:
        """The service's command, with paths and names of this machine."""
        return [self._word(service, word) for word in SERVICES[service]["command"]]

    def _word(self, service: str, word: str) -> str:
        option, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
        value = self.path(service, value)
        if found := re.fullmatch(r"http://([a-z]+):\d+", value):
            value = f"http://127.0.0.1:{self.ports[found[1]]}"
        return f"{option}{equals}{value}"

    def start(self, service: str, program: str, *more: str) -> Child:
        """The service's command by this program, in a working folder that is empty."""
        home = self.folder / service / "home"
        home.mkdir(parents=True)
        command = ["env", f"--chdir={home}", program, *self.words(service), *more]
        child = Child(service, command, os.environ | self.environment_of(service), self.folder)
        self._stack.callback(child.stop, 30)
        return child

    def environment_of(self, service: str) -> dict[str, str]:
        said = {name: self.path(service, value) for name, value in SERVICES[service].get("environment", {}).items()}
        return said | self.environment | {"KPI_STREAM_HTTP__PORT": str(self.ports[service])}

    def answer(self, service: str, page: str) -> str:
        """What a page of the service says; empty while nobody answers or the answer is an error."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[service]}{page}", timeout=5) as answer:
                return str(answer.read().decode()) or "nothing"
        except OSError:
            return ""


@pytest.fixture
def kpi_stream() -> str:
    """The program that the image starts."""
    (entry,) = re.findall(r"^ENTRYPOINT (\[.+\])$", DOCKERFILE, re.MULTILINE)
    (name,) = json.loads(entry)
    return str(Path(sys.executable).with_name(name))


@pytest.fixture
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Machine]:
    kafka, prefix = "127.0.0.1:1", "none"
    if request.node.get_closest_marker("broker"):
        kafka, prefix = request.getfixturevalue("broker"), request.getfixturevalue("topic_prefix")
    with Machine(tmp_path, kafka, prefix) as made:
        yield made


def until(child: Child, what: str, holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert child.exit_code is None, f"{child.name}, waiting for {what}: {child.failure()}"
        assert time.monotonic() < deadline, f"{child.name}: no {what}{child.tail()}"
        time.sleep(0.1)


@pytest.mark.broker
@pytest.mark.timeout(400)
def test_our_services_do_what_they_are_there_for_and_end_in_order(machine: Machine, kpi_stream: str) -> None:
    machine.start("topics", kpi_stream).succeed(WAIT_S)
    worker, board = machine.start("worker", kpi_stream), machine.start("board", kpi_stream)
    with socket.create_server(("127.0.0.1", machine.ports["alertmanager"])):  # nobody who answers: it waits
        forward, simulator = machine.start("forward", kpi_stream), machine.start("simulator", kpi_stream)
        for child in (worker, board):
            until(child, "health", partial(healthy, machine, child.name))
        until(worker, "events", lambda: "collections_events_consumed_total{" in machine.answer("worker", "/metrics"))
        until(board, "page", lambda: "<html" in machine.answer("board", "/"))
        until(forward, "place", lambda: "the place is kept under group" in forward.tail())
        for child in (simulator, forward, worker, board):
            assert child.exit_code is None, child.failure()
            child.stop(WAIT_S)
            assert child.exit_code == 0, child.failure()
    assert list(machine.folder.glob("*/home/*")) == [], "their root is read-only"


def healthy(machine: Machine, service: str) -> bool:
    """What the health check of the image says."""
    (check,) = re.findall(r"^HEALTHCHECK .*CMD (\[.+\])$", DOCKERFILE, re.MULTILINE)
    _, *words = json.loads(check)
    environment = os.environ | machine.environment_of(service)
    done = subprocess.run([sys.executable, *words], env=environment, capture_output=True, timeout=60, check=False)
    return done.returncode == 0


@pytest.mark.prometheus
@pytest.mark.parametrize(("service", "page"), [("prometheus", "/-/ready"), ("alertmanager", "/-/ready")])
def test_what_watches_starts_with_the_configuration_and_the_options_that_it_is_given(
    machine: Machine, program: Callable[[str], str], service: str, page: str
) -> None:
    listen = f"--web.listen-address=127.0.0.1:{machine.ports[service]}"
    alone = ["--cluster.listen-address="] if service == "alertmanager" else []
    started = machine.start(service, program(BINARIES.get(service, service)), listen, *alone)
    until(started, "answer", lambda: machine.answer(service, page))
    if service == "prometheus":
        assert "CollectionsLagHigh" in machine.answer(service, "/api/v1/rules")
        assert "# Runbook" in machine.answer(service, "/user/runbook.md")


def test_every_service_with_a_command_is_run_here() -> None:
    """Kafka and Grafana have none: they are told by variables and by files (test_compose.py, test_dashboards.py)."""
    run = {"topics", "worker", "board", "forward", "simulator", "prometheus", "alertmanager"}
    assert {name for name, service in SERVICES.items() if "command" in service} == run
