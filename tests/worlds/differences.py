"""What a replay says beside what the oracle expects, difference by difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tests.oracle.replay import Expected
from tests.worlds.replayed import Replayed

Raw = dict[str, Any]


def key_of(record: Raw) -> str:
    return "|".join(record[name] for name in ("site", "level", "entity", "window", "start"))


def by_kpi(record: Raw | None) -> dict[str, Raw]:
    return {f"{k['kpi']} {k.get('currency', '')}": k for k in record["kpis"]} if record else {}


def in_kpis(got: Sequence[Raw], expected: dict[str, Raw]) -> Iterator[str]:
    keys = [key_of(record) for record in got]
    if keys != sorted(set(keys)):
        yield "kpi.jsonl is not sorted by key, or has a key twice"
    records = dict(zip(keys, got, strict=True))
    for key in sorted(records.keys() | expected.keys()):
        one, other = records.get(key), expected.get(key)
        if one == other:
            continue
        mine, theirs = by_kpi(one), by_kpi(other)
        for name in sorted(mine.keys() | theirs.keys()):
            if mine.get(name) != theirs.get(name):
                yield f"{key} {name}: got {mine.get(name)}, expected {theirs.get(name)}"
        if one and other and {**one, "kpis": 0} != {**other, "kpis": 0}:
            yield f"{key}: got {one}, expected {other}"
        if one and other and mine == theirs and one["kpis"] != other["kpis"]:
            yield f"{key}: KPIs are not in order"


def in_alerts(got: Sequence[Raw], expected: Sequence[Raw]) -> Iterator[str]:
    told = [{name: value for name, value in record.items() if name not in ("reason", "currency")} for record in got]
    for record in got:
        if not isinstance(record.get("reason"), str):
            yield f"alert without a reason: {record}"
    if told != list(expected):
        yield from (f"alert missing: {record}" for record in expected if record not in told)
        yield from (f"alert too many: {record}" for record in told if record not in expected)
        yield "alerts are in another order, or repeated" if len(told) == len(expected) else "alerts differ in number"


def in_conduct(got: Sequence[Raw], expected: Sequence[Raw]) -> Iterator[str]:
    if got == list(expected):
        return
    yield from (f"breach missing: {record}" for record in expected if record not in got)
    yield from (f"breach too many: {record}" for record in got if record not in expected)
    if sorted(map(str, got)) == sorted(map(str, expected)):
        yield "breaches are in another order"


def in_counts(got: Replayed, expected: Expected) -> Iterator[str]:
    summary = got.summary
    dead: dict[str, int] = summary["deadletters"]
    refused = sorted((d["line"], d["reason"]) for d in got.deadletters if d["reason"] != "conflict")
    if refused != sorted((number + 1, reason) for number, reason in expected.rejected):
        yield f"dead letters: got {refused}, expected {expected.rejected} (from 0)"
    if sum(dead.values()) != len(got.deadletters):
        yield f"summary counts {dead}, deadletter.jsonl has {len(got.deadletters)}"
    repeated = summary["duplicates"] + summary["superseded"] + dead.get("conflict", 0)
    pairs = {
        "events_read": (summary["events_read"], expected.events_read),
        "events_accepted": (summary["events_accepted"], expected.accepted),
        "repeated": (repeated, expected.repeated),
        "kpi_records": (summary["kpi_records"], len(expected.kpis)),
        "alerts": (summary["alerts"], len(expected.alerts)),
        "conduct_breaches": (summary.get("conduct_breaches"), len(expected.conduct)),
    }
    for name, (mine, theirs) in pairs.items():
        if mine != theirs:
            yield f"summary {name}: got {mine}, expected {theirs} ({summary})"


def differences(got: Replayed, expected: Expected) -> list[str]:
    """Every difference, as a line for a person; empty if the replay is right."""
    return [
        *in_counts(got, expected),
        *in_kpis(got.kpis, expected.kpis),
        *in_alerts(got.alerts, expected.alerts),
        *in_conduct(got.conduct, expected.conduct),
    ]
