"""What alert rules read, at rest: the alert records of the windows topic (internals, section 6), JSON of
`windows/exact.py`.

Keys: `a|ENTITY|q|T` waiting rows, `a|ENTITY|p|CHUNK` panes, `a|ENTITY|t|WINDOW|START` tumbling windows, `a|ENTITY|e`
edges of runs, `a|ENTITY|s` what was seen and what is open, `a|ENTITY|m` the agent's team. Of an entity whose alerts
inhibit those of others, every partition has the same with `g` for `a` (internals 5).
"""

from collections.abc import Iterator
from typing import Any

from stream.alerts.open import decode_open, from_first
from stream.alerts.rule_input import Mark, RuleInput, TeamNote
from stream.facts.format import Format
from stream.windows.exact import FORMAT, RECORD, Json, dumps, loads

StateRecord = tuple[bytes, bytes | None]

OWN, AFAR = "a", "g"
"""What keys begin with: of an entity's alerts where it lies, and of those that inhibit others, in every partition."""


def _from_first(record: Json) -> Json:
    opened = {rule: from_first(row) for rule, row in record["open"].items()}
    return {**record, "f": 2, "open": opened}


OPEN: Format[Json] = Format("alert state", 2, {1: _from_first})
"""Of the records `s` and `m`; the others hold sums alone."""


def records(feed: RuleInput, kind: str = OWN) -> Iterator[StateRecord]:
    """What changed since the last time, as records; None: a tombstone."""
    for mark in feed.changed:
        key = "|".join((kind, feed.text, *map(str, mark))).encode()
        yield key, _value(feed, mark)
    feed.changed.clear()


def restore(feed: RuleInput, mark: list[str], value: bytes | None) -> None:
    """Takes one record back: `mark` is its key after the entity. Sums that follow from it are rebuilt later.

    Panes of another length, with which a state begins that was handed over, are left out: what replaces or removes
    their record later would not find them.
    """
    kind, *rest = mark
    record = loads(value, OPEN if kind in ("s", "m") else RECORD) if value is not None else {}
    if kind == "q":
        by_grain = {int(grain): sums for grain, sums in record.get("cells", {}).items()}
        feed.waiting.pop(int(rest[0]), None)
        if by_grain:
            feed.waiting[int(rest[0])] = by_grain
    elif kind == "p":
        for end_ms in feed.chunk(int(rest[0])):
            del feed.panes[end_ms]
        read = ((int(end), sums) for end, sums in record.get("panes", {}).items())
        feed.panes.update({end_ms: sums for end_ms, sums in read if feed.is_pane(end_ms)})
    elif kind == "t":
        key = (rest[0], int(rest[1]))
        feed.windows.pop(key, None)
        if record:
            feed.windows[key] = (record["end"], record["sums"])
    elif kind == "e":
        feed.ahead = {int(grain): sums for grain, sums in record.get("edges", {}).items()}
    elif kind == "m":
        feed.team = _noted(record.get("team"))
        feed.teams = {int(at_ms): noted for at_ms, row in record.get("ahead", {}).items() if (noted := _noted(row))}
    else:
        feed.seen = record.get("seen", {})
        feed.opened = {rule: decode_open(rule, row) for rule, row in record.get("open", {}).items()}


def _value(feed: RuleInput, mark: Mark) -> bytes | None:
    kind = mark[0]
    if kind == "q":
        by_grain = feed.waiting.get(int(mark[1]))
        if not by_grain:
            return None
        return dumps({"f": FORMAT, "cells": {str(grain): sums for grain, sums in by_grain.items()}})
    if kind == "p":
        panes = feed.chunk(int(mark[1]))
        return dumps({"f": FORMAT, "panes": {str(end): sums for end, sums in panes.items()}}) if panes else None
    if kind == "t":
        held = feed.windows.get((str(mark[1]), int(mark[2])))
        return dumps({"f": FORMAT, "end": held[0], "sums": held[1]}) if held else None
    if kind == "e":
        edges = {str(grain): sums for grain, sums in feed.ahead.items()}
        return dumps({"f": FORMAT, "edges": edges}) if edges else None
    if kind == "m":
        if feed.team is None and not feed.teams:
            return None
        ahead = {str(at_ms): list(noted) for at_ms, noted in feed.teams.items()}
        return dumps({"f": OPEN.version, "team": feed.team and list(feed.team), "ahead": ahead})
    if not feed.seen and not feed.opened:
        return None
    opened = {rule: each.encode() for rule, each in feed.opened.items()}
    return dumps({"f": OPEN.version, "seen": feed.seen, "open": opened})


def _noted(row: list[Any] | None) -> TeamNote | None:
    return None if row is None else TeamNote(*row)
