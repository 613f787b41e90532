"""What the oracle makes of a few events: records, measures, refusals."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.oracle.config import Config, Site
from tests.oracle.fold import contributions_of
from tests.oracle.identity import facts_of
from tests.oracle.reading import Event, Rejected, read_event
from tests.oracle.replay import Expected, expected_replay, sort_lines
from tests.worlds import events as e

UTC = Config(sites={"main": Site("UTC")})
SHANGHAI = Config(sites={"main": Site("Asia/Shanghai", {"early": (9 * 60, 18 * 60), "late": (17 * 60, 22 * 60)})})
DAY = "2026-11-02T00:00:00Z"


def replay(raws: list[e.Raw], config: Config = UTC, as_of: str | None = None) -> Expected:
    return expected_replay(e.lines(raws), config, as_of=as_of)


def record(
    raws: list[e.Raw], entity: str, config: Config = UTC, as_of: str | None = "end", window: str = f"day|{DAY}"
) -> dict[str, Any]:
    """{kpi or kpi:currency: (numerator, denominator)} of one record; empty if there is none."""
    found = replay(raws, config, as_of).kpis.get(f"main|{entity}|{window}")
    kpis = found["kpis"] if found else []
    return {":".join(filter(None, (k["kpi"], k.get("currency")))): (k["numerator"], k["denominator"]) for k in kpis}


def valid(raws: list[e.Raw]) -> list[Event]:
    found = sort_lines(e.lines(raws))[0]
    assert len(found) == len(raws)
    return found


def measures(raws: list[e.Raw], config: Config = UTC) -> Counter[str]:
    found: Counter[str] = Counter()
    for c in contributions_of(facts_of(valid(raws)), config):
        found[c.measure] += c.amount
    return found


def refused(raw: e.Raw) -> str | None:
    (line,) = e.lines([raw])
    outcome = read_event(line)
    return outcome.reason if isinstance(outcome, Rejected) else None
