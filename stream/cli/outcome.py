"""What a replay reports besides its counts: sites without configuration, and why nothing was counted."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stream.facts.printable import printable

if TYPE_CHECKING:
    from stream.replay.replay import Summary

NAMED = 10
LOOKED_AT = 2
_SEPARATORS = (",", ";", "\t")


def unconfigured(summary: "Summary") -> Iterator[str]:
    """A line that names the sites without configuration; none if every site has one."""
    sites = summary.unconfigured_sites
    if sites:
        more = f" and {len(sites) - NAMED} more" if len(sites) > NAMED else ""
        named = ", ".join(sites[:NAMED]) + more
        yield f"not configured, so counted in UTC and without shifts: {_sites(len(sites))} {named}"


def _sites(count: int) -> str:
    return "site" if count == 1 else f"{count} sites"


def nothing_counted(summary: "Summary", out: Path) -> Iterator[str]:
    """A line that says why every event was refused, and where the dead letters are; none if anything was counted."""
    from stream.replay.writing import DEADLETTERS

    if not summary.deadletters or summary.events_accepted or summary.duplicates or summary.superseded:
        return
    path = out / DEADLETTERS
    rows = _first_rows(path)
    reasons = ", ".join(f"{count} {reason}" for reason, count in summary.deadletters.items())
    first = [f"{printable(row['source'])} line {row['line']}: {printable(row['detail'])}" for row in rows[:1]]
    why = f"; the first: {first[0]}" if first else ""
    looks = f" ({CSV})" if is_csv([row.get("value", "") for row in rows]) else ""
    yield f"nothing was counted, all events were refused: {reasons}{why}{looks}; they are in {path}"


CSV = "it looks like CSV: events are JSON objects, one a line; `kpi-stream import` knows some public files"


def is_csv(lines: list[str]) -> bool:
    """Whether the first lines of a file look like rows of separated values: no braces, and as many separators each."""
    if len(lines) < LOOKED_AT or any(line.lstrip()[:1] in ("{", "[", '{"', "") for line in lines):
        return False
    counts = [[line.count(separator) for line in lines] for separator in _SEPARATORS]
    return any(min(each) > 0 and len(set(each)) == 1 for each in counts)


def _first_rows(path: Path) -> list[dict[str, Any]]:
    import orjson

    with path.open("rb") as file:
        return [orjson.loads(line) for line in islice(file, LOOKED_AT)]
