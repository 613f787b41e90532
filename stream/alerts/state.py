"""What alert rules read, at rest: the alert records of the windows topic (internals, section 6), JSON of
`windows/exact.py`.

Keys: `a|ENTITY|q|T` waiting rows, `a|ENTITY|p|CHUNK` panes, `a|ENTITY|t|WINDOW|START` tumbling windows, `a|ENTITY|e`
edges of runs, `a|ENTITY|s` what was seen and what is open.
"""

from collections.abc import Iterator

from stream.alerts.open import decode_open
from stream.alerts.rule_input import Mark, RuleInput
from stream.windows.exact import FORMAT, dumps, loads

StateRecord = tuple[bytes, bytes | None]


def records(feed: RuleInput) -> Iterator[StateRecord]:
    """What changed since the last time, as records; None: a tombstone."""
    for mark in feed.changed:
        key = "|".join(("a", feed.text, *map(str, mark))).encode()
        yield key, _value(feed, mark)
    feed.changed.clear()


def restore(feed: RuleInput, mark: list[str], value: bytes | None) -> None:
    """Takes one record back: `mark` is its key after the entity. Sums that follow from it are rebuilt later."""
    record = loads(value) if value is not None else {}
    kind, *rest = mark
    if kind == "q":
        by_grain = {int(grain): sums for grain, sums in record.get("cells", {}).items()}
        feed.waiting.pop(int(rest[0]), None)
        if by_grain:
            feed.waiting[int(rest[0])] = by_grain
    elif kind == "p":
        for end_ms in feed.chunk(int(rest[0])):
            del feed.panes[end_ms]
        feed.panes.update({int(end_ms): sums for end_ms, sums in record.get("panes", {}).items()})
    elif kind == "t":
        key = (rest[0], int(rest[1]))
        feed.windows.pop(key, None)
        if record:
            feed.windows[key] = (record["end"], record["sums"])
    elif kind == "e":
        feed.ahead = {int(grain): sums for grain, sums in record.get("edges", {}).items()}
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
    if not feed.seen and not feed.opened:
        return None
    return dumps({"f": FORMAT, "seen": feed.seen, "open": {rule: each.encode() for rule, each in feed.opened.items()}})
