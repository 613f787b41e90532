"""KPI records as flat tables, CSV or Parquet, for people and their tools: the layout is `kpis/flat_table.py`.

Records are gone through twice, first for their currencies, on which the columns depend, then for their numbers: memory
holds one at a time.
"""

import csv
import io
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
import orjson

from stream.kpis.flat_table import RECORD_COLUMNS, Cell, FlatRecord, FlatTable, read_record
from stream.replay.chunks import InputError
from stream.replay.parquet_output import ALERT_COLUMNS, WRITER_CONFIG, quoted
from stream.replay.workfolder import OutputError
from stream.replay.writing import ALERTS, KPIS

Values = Iterable[tuple[bytes, str]]
"""KPI records, each with its place for messages; they can be gone through more than once."""

Wanted = Callable[[FlatRecord], bool]
Watch = Callable[[str, int, int, int], None]

_TYPES = {"text": "VARCHAR", "instant": "TIMESTAMPTZ", "boolean": "BOOLEAN", "integer": "BIGINT", "real": "DOUBLE"}
_OUR_CSV = "auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', new_line = '\\r\\n'"
_ROW_GROUP = 20_480
"""Rows that DuckDB holds before it writes them; its default of 122,880 takes half a gigabyte at so many columns."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_REPORT_EVERY = 1_000


class FlatTableWriter:
    """Writes those records that are wanted and hold KPIs, in their order, as a table. `count`: how many there are.

    InputError, here and when writing, names the place of a value that is no KPI record, or that holds a KPI which this
    version does not know.
    """

    def __init__(self, values: Values, wanted: Wanted = lambda _record: True, watch: Watch = lambda *_: None) -> None:
        self._values, self._wanted, self._watch = values, wanted, watch
        currencies, self.count = set(), 0
        for record, _ in self._records(lambda read: watch("reading", read, 0, 0)):
            currencies.update([kpi.currency for kpi in record.kpis if kpi.currency])
            self.count += 1
        self._table = FlatTable(currencies)

    def csv(self, target: BinaryIO, *, excel: bool = False) -> None:
        """RFC 4180, UTF-8. A cell is empty where the record has no such number. `excel`: see `_for_excel`."""
        text = io.TextIOWrapper(target, "utf-8-sig" if excel else "utf-8", newline="")
        try:
            writer = csv.writer(text)  # whose lines end with CR LF, and whose cells with one of the two are quoted
            writer.writerow([column.name for column in self._table.columns])
            for record, place in self._records(lambda read: self._watch("writing", read, read, self.count)):
                try:
                    cells = self._table.row(record)
                except ValueError as error:
                    raise InputError(f"{place}: {error}") from error
                writer.writerow(_for_excel(cells) if excel else cells)
        finally:
            text.detach()

    def parquet(self, target: BinaryIO) -> None:
        """The same columns with their types; instants are timestamps of UTC. OutputError: a number of over 64 bits."""
        import duckdb

        types = ", ".join(f"'{column.name}': '{_TYPES[column.kind]}'" for column in self._table.columns)
        with tempfile.TemporaryDirectory() as folder:
            text, parquet = Path(folder) / "kpi.csv", Path(folder) / "kpi.parquet"
            with text.open("wb") as file:
                self.csv(file)
            table = f"read_csv('{quoted(text)}', {_OUR_CSV}, columns = {{{types}}})"
            try:
                with duckdb.connect(config=WRITER_CONFIG) as connection:
                    options = f"FORMAT parquet, ROW_GROUP_SIZE {_ROW_GROUP}"
                    connection.execute(f"COPY (SELECT * FROM {table}) TO '{quoted(parquet)}' ({options})")  # noqa: S608
            except duckdb.Error as error:
                raise OutputError(_why(error)) from error
            with parquet.open("rb") as made:
                shutil.copyfileobj(made, target)

    def _records(self, report: Callable[[int], None]) -> Iterator[tuple[FlatRecord, str]]:
        for number, (value, place) in enumerate(self._values, 1):
            try:
                record = read_record(value)
            except ValueError as error:  # what msgspec raises is one, too
                raise InputError(f"{place}: no KPI record: {error}") from error
            if record.kpis and self._wanted(record):
                yield record, place
            if not number % _REPORT_EVERY:
                report(number)


def to_csv(folder: Path) -> None:
    """Replaces `kpi.jsonl` and `alerts.jsonl` in a folder by CSV files with the same rows in the same order."""
    kpis, alerts = folder / KPIS, folder / ALERTS
    with kpis.with_suffix(".csv").open("wb") as out:
        FlatTableWriter(_Lines(kpis)).csv(out)
    with alerts.open("rb") as lines, alerts.with_suffix(".csv").open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(ALERT_COLUMNS)
        for line in lines:
            alert = msgspec.json.decode(line)
            alert |= {name: orjson.dumps(alert[name]).decode() for name in ("muted", "labels")}
            writer.writerow([alert.get(name) for name in ALERT_COLUMNS])
    kpis.unlink()
    alerts.unlink()


class _Lines:
    """The lines of a file with their places, as often as they are asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Iterator[tuple[bytes, str]]:
        with self._path.open("rb") as file:
            yield from ((line, f"{self._path.name}: line {number}") for number, line in enumerate(file, 1))


def _why(error: Exception) -> str:
    """What DuckDB could not do, in one line. What it could not convert is a number of more than 64 bits: times were
    checked when they were read."""
    lines = str(error).splitlines()
    number = next((line for line in lines if line.startswith("Error when converting column")), None)
    return lines[0] if number is None else f"{number} (--format csv takes any number)"


def _for_excel(cells: list[Cell]) -> list[Cell]:
    """Cells as Excel takes them: instants are what it knows as a date with a time, in UTC, and a name that begins like
    a formula has an apostrophe before it, so that it is not run as one."""
    found = list(cells)
    for place, (_, kind) in enumerate(RECORD_COLUMNS):
        text = str(cells[place])
        if kind == "instant":
            found[place] = text.replace("T", " ").removesuffix("Z")
        elif kind == "text" and text.startswith(_FORMULA):
            found[place] = f"'{text}"
    return found
