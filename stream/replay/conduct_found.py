"""What conduct rules find of a debtor, on its way from the fold to the hand-over that publishes what has changed."""

from collections.abc import Iterator

import orjson

from stream.engine.debtors.findings import ConductFinding, Findings
from stream.facts.fact import Complaint

Found = tuple[bytes, bytes, int | None]
"""Key and value of a record of `collections.conduct.v1`, with revision 0; the instant (ms) from which on it holds: that
of a deadline; None: it holds already."""


def found_of(findings: Findings, run: str) -> Iterator[Found]:
    """All that was found of one debtor, standings that are clear included."""
    for breach in findings.breaches.values():
        key, value = ConductFinding(breach).encoded(0, run)
        yield key, value, breach.at_ms if breach.type == Complaint.TYPE else None
    for standing in findings.standings.values():
        yield *ConductFinding(standing).encoded(0, run), None


def changed(
    published: dict[bytes, dict[str, object]],
    found: dict[bytes, dict[str, object]],
    revision: int,
) -> Iterator[tuple[bytes, bytes]]:
    """The records that bring readers of `published` (the latest record of each key) to what was `found`.

    A breach that was not found is withdrawn, a standing that was not found becomes clear; a clear one is published only
    after another state.
    """
    for key in sorted(published.keys() | found.keys()):
        before, now = published.get(key), found.get(key)
        if now is None:
            if before is not None and _says_something(before):
                yield key, _encoded(before | _taken_back(before), revision)
        elif (before is None or _content(before) != _content(now)) and (
            _says_something(now) or (before is not None and _says_something(before))
        ):
            yield key, _encoded(now, revision)


def _says_something(record: dict[str, object]) -> bool:
    """Whether a breach stands, or a standing is not clear."""
    return not record["withdrawn"] if record["record"] == "breach" else record["state"] != "clear"


def _taken_back(record: dict[str, object]) -> dict[str, object]:
    if record["record"] == "breach":
        return {"withdrawn": True}
    return {"state": "clear", "count": 0, "headroom": record["limit"], "clears_at": None}


def _content(record: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in record.items() if name not in ("revision", "run")}


def _encoded(record: dict[str, object], revision: int) -> bytes:
    return orjson.dumps(record | {"revision": revision})
