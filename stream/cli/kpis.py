"""`kpi-stream kpis`."""

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stream.cli.configuration import Config, settings_of

if TYPE_CHECKING:
    from stream.kpis.catalogue import Kpi


def kpis(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object with everything, for programs.")] = False,
    config: Config = None,
) -> None:
    """Prints the KPI catalogue: id, definition, unit, direction, source.

    \b
    Examples:
      kpi-stream kpis
      kpi-stream kpis --json | jq '.kpis[] | select(.direction == "lower") | .kpi'
    """
    from stream.kpis.catalogue import CATALOGUE, CATALOGUE_VERSION

    minimum_sample = settings_of(config).document.minimum_sample
    rows = [_row(kpi, minimum_sample.get(kpi.id, 1)) for kpi in CATALOGUE.values()]
    if as_json:
        print(json.dumps({"catalogue": CATALOGUE_VERSION, "kpis": rows}, ensure_ascii=False, indent=2))
    elif sys.stdout.isatty():
        _table(rows)
    else:
        for row in rows:
            print("\t".join(_cells(row)))


def definition(kpi: "Kpi") -> str:
    """The KPI's formula: `abandons / (abandons + answered)`, times 1000 or 3,600,000 where the unit asks for it."""
    numerator = " + ".join(kpi.numerator)
    if kpi.denominator is None:
        return numerator
    numerator = f"({numerator})" if len(kpi.numerator) > 1 else numerator
    denominator = " + ".join(kpi.denominator)
    denominator = f"({denominator})" if len(kpi.denominator) > 1 else denominator
    factor = f" x {kpi.factor:,}" if kpi.factor != 1 else ""
    return f"{numerator} / {denominator}{factor}"


def _row(kpi: "Kpi", minimum_sample: int) -> dict[str, Any]:
    return {
        "kpi": kpi.id,
        "name_en": kpi.name_en,
        "name_zh": kpi.name_zh,
        "definition": definition(kpi),
        "description": kpi.description,
        "unit": kpi.unit,
        "direction": kpi.direction,
        "threshold": kpi.threshold,
        "not_counted": kpi.not_counted,
        "per_currency": kpi.per_currency,
        "minimum_sample": minimum_sample,
        "sources": list(kpi.sources),
    }


def _cells(row: dict[str, Any]) -> tuple[str, str, str, str, str]:
    unit = f"{row['unit']}, per currency" if row["per_currency"] else row["unit"]
    return row["kpi"], row["definition"], unit, row["direction"] or "-", " ".join(row["sources"]) or "-"


def _table(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("KPI", "Definition", "Unit", "Better", "Source", box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*_cells(row))
    Console().print(table)
