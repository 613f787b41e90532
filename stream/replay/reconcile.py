"""Compares two sets of KPI records: record by record, and by a digest per window and KPI."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from stream.facts.instant import instant_ms
from stream.replay.chunks import STDIN, FilePosition, InputError, check
from stream.replay.reading import read
from stream.replay.writing import KPIS

Amounts = tuple[int, int | None, str]
"""Numerator, denominator (None for counts and amounts) and status: what is compared; the value follows from them."""


class Numbers(NamedTuple):
    """One KPI record: its window, whether it is final, and its KPIs by name (`connect_rate`, `recovered_amount CNY`).

    `end` and `live_as_of` are instants as text; `live_as_of` is empty if the record is not of a live run.
    """

    window: str
    final: bool
    revision: int
    kpis: dict[str, Amounts]
    end: str
    live_as_of: str


class RecordDifference(NamedTuple):
    """One difference between the two sets: `text` describes it; `kpi` names the KPI, None if it is about the record."""

    key: str
    text: str
    kpi: str | None = None


class Digest(NamedTuple):
    """All records of a set with one KPI in one window: how many there are, and a hash over them."""

    records: int
    hash: str


Records = dict[str, Numbers]

LIVE = "live"
"""The `run` of the records that workers publish."""


def frontier_ms(horizon_ms: int, *sets: Records) -> int | None:
    """The frontier of a live set: it no longer changes windows that ended before (live 3), so late facts that a replay
    counts are missing there. None: neither set is of a live run."""
    as_of = max((each.live_as_of for records in sets for each in records.values()), default="")
    return instant_ms(as_of) - horizon_ms if as_of else None


def is_frozen(difference: RecordDifference, frontier_ms: int | None, *sets: Records) -> bool:
    """Whether the record that differs is of a window that a live run no longer changes."""
    ends = {records[difference.key].end for records in sets if difference.key in records}
    return frontier_ms is not None and all(instant_ms(end) < frontier_ms for end in ends)


def records_of(source: str) -> Records:
    """The records of a source, read as `values_of` reads them. InputError also names a line that is no KPI record."""
    return latest(values_of(source))


def values_of(source: str) -> Iterator[tuple[bytes, str]]:
    """The values of a source, each with its place: a file (JSON Lines, plain or compressed, Parquet, `-`), or the
    kpi.jsonl or kpi.parquet of a replay's folder. InputError names a file that is missing or torn."""
    path = source
    if source != STDIN and Path(source).is_dir():
        lines = Path(source) / KPIS
        path = str(next((each for each in (lines, lines.with_suffix(".parquet")) if each.exists()), lines))
        if not Path(path).exists() and lines.with_suffix(".csv").exists():
            raise InputError(f"{source}: holds kpi.csv, a table for people, and no {KPIS} (`replay --format jsonl`)")
    check([path])
    return ((raw.value, f"{path}: line {raw.line}") for raw in read([path], FilePosition()))


def latest(values: Iterable[tuple[bytes, str]]) -> Records:
    """The records that count among (value, place) pairs: of each key the highest revision, of equal ones the later.

    A record without KPIs says that its window is empty; it counts as no record. InputError names the place of a value
    that is no KPI record.
    """
    found: Records = {}
    for value, place in values:
        key, numbers = _parsed(value, place)
        known = found.get(key)
        if known is None or numbers.revision >= known.revision:
            found[key] = numbers
    return {key: numbers for key, numbers in found.items() if numbers.kpis}


def chosen(records: Records, windows: frozenset[str] | None) -> Records:
    """The records of the named windows; None: of all but rolling ones, whose numbers depend on when they were read."""
    if windows is None:
        return {key: each for key, each in records.items() if not each.window.startswith("rolling_")}
    return {key: each for key, each in records.items() if each.window in windows}


def differences(a: Records, b: Records) -> Iterator[RecordDifference]:
    """Every difference, in the order of the keys."""
    for key in sorted(a.keys() | b.keys()):
        one, other = a.get(key), b.get(key)
        if one is None or other is None:
            yield RecordDifference(key, f"only in {'A' if other is None else 'B'}")
            continue
        if one.final != other.final:
            yield RecordDifference(key, f"final: {_word(one.final)} in A, {_word(other.final)} in B")
        for kpi in sorted(one.kpis.keys() | other.kpis.keys()):
            if one.kpis.get(kpi) != other.kpis.get(kpi):
                a_says, b_says = _amounts_text(one.kpis.get(kpi)), _amounts_text(other.kpis.get(kpi))
                yield RecordDifference(key, f"{kpi}: {a_says} in A, {b_says} in B", kpi)


def digests(records: Records) -> dict[tuple[str, str], Digest]:
    """One digest for each (window, KPI), over the sorted keys: equal digests mean equal numbers."""
    hashes: dict[tuple[str, str], Any] = {}
    counts: dict[tuple[str, str], int] = {}
    for key in sorted(records):
        numbers = records[key]
        for kpi, amounts in numbers.kpis.items():
            place = (numbers.window, kpi)
            hashes.setdefault(place, hashlib.sha256()).update(f"{key}|{numbers.final}|{amounts}\n".encode())
            counts[place] = counts.get(place, 0) + 1
    return {place: Digest(counts[place], hashes[place].hexdigest()[:16]) for place in sorted(hashes)}


def _parsed(value: bytes, place: str) -> tuple[str, Numbers]:
    try:
        record = _loads(value)
        window = record["window"]
        start = "" if window.startswith("rolling_") else record["start"]
        kpis = {
            _name(kpi): (_whole(kpi["numerator"]), _optional(kpi["denominator"]), kpi["status"])
            for kpi in record["kpis"]
        }
        live_as_of = str(record["as_of"]) if record.get("run") == LIVE else ""
        numbers = Numbers(window, bool(record["final"]), int(record["revision"]), kpis, str(record["end"]), live_as_of)
        return "|".join((record["site"], record["level"], record["entity"], window, start)), numbers
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"no {error} in it" if isinstance(error, KeyError) else str(error)
        raise InputError(f"{place}: not a KPI record: {reason}") from error


def _name(kpi: dict[str, Any]) -> str:
    currency = kpi.get("currency")
    return f"{kpi['kpi']} {currency}" if currency else str(kpi["kpi"])


def _loads(value: bytes) -> Any:
    record = orjson.loads(value)
    if any(isinstance(kpi[part], float) for kpi in record["kpis"] for part in ("numerator", "denominator")):
        return json.loads(value)  # orjson reads integers of more than 64 bits as floats
    return record


def _whole(number: Any) -> int:
    if type(number) is not int:
        raise ValueError(f"{number!r} is not an integer")
    return number


def _optional(number: Any) -> int | None:
    return None if number is None else _whole(number)


def _word(final: bool) -> str:
    return "true" if final else "false"


def _amounts_text(amounts: Amounts | None) -> str:
    if amounts is None:
        return "nothing"
    numerator, denominator, status = amounts
    parts = str(numerator) if denominator is None else f"{numerator}/{denominator}"
    return parts if status == "ok" else f"{parts} ({status})"
