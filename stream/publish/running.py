"""The `board` command: serves the wallboard page on its own, with or without a worker running."""

import asyncio
import signal
import sys
from collections.abc import Callable, Sequence

from prometheus_client import CollectorRegistry, ProcessCollector

from stream.http.access import access_of
from stream.publish.alert_pages import AlertPages
from stream.publish.facts import FactsPage
from stream.publish.meters import Meters
from stream.publish.monitoring import export_settings
from stream.publish.wallboard import Wallboard
from stream.publish.web import HealthAnswers, Web
from stream.settings import Settings, SettingsError


def run_board(
    settings: Settings,
    http_port: int | None = None,
    say: Callable[[str], None] = print,
    explain: Sequence[str] | None = None,
) -> int:
    """Serves the page until SIGINT or SIGTERM and returns 0; 1 if it cannot listen, 2 if a file that `http` names
    cannot be used. `http_port`: instead of http.port; 0: any free one. `say` prints the address. `explain`: the command
    that prints the facts behind a number; None: nobody may ask for them.

    A broker that is not there yet is waited for, and the page says so.
    """
    return asyncio.run(_run(settings, settings.http.port if http_port is None else http_port, say, explain))


async def _run(settings: Settings, port: int, say: Callable[[str], None], explain: Sequence[str] | None) -> int:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, stopped.set)
    try:
        access = access_of(settings)
    except SettingsError as error:
        sys.stderr.write(f"kpi-stream board: {error}\n")
        return 2
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    meters = Meters(registry)
    export_settings(meters, settings)
    wallboard = Wallboard(settings, meters=meters)
    health, facts = HealthAnswers(ready=lambda: _not_ready(wallboard)), FactsPage(explain)
    pages = AlertPages(settings, wallboard).pages()
    web = Web(registry, health, wallboard, access=access, facts=facts, pages=pages)
    host = settings.http.host
    try:
        port = await web.start(host, port)
    except OSError as error:
        sys.stderr.write(f"kpi-stream board: cannot listen on {host}:{port}: {error.strerror or error}\n")
        return 1
    wallboard.start()
    say(f"board on {access.url(port)}/")
    sys.stdout.flush()
    await stopped.wait()
    await web.stop()
    return 0


def _not_ready(wallboard: Wallboard) -> str | None:
    return wallboard.feed.problem or (None if wallboard.feed.loaded else "reading the output topics")
