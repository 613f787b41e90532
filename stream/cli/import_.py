"""`kpi-stream import`: public data sets as events."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stream.cli.broker import refuse_denied
from stream.cli.configuration import Config, settings_of
from stream.cli.failure import CommandError, warn
from stream.cli.options import check_identifier

if TYPE_CHECKING:
    from stream.simulate.mess import Item


def import_(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="anonymous-bank, berka or cfpb.", show_default=False)],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The data set's file.", show_default=False)],
    out: Annotated[
        str | None,
        typer.Option(
            "--out", metavar="FILE", help="To a file (plain, .gz or .zst); stdout by default.", show_default=False
        ),
    ] = None,
    kafka: Annotated[bool, typer.Option("--kafka", help="To Kafka instead, in the order of time.")] = False,
    site: Annotated[str, typer.Option("--site", metavar="ID", help="The site_id of the events.")] = "main",
    config: Config = None,
) -> None:
    """Turns a public data set into events.

    \b
    Examples:
      kpi-stream import anonymous-bank anonymous_bank_1999_02_calls.tsv --out calls.jsonl
      kpi-stream import cfpb complaints.csv | kpi-stream replay --input - --out numbers
      kpi-stream import berka berka_trans.asc --kafka --config my.yaml

    A line of the file that holds no whole row is named on stderr, and the rows around it are read. Into Kafka such old
    events need `time.idle_advance: false` at the worker.
    """
    from stream.importers import SOURCES, CannotImport
    from stream.simulate.outlet import CannotProduce

    if source not in SOURCES:
        raise CommandError(f"no such source: {source!r} (there are {', '.join(SOURCES)})", exit_code=2)
    if kafka and out is not None:
        raise CommandError("--kafka and --out: only one of them", exit_code=2)
    check_identifier("--site", site)
    try:
        if kafka:
            _to_kafka(config, SOURCES[source](file, site))
        else:
            _to_file(SOURCES[source](file, site), out or "-")
    except (CannotImport, CannotProduce) as error:
        raise CommandError(str(error)) from error


def _to_kafka(config: Path | None, rows: Iterable[Any]) -> None:
    from stream.importers import in_time_order
    from stream.simulate.produce import send

    settings = settings_of(config)
    refuse_denied(settings)
    produced = send(
        _whole(in_time_order(rows)),
        settings.kafka_client_options(),
        topic_prefix=settings.kafka.topic_prefix,
        warn=warn,
    )
    print(f"{produced.events} events sent in {produced.seconds:.1f} s", file=sys.stderr)


def _to_file(rows: Iterable[Any], out: str) -> None:
    from stream.simulate.files import write_lines

    try:
        count = write_lines(_whole(rows), out)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CommandError(f"{out}: {error.strerror or error}") from error
    print(f"{count} events", file=sys.stderr)


def _whole(rows: Iterable[Any]) -> "Iterator[Item]":
    """The events of the rows, without those that are torn, each of which is a warning."""
    from stream.importers import Torn

    for row in rows:
        if isinstance(row, Torn):
            warn(str(row))
        else:
            yield 0, row
