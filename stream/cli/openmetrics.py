"""`kpi-stream openmetrics`: KPI records of the past as samples for Prometheus."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from stream.cli.configuration import Config
from stream.cli.failure import CommandError
from stream.cli.kpi_records import Levels, levels_of, numbers_of, windows_of


def openmetrics(
    numbers: Annotated[
        str, typer.Argument(metavar="NUMBERS", help="Folder of a replay or backfill, file of KPI records, or `live`.")
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="The file to be written (`-`: stdout).", show_default=False)
    ],
    windows: Annotated[
        str | None,
        typer.Option("--windows", metavar="NAMES", help="Windows to write: all but rolling.", show_default=False),
    ] = None,
    levels: Levels = None,
    config: Config = None,
) -> None:
    """Writes numbers of the past as OpenMetrics, from which Prometheus makes blocks of its own storage.

    \b
    Examples:
      kpi-stream backfill --out numbers
      kpi-stream openmetrics numbers --out history.om --levels site,team
      promtool tsdb create-blocks-from openmetrics history.om data/

    The series are those of /metrics. Each window is one sample, at its last millisecond.
    """
    from stream.publish.history import RecordError, write_openmetrics
    from stream.replay.chunks import InputError
    from stream.written_file import written

    wanted = levels_of(levels)
    named = windows_of(windows)
    rolling = next((name for name in sorted(named or ()) if name.startswith("rolling_")), None)
    if rolling is not None:
        raise CommandError(f"--windows: {rolling}: rolling windows are not written, only those that end", exit_code=2)
    try:
        if str(out) == "-":
            write_openmetrics(numbers_of(numbers, config), sys.stdout.buffer, named, wanted)
            return
        with written(out) as file:
            count = write_openmetrics(numbers_of(numbers, config), file, named, wanted)
    except BrokenPipeError:
        raise
    except (RecordError, InputError) as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"{out}: {error.strerror or error}") from error
    print(f"{count} samples in {out}")
