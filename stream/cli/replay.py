"""`kpi-stream replay`: the same numbers from files, without Kafka."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from stream.cli.configuration import Config, settings_of
from stream.cli.failure import CommandError
from stream.cli.options import Progress, check_identifier, instant_option
from stream.facts.printable import escaped

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
Replace = Annotated[
    bool, typer.Option("--replace", help="Overwrite the results of another run that lie in the folder.")
]
Format = Annotated[
    Literal["jsonl", "parquet", "csv"], typer.Option("--format", help="What KPI records and alerts are written as.")
]


AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="T|end",
        help="Count what lies before T; `end`: everything. Else up to the greatest occurred_at.",
        show_default=False,
    ),
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
    as_of: AsOf = None,
    output: Format = "jsonl",
    replace: Replace = False,
    processes: Processes = None,
    progress: Progress = None,
    config: Config = None,
) -> None:
    """Computes the numbers of files of events, through the same core as a live run and without Kafka.

    \b
    Examples:
      kpi-stream replay --input monday.jsonl tuesday.jsonl.gz --out numbers
      kpi-stream replay --input events.parquet --out numbers --windows day,month --config my.yaml
      kpi-stream replay --input monday.jsonl --out noon --as-of 2026-11-02T12:00:00+08:00
      zcat old/*.gz | kpi-stream replay --input - --out numbers
      kpi-stream replay --input monday.jsonl --out tables --format csv

    Files are JSON Lines (plain, .gz, .zst) or Parquet, and their order and the events' order do not matter. DIR gets
    kpi.jsonl, alerts.jsonl, conduct.jsonl, scores.jsonl, deadletter.jsonl and summary.json. Events that cannot be read
    go to deadletter.jsonl and are no failure; a missing or torn file is one, and then nothing is written. A folder that
    holds the results of other events, or of another configuration, asks for --replace. With --format csv the first two
    are tables for people (a row per entity and window, a column per KPI and currency), with --format parquet Parquet.
    """
    from stream.cli.progress import shown
    from stream.replay.chunks import InputError
    from stream.replay.replay import ReplayOptions
    from stream.replay.replay import replay as replayed
    from stream.replay.worker_pool import WorkerPoolError
    from stream.replay.workfolder import OutputError

    sources = [*(inputs or []), *(more or [])]
    if not sources:
        raise CommandError("no input: give --input FILE", exit_code=2)
    settings = settings_of(config)
    wanted = window_names(settings, windows)
    check_identifier("--run", run)
    options = ReplayOptions(run, wanted, processes, output=output, end_ms=end_ms_of(settings, as_of), replace=replace)
    try:
        with shown(sys.stderr.isatty() if progress is None else progress) as watch:
            summary = replayed(settings, sources, out, options, watch)
    except (InputError, OutputError, WorkerPoolError) as error:
        raise CommandError(str(error)) from error
    print_summary(summary, out, f"in {out}")


def print_summary(summary: "Summary", out: Path, where: str) -> None:
    """Prints on stderr what was counted, which sites have no configuration, and why nothing was counted, if so."""
    from stream.cli.outcome import nothing_counted, unconfigured

    dead = sum(summary.deadletters.values())
    tombstones = f", {summary.tombstones} tombstones" if summary.tombstones else ""
    counts = (
        f"{summary.events_read} events ({summary.events_per_second} per second): {summary.events_accepted} accepted, "
        f"{summary.duplicates} duplicates, {summary.superseded} superseded, {dead} dead-lettered{tombstones}; "
        f"{summary.kpi_records} KPI records and {summary.alerts} alerts {where}"
    )
    for line in (counts, *unconfigured(summary), *nothing_counted(summary, out)):
        print(escaped(line), file=sys.stderr)


def window_names(settings: "Settings", names: str | None) -> frozenset[str]:
    """The windows that `--windows` names; None: all but rolling. CommandError names one that is not configured."""
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


def end_ms_of(settings: "Settings", as_of: str | None) -> int | None:
    """The end that `--as-of` names, rounded up to the end of a pane; None: the input decides."""
    from stream.engine.entities.publication import NO_END_MS

    if as_of == "end":
        return NO_END_MS
    at_ms = instant_option("--as-of", as_of)
    pane_ms = settings.plan().pane_ms
    return None if at_ms is None else -(-at_ms // pane_ms) * pane_ms
