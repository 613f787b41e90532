"""`kpi-stream kpis`: the catalogue, printed."""

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stream.cli.configuration import Config, settings_of
from stream.cli.failure import CommandError

if TYPE_CHECKING:
    from stream.kpis.catalogue import Kpi
    from stream.settings.document import Document


def kpis(
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KPI]...", help="Only these, with all there is to say.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object with everything, for programs.")] = False,
    config: Config = None,
) -> None:
    """Prints the KPI catalogue: id, definition, unit, direction, source. Those of conduct are listed where the
    configuration has a section `conduct`, or by their ids.

    \b
    Examples:
      kpi-stream kpis
      kpi-stream kpis complaint_rate first_contact_rate
      kpi-stream kpis --json | jq '.kpis[] | select(.direction == "lower") | .kpi'

    Piped, a line has the same five columns and then: version, English and Chinese name, numerator and denominator in
    words, the level that a source states, what is deliberately not counted, the levels at which it exists, what an
    unknown input does, and when a rolling window cannot show it.
    """
    from stream.kpis.catalogue import CATALOGUE, CATALOGUE_VERSION, kpis_of

    unknown = [each for each in ids or () if each not in CATALOGUE]
    if unknown:
        raise CommandError(f"no such KPI: {', '.join(unknown)} (`kpi-stream kpis` lists them)", exit_code=2)
    document = settings_of(config).document
    existing = kpis_of(conduct=document.conduct is not None)
    shown = [CATALOGUE[each] for each in ids] if ids else list(existing.values())
    rows = [_row(kpi, document) for kpi in shown]
    if as_json:
        print(json.dumps({"catalogue": CATALOGUE_VERSION, "kpis": rows}, ensure_ascii=False, indent=2))
    elif ids:
        print("\n\n".join(map(_block, rows)))
    elif sys.stdout.isatty():
        _table(rows)
    else:
        for row in rows:
            print("\t".join([*_cells(row), *_more(row)]))


def definition(kpi: "Kpi") -> str:
    """The formula of a KPI: `abandons / (abandons + answered)`, times 1000 or 3,600,000 where the unit asks for it."""
    numerator = " + ".join(kpi.numerator)
    if kpi.denominator is None:
        return numerator
    numerator = f"({numerator})" if len(kpi.numerator) > 1 else numerator
    denominator = " + ".join(kpi.denominator)
    denominator = f"({denominator})" if len(kpi.denominator) > 1 else denominator
    factor = f" x {kpi.factor:,}" if kpi.factor != 1 else ""
    return f"{numerator} / {denominator}{factor}"


def _row(kpi: "Kpi", document: "Document") -> dict[str, Any]:
    from stream.kpis.chinese import chinese
    from stream.kpis.options import options_of
    from stream.windows.measures import in_words

    return {
        "kpi": kpi.id,
        "version": kpi.version,
        "name_en": kpi.name_en,
        "name_zh": kpi.name_zh,
        "definition": definition(kpi),
        "numerator": list(kpi.numerator),
        "numerator_words": in_words(kpi.numerator),
        "denominator": None if kpi.denominator is None else list(kpi.denominator),
        "denominator_words": None if kpi.denominator is None else in_words(kpi.denominator),
        "description": kpi.description,
        "description_zh": chinese(kpi).description,
        "unit": kpi.unit,
        "direction": kpi.direction,
        "threshold": kpi.threshold,
        "not_counted": kpi.not_counted,
        "unknown": kpi.unknown,
        "rolling": kpi.rolling,
        "levels": list(kpi.levels),
        "per_currency": kpi.per_currency,
        "minimum_sample": document.minimum_sample.get(kpi.id, 1),
        "options": {f"definitions.{key}": document.definitions.shown(key) for key in options_of(kpi.id)},
        "sources": list(kpi.sources),
    }


def _cells(row: dict[str, Any]) -> tuple[str, str, str, str, str]:
    unit = f"{row['unit']}, per currency" if row["per_currency"] else row["unit"]
    return row["kpi"], row["definition"], unit, row["direction"] or "-", " ".join(row["sources"]) or "-"


def _more(row: dict[str, Any]) -> tuple[str, ...]:
    names = ("name_en", "name_zh", "numerator_words", "denominator_words", "threshold", "not_counted")
    texts = [row[name] or "-" for name in names]
    return str(row["version"]), *texts, " ".join(row["levels"]), row["unknown"] or "-", row["rolling"] or "-"


def _block(row: dict[str, Any]) -> str:
    """Everything about one KPI, on many lines."""
    kpi, formula, unit, direction, sources = _cells(row)
    options = ", ".join(f"{key} = {value}" for key, value in row["options"].items())
    lines = [
        ("definition", formula),
        ("numerator", row["numerator_words"]),
        ("denominator", row["denominator_words"] or "-"),
        ("unit", unit),
        ("better", direction),
        ("says", row["description"]),
        ("says", row["description_zh"]),
        ("not counted", row["not_counted"] or "-"),
        ("unknown input", row["unknown"] or "-"),
        ("rolling window", row["rolling"] or "-"),
        ("levels", ", ".join(row["levels"])),
        ("stated level", row["threshold"] or "-"),
        ("minimum sample", str(row["minimum_sample"])),
        ("options", options or "-"),
        ("sources", sources),
    ]
    head = f"{kpi}, version {row['version']}: {row['name_en']}, {row['name_zh']}"
    return "\n".join([head, *(f"  {label:<15} {text}" for label, text in lines)])


def _table(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("KPI", "Definition", "Unit", "Better", "Source", box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*_cells(row))
    Console().print(table)
