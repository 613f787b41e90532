"""A real Prometheus on a free port, with the product's rules evaluated every second, and what it answers; and a real
Alertmanager with the product's configuration, without its waiting."""

import asyncio
import contextlib
import json
import socket
import time
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import yaml

from tests.deploy.expressions import DEPLOY


class Prometheus:
    """Answers queries about what it has scraped."""

    def __init__(self, base: str) -> None:
        self._base = base

    async def query(self, expression: str) -> list[dict[str, Any]]:
        """An instant query: samples as `{metric, value}`."""
        return list((await self._ask("query", query=expression))["result"])

    async def label_values(self, label: str, selector: str) -> list[str]:
        """What a variable of a dashboard offers."""
        return list(await self._ask(f"label/{label}/values", **{"match[]": selector}))

    async def rule_seconds(self, group: str) -> float:
        """How long the last evaluation of a group of rules took."""
        groups = (await self._ask("rules"))["groups"]
        return float(next(each for each in groups if each["name"] == group)["evaluationTime"])

    async def until(
        self, expression: str, holds: Callable[[list[dict[str, Any]]], bool], timeout_s: float = 90
    ) -> None:
        """Waits until the result of `expression` satisfies `holds`."""
        end_s = time.monotonic() + timeout_s
        while not holds(found := await self.query(expression)):
            assert time.monotonic() < end_s, f"{expression}: {found}"
            await asyncio.sleep(0.3)

    async def _ask(self, what: str, **parameters: str) -> Any:
        url = f"{self._base}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"

        def ask() -> Any:
            with urllib.request.urlopen(url, timeout=60) as answer:
                return json.loads(answer.read())

        answer = await asyncio.to_thread(ask)
        assert answer["status"] == "success", answer
        return answer["data"]


def _write_config(folder: Path, targets: list[str], alertmanager: str | None) -> None:
    """The committed configuration, with these targets, everything once a second, and five of them for a minute."""
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text("utf-8"))
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s", "scrape_timeout": "1s"}
    config["alerting"]["alertmanagers"] = [{"static_configs": [{"targets": [alertmanager]}]}] if alertmanager else []
    jobs = [job for job in config["scrape_configs"] if job["job_name"].startswith("kpi-stream")]
    for job in jobs:
        del job["dns_sd_configs"]
        job["static_configs"] = [{"targets": targets}]
    config["scrape_configs"] = jobs
    (folder / "rules").mkdir(parents=True)
    for file in (DEPLOY / "prometheus" / "rules").glob("*.yml"):
        rules = file.read_text("utf-8").replace("interval: 10s", "interval: 1s").replace("for: 1m\n", "for: 5s\n")
        (folder / "rules" / file.name).write_text(rules, "utf-8")
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), "utf-8")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextlib.asynccontextmanager
async def running(
    binary: str, folder: Path, targets: list[str], *options: str, alertmanager: str | None = None
) -> AsyncIterator[Prometheus]:
    """A Prometheus that scrapes `targets` (host:port) as long as the context lasts; its storage is `folder`/data.

    `alertmanager`: where it sends its alerts (host:port), None: nowhere.
    """
    _write_config(folder, targets, alertmanager)
    port = free_port()
    command = [
        binary, f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn", *options,
    ]  # fmt: skip
    async with _program(command, port, folder / "prometheus.log"):
        yield Prometheus(f"http://127.0.0.1:{port}")


@contextlib.asynccontextmanager
async def notifying(binary: str, folder: Path, webhook: str) -> AsyncIterator[str]:
    """An Alertmanager (its host:port) that sends every notification to `webhook` at once."""
    _write_alertmanager(folder, webhook)
    port = free_port()
    command = [
        binary, f"--config.file={folder / 'alertmanager.yml'}", f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=", "--log.level=warn",
    ]  # fmt: skip
    async with _program(command, port, folder / "alertmanager.log"):
        yield f"127.0.0.1:{port}"


def _write_alertmanager(folder: Path, webhook: str) -> None:
    """The committed configuration, with a webhook for everybody and no waiting."""
    config = yaml.safe_load((DEPLOY / "alertmanager" / "alertmanager.yml").read_text("utf-8"))
    config["route"] |= {"group_wait": "0s", "group_interval": "1s"}
    for receiver in config["receivers"]:
        receiver["webhook_configs"] = [{"url": webhook}]
    folder.mkdir(parents=True)
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(config), "utf-8")


@contextlib.asynccontextmanager
async def _program(command: list[str], port: int, file: Path) -> AsyncIterator[None]:
    log = file.open("wb")
    process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
    try:
        await _ready(port, file)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await asyncio.wait_for(process.wait(), 60)
        log.close()


async def _ready(port: int, log: Path) -> None:
    def ask() -> bool:
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=10) as got,
        ):
            return bool(got.status == 200)
        return False

    for _ in range(300):
        if await asyncio.to_thread(ask):
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"it did not become ready: see {log}")
