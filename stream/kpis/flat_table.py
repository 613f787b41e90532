"""KPI records as one flat table: a row per entity and window, a column per KPI and currency.

First what the row is about (the record's fields, under their names), then the value of every KPI of the catalogue in
the order of the ids, then numerator and denominator of those that have one: rates are added up from these. A KPI of
money has these columns for each currency of the table, in the order of the codes. So the columns follow from the
catalogue's version and the set of currencies alone, whichever KPIs the records hold.

A name ends with the unit, and with the currency where there is one: `dials_count`, `connect_rate_ratio`,
`connect_rate_denominator_count`, `recovered_amount_minor_CNY`.
"""

from collections.abc import Iterable
from typing import Annotated, Literal, NamedTuple

import msgspec

from stream.kpis.catalogue import CATALOGUE, Kpi
from stream.windows.measures import TABLE

Kind = Literal["text", "instant", "boolean", "integer", "real"]

Instant = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3})?Z$")]
Cell = str | int | float | None


class FlatKpi(msgspec.Struct, frozen=True):
    """One KPI of a record, as far as the table shows it."""

    kpi: str
    numerator: int
    denominator: int | None
    value: int | float | None
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")] | None = None


class FlatRecord(msgspec.Struct, frozen=True):
    """One KPI record (contract 2), as far as the table shows it: all fields but the last are the first columns."""

    site: str
    level: str
    entity: str
    window: str
    start: Instant
    end: Instant
    as_of: Instant
    final: bool
    revision: int
    run: str
    catalogue: int
    kpis: list[FlatKpi]


class Column(NamedTuple):
    """A column of the table. `instant`: UTC, RFC 3339 text; `real`: the nearest double."""

    name: str
    kind: Kind


RECORD_COLUMNS = (
    *(Column(name, "text") for name in ("site", "level", "entity", "window")),
    *(Column(name, "instant") for name in ("start", "end", "as_of")),
    Column("final", "boolean"),
    Column("revision", "integer"),
    Column("run", "text"),
    Column("catalogue", "integer"),
)
_DECODER = msgspec.json.Decoder(FlatRecord)


def read_record(value: bytes) -> FlatRecord:
    """The record in `value`. Raises msgspec.MsgspecError or ValueError (no UTF-8) if it is none."""
    return _DECODER.decode(value)


class FlatTable:
    """The table for records with these currencies. `columns`: in their order."""

    def __init__(self, currencies: Iterable[str]) -> None:
        codes = sorted(set(currencies))
        listed = [(kpi, code) for kpi in CATALOGUE.values() for code in (codes if kpi.per_currency else (None,))]
        columns = [*RECORD_COLUMNS, *(_value(kpi, code) for kpi, code in listed)]
        self._places: dict[tuple[str, str | None], tuple[int, int | None]] = {}
        for place, (kpi, code) in enumerate(listed, len(RECORD_COLUMNS)):
            self._places[kpi.id, code] = place, None if kpi.denominator is None else len(columns)
            columns += _parts(kpi, code)
        self.columns = tuple(columns)

    def row(self, record: FlatRecord) -> list[Cell]:
        """The cells of a record, one for each column: None where the record has no such number.

        ValueError: it holds a KPI that the catalogue does not have, or has otherwise, or one twice.
        """
        cells: list[Cell] = [
            record.site, record.level, record.entity, record.window, record.start, record.end, record.as_of,
            "true" if record.final else "false", record.revision, record.run, record.catalogue,
        ]  # fmt: skip
        cells += [None] * (len(self.columns) - len(cells))
        for each in record.kpis:
            place, parts = self._places.get((each.kpi, each.currency), (0, None))
            if not place or (parts is None) != (each.denominator is None):
                raise ValueError(_unlike(each))
            exact = place if parts is None else parts
            if cells[exact] is not None:
                raise ValueError(f"{each.kpi} stands in it twice")
            cells[exact] = each.numerator
            if parts is not None:
                cells[parts + 1] = each.denominator
                cells[place] = each.value
        return cells


def _value(kpi: Kpi, currency: str | None) -> Column:
    """The column of a KPI's value. Words of the unit with which the id ends are not said again."""
    unit, ending = kpi.unit.split(), kpi.id.split("_")
    said = next((n for n in range(len(unit), 0, -1) if ending[-n:] == unit[-n:]), 0)
    words = [kpi.id, *unit[: len(unit) - said]]
    return Column(_name(words, currency), "integer" if kpi.denominator is None else "real")


def _parts(kpi: Kpi, currency: str | None) -> list[Column]:
    """The columns of its numerator and denominator, if it has any. The measures of a part have one unit."""
    if kpi.denominator is None:
        return []
    above, below = TABLE[kpi.numerator[0]].unit, TABLE[kpi.denominator[0]].unit
    return [
        Column(_name([kpi.id, "numerator", above], currency), "integer"),
        Column(_name([kpi.id, "denominator", below], currency), "integer"),
    ]


def _name(words: list[str], currency: str | None) -> str:
    return "_".join([*words, currency] if currency else words)


def _unlike(each: FlatKpi) -> str:
    """What keeps an entry from being one of the catalogue's KPIs."""
    kpi = CATALOGUE.get(each.kpi)
    if kpi is None:
        return f"there is no KPI {each.kpi!r} in the catalogue of this version"
    if kpi.per_currency != (each.currency is not None):
        return f"{each.kpi} needs a currency" if kpi.per_currency else f"{each.kpi} has no currency"
    return f"{each.kpi} {'needs a' if kpi.denominator else 'has no'} denominator"
