"""`kpi-stream export`: KPI records as one flat table for people and their tools."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from stream.cli.configuration import Config
from stream.cli.failure import CommandError
from stream.cli.kpi_records import LIVE, Levels, levels_of, numbers_of, windows_of
from stream.cli.options import Progress

if TYPE_CHECKING:
    from typing import BinaryIO

    from stream.replay.tables import FlatTableWriter, Wanted

STDOUT = Path("-")

From = Annotated[
    str,
    typer.Option(
        "--from", metavar="NUMBERS", help="`live`, or the folder of a replay or backfill, or a file of KPI records."
    ),
]
Out = Annotated[
    Path, typer.Option("--out", metavar="FILE", help="The file to be written (`-`: stdout).", show_default=False)
]
Format = Annotated[
    Literal["csv", "parquet"] | None,
    typer.Option("--format", help="csv, but parquet where FILE ends with .parquet.", show_default=False),
]
Windows = Annotated[
    str | None, typer.Option("--windows", metavar="NAMES", help="Windows to write: all.", show_default=False)
]
Excel = Annotated[
    bool,
    typer.Option("--excel", help="CSV that Excel opens by itself: a byte-order mark, times as it knows them (UTC)."),
]


def export(
    out: Out,
    from_: From = LIVE,
    output: Format = None,
    windows: Windows = None,
    levels: Levels = None,
    excel: Excel = False,
    progress: Progress = None,
    config: Config = None,
) -> None:
    """Writes KPI records as one table: a row per entity and window, a column per KPI and currency.

    \b
    Examples:
      kpi-stream export --out now.csv
      kpi-stream export --from numbers --out numbers.parquet
      kpi-stream export --from numbers --out teams.csv --levels team --windows day --excel
      kpi-stream export --from numbers --out - --levels site | column -s, -t | less -S

    `live` is the KPI topic of the configuration: of each entity and window the record that counts. The columns are
    those of `replay --format csv`; names end with the unit and the currency, amounts are in minor units. Values stand
    first, and to their right the numerators and denominators, from which rates of several rows are added up.
    """
    from stream.cli.progress import shown
    from stream.replay.chunks import InputError
    from stream.replay.tables import FlatTableWriter
    from stream.replay.workfolder import OutputError
    from stream.written_file import written

    if output is None:
        output = "parquet" if out.suffix == ".parquet" else "csv"
    if excel and output == "parquet":
        raise CommandError("--excel is about CSV, not Parquet", exit_code=2)
    if from_ == "-":
        raise CommandError("--from: standard input cannot be read twice; give a file", exit_code=2)
    wanted = _wanted(windows_of(windows), levels_of(levels))
    try:
        with shown(sys.stderr.isatty() if progress is None else progress, "records") as watch:
            table = FlatTableWriter(numbers_of(from_, config, watch), wanted, watch)
            if out == STDOUT:
                _write(table, output, sys.stdout.buffer, excel)
                return
            with written(out) as file:
                _write(table, output, file, excel)
    except BrokenPipeError:
        raise
    except (InputError, OutputError) as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"{out}: {error.strerror or error}") from error
    print(f"{table.count} rows in {out}")


def _wanted(windows: frozenset[str] | None, levels: frozenset[str]) -> "Wanted":
    return lambda record: record.level in levels and (windows is None or record.window in windows)


def _write(table: "FlatTableWriter", output: str, target: "BinaryIO", excel: bool) -> None:
    if output == "parquet":
        table.parquet(target)
    else:
        table.csv(target, excel=excel)
