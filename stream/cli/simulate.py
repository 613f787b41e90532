"""`kpi-stream simulate`: a seeded contact-centre world, to Kafka or to a file."""

import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from stream.cli.broker import refuse_denied
from stream.cli.configuration import Config, settings_of
from stream.cli.failure import CommandError, warn
from stream.cli.options import instant_option
from stream.cli.progress import show_line

if TYPE_CHECKING:
    from stream.simulate.mess import Item, Mess

DEFAULT_FROM = "2026-11-02T00:00:00Z"
DEFAULT_FILE_EVENTS = 100_000


Out = Annotated[
    str | None,
    typer.Option(
        "--out", metavar="FILE", help="To a file (plain, .gz or .zst; `-`: stdout), not Kafka.", show_default=False
    ),
]
Events = Annotated[
    int | None,
    typer.Option("--events", min=1, help="End after so many (repetitions and garbage on top).", show_default=False),
]
From = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="T", help=f"First instant; to a file {DEFAULT_FROM}, to Kafka now.", show_default=False
    ),
]
To = Annotated[str | None, typer.Option("--to", metavar="T", help="End before this instant.", show_default=False)]
Agents = Annotated[
    int | None,
    typer.Option(
        "--agents",
        min=1,
        help="About how many, one at least for each team and shift (36); else as many as the rate needs.",
        show_default=False,
    ),
]
Shares = Annotated[
    str,
    typer.Option(
        "--mess",
        metavar="SHARES",
        help="`none`, `believable`, or shares such as duplicates=0.01,late=0.02,corrections=0.01,conflicts=0.01,"
        "malformed=0.001,invalid=0.001.",
    ),
]
History = Annotated[
    bool, typer.Option("--history/--no-history", help="Live: begin with six thin days and the day so far.")
]
Incident = Annotated[
    bool, typer.Option("--incident/--no-incident", help="Live: after five minutes, dials fail for ten.")
]


class _World(NamedTuple):
    """What is asked of the events, live or not."""

    seed: int
    rate: float
    events: int | None
    to_ms: int | None
    agents: int | None
    mess: "Mess"


def simulate(
    out: Out = None,
    rate: Annotated[float, typer.Option("--rate", min=0.001, help="Events a second, the mean over a day.")] = 200.0,
    events: Events = None,
    from_: From = None,
    to: To = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed and options give the same events.")] = 1,
    agents: Agents = None,
    mess: Shares = "believable",
    history: History = True,
    incident: Incident = True,
    config: Config = None,
) -> None:
    """Makes the events of a seeded contact-centre world: to Kafka, or to a file.

    \b
    Examples:
      kpi-stream simulate --rate 300
      kpi-stream simulate --from 2026-11-02T00:00:00Z --events 2000000
      kpi-stream simulate --out events.jsonl.gz --events 100000 --seed 7 --mess none

    To Kafka without --from it is live: each event is sent at its time, until it is stopped. With --from the events are
    sent as fast as it goes. A file without --events and --to gets 100,000 events.
    """
    from stream.simulate.outlet import CannotProduce

    shares = _mess(mess)
    from_ms = instant_option("--from", from_)
    world = _World(seed, rate, events, instant_option("--to", to), agents, shares)
    live = out is None and from_ms is None
    try:
        items = _live(world, history, incident) if live else _batch(world, from_ms)
        if out is None:
            _to_kafka(config, items, live)
        else:
            _to_file(items, out)
    except CannotProduce as error:
        raise CommandError(str(error)) from error
    except ValueError as error:
        raise CommandError(str(error), exit_code=2) from error


def _live(world: _World, history: bool, incident: bool) -> "Iterator[Item]":
    from stream.simulate.scenario import batch, live
    from stream.simulate.stamp import MINUTE_MS

    seed, rate, events, to_ms, agents, mess = world
    now_ms = time.time_ns() // 1_000_000
    if not history:
        no_end = events is None and to_ms is None
        end_ms = now_ms + 3_650 * 86_400_000 if no_end else to_ms
        return batch(seed, now_ms, rate=rate, events=events, to_ms=end_ms, agents=agents, mess=mess)
    incident_after_ms = 5 * MINUTE_MS if incident else None
    endless = live(seed, now_ms, rate=rate, agents=agents, mess=mess, incident_after_ms=incident_after_ms)
    limited = endless if to_ms is None else _until(endless, to_ms)
    return limited if events is None else islice(limited, events)


def _until(items: "Iterator[Item]", to_ms: int) -> "Iterator[Item]":
    for item in items:
        if item[0] >= to_ms:
            return
        yield item


def _batch(world: _World, from_ms: int | None) -> "Iterator[Item]":
    from stream.facts.instant import instant_ms
    from stream.simulate.scenario import batch

    seed, rate, events, to_ms, agents, mess = world
    begin_ms = instant_ms(DEFAULT_FROM) if from_ms is None else from_ms
    if to_ms is not None and to_ms <= begin_ms:
        raise ValueError("--to is not after --from")
    if events is None and to_ms is None:
        events = DEFAULT_FILE_EVENTS
    return batch(seed, begin_ms, rate=rate, events=events, to_ms=to_ms, agents=agents, mess=mess)


def _to_kafka(config: "Config", items: "Iterator[Item]", live: bool) -> None:
    from stream.simulate.produce import send

    settings = settings_of(config)
    refuse_denied(settings)
    clock: Callable[[], int] | None = (lambda: time.time_ns() // 1_000_000) if live else None
    produced = send(
        items,
        settings.kafka_client_options(),
        topic_prefix=settings.kafka.topic_prefix,
        clock_ms=clock,
        report=show_line,
        warn=warn,
    )
    print(f"{produced.events} events sent in {produced.seconds:.1f} s", file=sys.stderr)


def _to_file(items: "Iterator[Item]", out: str) -> None:
    from stream.simulate.files import write_lines

    try:
        count = write_lines(items, out, lambda lines: show_line(f"{lines:,} lines"))
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CommandError(f"{out}: {error.strerror or error}") from error
    show_line("")
    print(f"{count} lines in {out}", file=sys.stderr)


def _mess(text: str) -> "Mess":
    from dataclasses import fields

    from stream.simulate.mess import BELIEVABLE, Mess

    if text == "believable":
        return BELIEVABLE
    if text == "none":
        return Mess()
    known = [field.name for field in fields(Mess)]
    shares: dict[str, Any] = {}
    for part in text.split(","):
        name, _, share = (piece.strip() for piece in part.partition("="))
        if share and name not in known:
            raise CommandError(f"--mess: no such share: {name!r} (there are {', '.join(known)})", exit_code=2)
        try:
            shares[name] = int(share) if name == "late_by_ms" else float(share)
        except ValueError as error:
            raise CommandError(f"--mess: {part!r} is not a share such as late=0.02", exit_code=2) from error
    try:
        return Mess(**shares)
    except ValueError as error:
        raise CommandError(f"--mess: {error}", exit_code=2) from error
