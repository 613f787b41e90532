"""Records about people as a worker publishes them, with defaults: scores, and what agents do now."""

from typing import Any

import orjson

Record = tuple[bytes, bytes]

CARD = """
indicators: [bad_rate]
scorecards:
  - scorecard: card_agent
    version: 1
    from: 2026-01-01
    level: agent
    period: month
    components:
      - {component: money, kpi: recovered_amount, currency: CNY, weight: 60, target: 10000000,
         scoring: {attainment: {cap: 1.2}}}
      - {component: calls, kpi: connect_rate, weight: 40, scoring: {steps: [[0, 0], ["0.10", 20], ["0.30", 40]]}}
    grades: [[A, 90], [B, 60], [C, 0]]
  - scorecard: card_team
    version: 1
    from: 2026-01-01
    level: team
    period: month
    components:
      - {component: calls, kpi: connect_rate, weight: 60, scoring: {steps: [[0, 0], ["0.10", 60]]}}
      - {component: quality, indicator: bad_rate, weight: 40,
         scoring: {deduct: {limit: "0.012", per: "0.0001", points: 1}}}
payouts:
  - {payout: ladder, version: 1, from: 2026-01-01, level: agent, period: month, currency: CNY,
     basis: {kpi: recovered_amount, currency: CNY}, base: {default: 300000}, only_recovery: "the source says so"}
"""
PARTS = [
    {"component": "money", "value": "7130000", "numerator": 7_130_000, "denominator": None, "target": "10000000",
     "attainment": "0.713", "weight": "60", "points": "42.7800", "status": "ok", "kpi_revision": 3},
    {"component": "calls", "value": "0.32", "numerator": 128, "denominator": 400, "target": None, "attainment": None,
     "weight": "40", "points": "40.0000", "status": "ok", "kpi_revision": 3},
]  # fmt: skip


def score(entity: str = "a-017", points: str | None = "82.7800", place: int | None = 1, **more: Any) -> Record:
    """A record of scorecard card_agent in November 2026, unless `more` says otherwise."""
    body = {
        "kind": "scorecard", "name": "card_agent", "version": 1, "trial": False, "site": "main", "level": "agent",
        "entity": entity, "period": "month", "start": "2026-11-01", "end": "2026-12-01", "score": points,
        "amount_minor": None, "currency": None, "place": place, "of": 3, "grade": "B", "flags": [], "parts": PARTS,
        "factors": [], "gates": [], "provisional": True, "revision": 1, "as_of": "2026-11-02T01:17:20Z",
        "reason": None, "run": "live",
    } | more  # fmt: skip
    key = "|".join(str(body[name]) for name in ("kind", "name", "version", "site", "level", "entity", "start"))
    return key.encode(), orjson.dumps(body)


def payout(entity: str = "a-017", amount_minor: int = 300_000) -> Record:
    """A record of payout ladder in November 2026."""
    parts = [{"part": "base", "amount_minor": amount_minor}]
    told = {"kind": "payout", "name": "ladder", "amount_minor": amount_minor, "currency": "CNY", "parts": parts}
    return score(entity, None, None, of=None, grade=None, reason="the source says so", **told)


def agent_now(
    agent: str = "a-017",
    state: str | None = "on_call",
    since: str | None = "2026-11-02T01:13:20Z",
    team: str | None = "t-3",
    revision: int = 1,
    **more: Any,
) -> bytes:
    """The value of a record of `collections.agents.v1`."""
    body = {"site": "main", "agent": agent, "team": team, "state": state, "reason": None, "since": since,
            "revision": revision, "run": "live"}  # fmt: skip
    return orjson.dumps(body | more)


def named(entity: str = "a-017", name: str = "Li Wei", level: str = "agent", **more: Any) -> Record:
    """A record of `collections.names.v1`."""
    return f"{level}|{entity}".encode(), orjson.dumps({"level": level, "id": entity, "name": name} | more)
