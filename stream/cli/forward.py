"""`kpi-stream forward`: alerts to Alertmanager or a webhook, until it is stopped."""

import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from stream.cli.configuration import Config, settings_of
from stream.cli.failure import CommandError, warn
from stream.cli.options import Progress
from stream.cli.progress import show_line

if TYPE_CHECKING:
    from stream.forward.channel import Told
    from stream.forward.forwarder import Forwarder
    from stream.forward.refused import RefusedFile
    from stream.settings import Settings

SECRET_VARIABLE = "KPI_STREAM_WEBHOOK_SECRET"


AlertmanagerUrl = Annotated[
    str | None, typer.Option("--alertmanager", metavar="URL", help="Such as http://am:9093.", show_default=False)
]
WebhookUrl = Annotated[
    str | None, typer.Option("--webhook", metavar="URL", help="Every record is posted to it.", show_default=False)
]
SecretFile = Annotated[
    Path | None,
    typer.Option(
        "--secret-file",
        metavar="FILE",
        help=f"What posts to the webhook are signed with; else ${SECRET_VARIABLE}.",
        show_default=False,
    ),
]
Refused = Annotated[Path, typer.Option("--refused", metavar="FILE", help="Alerts that were refused are added to it.")]
Group = Annotated[
    str | None,
    typer.Option(
        "--group", metavar="NAME", help="Under which it keeps its place: <kafka.group>.forward.", show_default=False
    ),
]


def forward(
    alertmanager: AlertmanagerUrl = None,
    webhook: WebhookUrl = None,
    secret_file: SecretFile = None,
    refused: Refused = Path("refused-alerts.jsonl"),
    group: Group = None,
    only_new: Annotated[
        bool, typer.Option("--only-new", help="Where it never ran before, leave out what is in the topic.")
    ] = False,
    moved: Annotated[bool, typer.Option("--moved", help="The webhook is the same under another address.")] = False,
    progress: Progress = None,
    config: Config = None,
) -> None:
    """Sends alerts on, until Ctrl-C or SIGTERM: each at least once, in order per alert, silenced and muted ones not.

    \b
    Examples:
      kpi-stream forward --alertmanager http://localhost:9093
      kpi-stream forward --webhook https://example.org/alerts --secret-file /run/secrets/webhook --only-new
      kpi-stream forward --webhook https://other.example.org/alerts --group desk --refused /var/lib/kpi/refused.jsonl

    To Alertmanager, what fires is posted again each minute. To a webhook each record is posted as it is in the topic,
    with `Idempotency-Key: ALERT_ID:STATE` and, with a secret, `X-Signature-256: sha256=HMAC of the body`. An answer of
    5xx or 429, or none, is tried again; 4xx is not. After a restart it goes on where it was.
    """
    if alertmanager is None and webhook is None:
        raise CommandError("forward: --alertmanager or --webhook is required", exit_code=2)
    for option, url in (("--alertmanager", alertmanager), ("--webhook", webhook)):
        _check_url(option, url)
    settings, secret = settings_of(config), _secret(secret_file)
    from stream.cli.broker import refuse_denied
    from stream.forward.forwarder import CannotForward
    from stream.forward.refused import RefusedFile

    refuse_denied(settings)
    try:
        refused_file = RefusedFile(refused)
    except OSError as error:
        raise CommandError(f"--refused: {refused}: {error.strerror or error}", exit_code=2) from error
    wish = _Wish(group or f"{settings.kafka.group}.forward", alertmanager, webhook, secret, only_new, moved)
    with refused_file:
        try:
            asyncio.run(_run(settings, wish, refused_file, progress))
        except CannotForward as error:
            raise CommandError(f"forward: {error}") from error


@dataclass(frozen=True)
class _Wish:
    group: str
    alertmanager: str | None
    webhook: str | None
    secret: bytes | None
    only_new: bool
    moved: bool


async def _run(settings: "Settings", wish: _Wish, refused: "RefusedFile", progress: bool | None) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with AsyncExitStack() as stack:
        running = [
            asyncio.create_task(each.run(stopped))
            for each in await _forwarders(settings, wish, refused, stack, progress)
        ]
        await asyncio.wait(running, return_when=asyncio.FIRST_EXCEPTION)
        stopped.set()  # where one cannot go on, neither does the other
        await asyncio.gather(*running)


async def _forwarders(
    settings: "Settings", wish: _Wish, refused: "RefusedFile", stack: AsyncExitStack, progress: bool | None
) -> "list[Forwarder]":
    """One for each receiver."""
    from stream.forward.alertmanager import Alertmanager, alerts_url
    from stream.forward.forwarder import Forwarder, Wish
    from stream.forward.posting import Poster
    from stream.forward.silences import Silences
    from stream.forward.webhook import Webhook

    found = []
    for name, url in (("alertmanager", wish.alertmanager), ("webhook", wish.webhook)):
        if url is None:
            continue
        silences, of = Silences(), Wish(f"{wish.group}.{name}", wish.only_new, wish.moved)
        address = alerts_url(url) if name == "alertmanager" else url
        poster = await stack.enter_async_context(Poster(address, lambda line: warn(f"forward: {line}")))
        receiver = (
            Alertmanager(address, poster, silences, refused)
            if name == "alertmanager"
            else Webhook(address, poster, silences, refused, wish.secret)
        )
        stack.callback(_count, poster.host, receiver.told)
        report = _Shown(poster.host, receiver.told, progress).report
        found.append(Forwarder(settings, of, receiver, silences, lambda line: warn(f"forward: {line}"), report))
        print(f"forward: alerts go to {poster.host}; the place is kept under group {of.group}", file=sys.stderr)
    return found


def _count(host: str, told: "Told") -> None:
    print(f"forward: {host}: {told.line()}", file=sys.stderr)


class _Shown:
    """A line of progress."""

    def __init__(self, host: str, told: "Told", wanted: bool | None) -> None:
        self._host, self._told, self._wanted = host, told, wanted

    def report(self, waiting: int) -> None:
        """Shows it."""
        show_line(f"{self._host}: {self._told.line()}, {waiting:,} waiting ", self._wanted)


def _check_url(option: str, url: str | None) -> None:
    if url is None:
        return
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise CommandError(f"{option}: is not an address such as https://example.org/alerts", exit_code=2)


def _secret(file: Path | None) -> bytes | None:
    """The secret of the file or the environment; None: there is none."""
    if file is None:
        given = os.environ.get(SECRET_VARIABLE)
        return given.encode() if given else None
    try:
        secret = file.read_bytes().strip()
    except OSError as error:
        raise CommandError(f"--secret-file: {file}: {error.strerror or error}", exit_code=2) from error
    if not secret:
        raise CommandError(f"--secret-file: {file}: is empty", exit_code=2)
    return secret
