"""Rows printed for a person or a program: a table, CSV or JSON."""

import csv
import sys
from collections.abc import Sequence
from typing import Any

from stream.facts.printable import escaped


def print_rows(rows: Sequence[dict[str, Any]], columns: tuple[str, ...], output: str) -> None:
    """Prints the columns of all rows as `table` or `csv`, or whole rows as `json`, one a line."""
    if output == "json":
        from stream.windows.exact import dumps_bare

        for row in rows:
            print(dumps_bare(row).decode())
        return
    if output == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
        return
    shown = [list(columns), *([escaped(_short(row.get(column))) or "-" for column in columns] for row in rows)]
    widths = [max(len(row[place]) for row in shown) for place in range(len(columns))]
    for line in shown:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _short(value: object) -> str:
    """For a table, which people read: ratios to six decimals."""
    return (f"{value:.6f}".rstrip("0").rstrip(".") or "0") if isinstance(value, float) else _cell(value)


def _cell(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else str(value)
