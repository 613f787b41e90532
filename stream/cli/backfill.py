"""`kpi-stream backfill`: the numbers of what lies in the inbound topics, apart from the live run."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from stream.cli.configuration import Config, settings_of
from stream.cli.failure import CommandError
from stream.cli.options import Progress, check_identifier, instant_option
from stream.cli.replay import (
    AsOf,
    Format,
    Processes,
    Replace,
    Windows,
    end_ms_of,
    print_summary,
    window_names,
)

Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the results; made if it is not there.")]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="T", help="Only windows that begin at T or later.", show_default=False),
]
To = Annotated[
    str | None, typer.Option("--to", metavar="T", help="Only windows that end at T or before.", show_default=False)
]
HandOver = Annotated[
    bool,
    typer.Option(
        "--hand-over",
        help="Write the state from which workers go on under this configuration. No worker may be running.",
    ),
]


def backfill(
    out: Out = Path("backfill"),
    from_: From = None,
    to: To = None,
    windows: Windows = None,
    run: Annotated[str, typer.Option("--run", metavar="NAME", help="The `run` of the records.")] = "backfill",
    as_of: AsOf = None,
    output: Format = "jsonl",
    hand_over: HandOver = False,
    replace: Replace = False,
    processes: Processes = None,
    progress: Progress = None,
    config: Config = None,
) -> None:
    """Computes the numbers of what lies in the inbound topics, apart from the live run.

    \b
    Examples:
      kpi-stream backfill --out numbers
      kpi-stream backfill --from 2026-11-01T00:00:00+08:00 --to 2026-12-01T00:00:00+08:00 --out november
      kpi-stream backfill --hand-over --config new.yaml

    The offsets of every inbound partition are captured first; everything up to them is read, since facts of any time
    may decide numbers of others. No group takes part, nothing is committed, no topic is written. DIR gets the files of
    `replay`. After a kill the same command goes on where it was.

    With --hand-over, the workers being stopped, the state and the KPI records are made anew from the history, and live
    workers go on from the captured offsets: so a changed definition, or a topic with more partitions, goes live.
    """
    from stream.cli.broker import reached
    from stream.cli.progress import shown
    from stream.kafka.exits import RefusedError
    from stream.rebuild.backfill import TopicMissingError
    from stream.rebuild.backfill import backfill as filled
    from stream.rebuild.handover import handed_over
    from stream.replay.chunks import InputError
    from stream.replay.replay import ReplayOptions
    from stream.replay.worker_pool import WorkerPoolError
    from stream.replay.workfolder import OutputError

    settings = settings_of(config)
    check_identifier("--run", run)
    if hand_over and (to is not None or as_of is not None or windows is not None or output != "jsonl"):
        message = "--hand-over is about all windows up to now: without --to, --as-of, --windows, --format"
        raise CommandError(message, exit_code=2)
    wanted = frozenset(settings.window_names()) if hand_over else window_names(settings, windows)
    options = ReplayOptions(run, wanted, processes, instant_option("--from", from_), instant_option("--to", to), output,
                end_ms=end_ms_of(settings, as_of), replace=replace)  # fmt: skip
    try:
        with reached(settings), shown(sys.stderr.isatty() if progress is None else progress) as watch:
            summary = (handed_over if hand_over else filled)(settings, out, options, watch)
    except (RefusedError, TopicMissingError, InputError, OutputError, WorkerPoolError) as error:
        raise CommandError(str(error)) from error
    print_summary(summary, out, "published" if hand_over else f"in {out}")
