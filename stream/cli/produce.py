"""`kpi-stream produce`: events from files to Kafka, each with the key and in the partition where it belongs."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from stream.cli.broker import refuse_denied
from stream.cli.configuration import Config, settings_of
from stream.cli.failure import INTERRUPTED, CommandError, warn
from stream.cli.options import Progress
from stream.cli.progress import show_line
from stream.facts.printable import printable

if TYPE_CHECKING:
    from stream.replay.chunks import FilePosition
    from stream.replay.reading import Block, InputPart
    from stream.settings import Settings
    from stream.simulate.produce import Sendable

NAMED = 20
"""So many lines that are not sent are named one by one; the others are counted."""
WHOLE = 1 << 62
"""Files are read whole, one after the other: their events keep their order."""
SHOWN = 60
"""Characters of such a line that are shown."""


def produce(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Files of events; `-` is standard input.", show_default=False)
    ],
    strict: Annotated[bool, typer.Option("--strict", help="End with 1 if a line was not sent.")] = False,
    progress: Progress = None,
    config: Config = None,
) -> None:
    """Sends events of the contract to Kafka, each to its topic with the key and partition that it must have.

    \b
    Examples:
      kpi-stream produce events.jsonl --config my.yaml
      kpi-stream produce monday.jsonl.gz tuesday.jsonl.zst
      our-export | kpi-stream produce -

    Files are JSON Lines (plain, .gz, .zst) or Parquet, as `replay` takes them; the bytes of an event are sent as they
    are, in their order. A line that is no event is named on stderr with file, line and reason, and is not sent; the
    others are. What is sent twice counts once, so a run that was broken off may be made again. Exit codes: 0 sent,
    1 a file is missing or torn (what was readable is sent), or Kafka did not take it. Old events need
    `time.idle_advance: false` at the worker.
    """
    from stream.replay.chunks import FilePosition, InputError
    from stream.replay.reading import parts_of
    from stream.simulate.outlet import CannotProduce
    from stream.simulate.produce import send

    settings = settings_of(config)
    position = FilePosition()
    try:
        parts = parts_of(files, part_bytes=WHOLE)
    except InputError as error:
        raise CommandError(str(error)) from error
    refuse_denied(settings)
    position.total = 0 if "-" in files else sum(_size(file) for file in files)
    events = Events(settings, parts, position)

    def report(line: str) -> None:
        share = f", {100 * position.read // position.total} %" if position.total else ""
        show_line(f"{line}{share}", progress)

    try:
        produced = send(
            events, settings.kafka_client_options(), topic_prefix=settings.kafka.topic_prefix, report=report, warn=warn
        )
    except CannotProduce as error:
        raise CommandError(str(error)) from error
    show_line("", progress)
    refused = f", {events.refused} lines not sent" if events.refused else ""
    print(f"{produced.events} events sent in {produced.seconds:.1f} s{refused}", file=sys.stderr)
    if events.torn is not None:
        raise CommandError(str(events.torn))
    if produced.stopped:
        raise typer.Exit(INTERRUPTED)
    if strict and events.refused:
        raise typer.Exit(1)


def _size(file: str) -> int:
    from pathlib import Path

    return Path(file).stat().st_size


class Events:
    """The events of files, ready to be sent. `refused`: how many lines were none; `torn`: the error that ended the
    reading, after which nothing more comes."""

    def __init__(self, settings: "Settings", parts: "list[InputPart]", position: "FilePosition") -> None:
        from stream.partition.intake import decoder_of

        self.refused = 0
        self.torn: Exception | None = None
        self._decode_all = decoder_of(settings.plan())
        self._record_bytes = settings.record_bytes
        self._parts = parts
        self._position = position

    def __iter__(self) -> "Iterator[Sendable]":
        """Every event; None where standard input has nothing at the moment."""
        from stream.replay.chunks import STDIN, InputError
        from stream.replay.waiting import unhurried

        try:
            for part in self._parts:
                blocks = part.blocks(self._position)
                for block in unhurried(blocks) if part.source == STDIN else blocks:
                    if block is None:
                        yield None
                        continue
                    yield from self._ready(part.source, block)
        except InputError as error:
            self.torn = error

    def _ready(self, source: str, block: "Block") -> "Iterator[Sendable]":
        from stream.facts.decode import Rejection
        from stream.facts.identity import expected_key
        from stream.simulate.outlet import Ready

        for line, value, fact in zip(block.lines, block.values, self._decode_all(block.values), strict=True):
            if isinstance(fact, Rejection):
                self._refuse(f"{source}:{line}", value, *fact)
            elif len(value) > self._record_bytes:
                limit = f"{len(value)} bytes, more than limits.record_bytes {self._record_bytes}"
                self._refuse(f"{source}:{line}", value, "oversized", limit)
            else:
                yield fact.occurred_at, Ready(fact.TYPE, expected_key(fact), value)

    def _refuse(self, place: str, value: bytes, reason: str, detail: str) -> None:
        self.refused += 1
        if self.refused <= NAMED:
            warn(f"{place}: not sent: {reason}: {detail}: {printable(value, SHOWN)}")
        elif self.refused == NAMED + 1:
            warn("further lines that are not sent are only counted")
