"""`kpi-stream replay`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from stream.cli.configuration import Config, settings_of
from stream.cli.failure import CommandError

if TYPE_CHECKING:
    from stream.replay.replay import Summary
    from stream.settings import Settings


Windows = Annotated[
    str | None,
    typer.Option(
        "--windows",
        metavar="NAMES",
        help="Windows to write, separated by commas: all but rolling.",
        show_default=False,
    ),
]
Processes = Annotated[
    int | None,
    typer.Option(
        "--processes", min=1, max=64, metavar="N", help="Processes that count: one per processor.", show_default=False
    ),
]
Progress = Annotated[
    bool | None,
    typer.Option("--progress/--no-progress", help="Show the progress: on a terminal.", show_default=False),
]
Format = Annotated[
    Literal["jsonl", "parquet"], typer.Option("--format", help="What KPI records and alerts are written as.")
]


def replay(
    out: Annotated[
        Path,
        typer.Option(
            "--out", metavar="DIR", help="Folder for the results; made if it is not there.", show_default=False
        ),
    ],
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="FILE...", help="Files of events; `-` is standard input.", show_default=False),
    ] = None,
    more: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE]...", help="More files.", show_default=False)
    ] = None,
    windows: Windows = None,
    run: Annotated[str, typer.Option("--run", metavar="NAME", help="The `run` of the records.")] = "replay",
    output: Format = "jsonl",
    processes: Processes = None,
    progress: Progress = None,
    config: Config = None,
) -> None:
    """Computes the numbers of files of events, through the same core as a live run and without Kafka.

    \b
    Examples:
      kpi-stream replay --input monday.jsonl tuesday.jsonl.gz --out numbers
      kpi-stream replay --input events.parquet --out numbers --windows day,month --config my.yaml
      zcat old/*.gz | kpi-stream replay --input - --out numbers

    Files are JSON Lines (plain, .gz, .zst) or Parquet, and their order and the events' order do not matter. DIR gets
    kpi.jsonl, alerts.jsonl, conduct.jsonl, scores.jsonl, deadletter.jsonl and summary.json. Events that cannot be read
    go to deadletter.jsonl and are no failure; a missing or torn file is one, and then nothing is written.
    """
    from stream.cli.progress import shown
    from stream.replay.chunks import InputError
    from stream.replay.crew import CrewError
    from stream.replay.replay import Wish
    from stream.replay.replay import replay as replayed
    from stream.replay.workfolder import OutputError

    sources = [*(inputs or []), *(more or [])]
    if not sources:
        raise CommandError("no input: give --input FILE", exit_code=2)
    settings = settings_of(config)
    wanted = window_names(settings, windows)
    check_run(run)
    try:
        with shown(sys.stderr.isatty() if progress is None else progress) as watch:
            summary = replayed(settings, sources, out, Wish(run, wanted, processes, output=output), watch)
    except (InputError, OutputError, CrewError) as error:
        raise CommandError(str(error)) from error
    print(told(summary, f"in {out}"), file=sys.stderr)


def told(summary: "Summary", where: str) -> str:
    """What came of it, in one line."""
    dead = sum(summary.deadletters.values())
    tombstones = f", {summary.tombstones} tombstones" if summary.tombstones else ""
    return (
        f"{summary.events_read} events ({summary.events_per_second} per second): {summary.events_accepted} accepted, "
        f"{summary.duplicates} duplicates, {summary.superseded} superseded, {dead} dead-lettered{tombstones}; "
        f"{summary.kpi_records} KPI records and {summary.alerts} alerts {where}"
    )


def window_names(settings: "Settings", names: str | None) -> frozenset[str]:
    """The windows of `--windows`; CommandError names one that there is not."""
    known = settings.window_names()
    if names is None:
        return frozenset(name for name in known if not name.startswith("rolling_"))
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    unknown = next((name for name in wanted if name not in known), None)
    if unknown is not None or not wanted:
        raise CommandError(
            f"--windows: no such window: {unknown or names!r} (there are {', '.join(known)})", exit_code=2
        )
    return frozenset(wanted)


def check_run(run: str) -> None:
    """CommandError if `--run` is no name."""
    from stream.facts.decode import is_identifier

    if not is_identifier(run):
        raise CommandError(f"--run: {run!r} is not a name: 1-128 printable characters without '|'", exit_code=2)
