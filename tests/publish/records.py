"""Records of the output topics as a worker publishes them, with defaults; and a small floor of them."""

import random
from collections.abc import Iterable
from typing import Any

import orjson

from stream.facts.instant import instant_ms, instant_text
from stream.kpis.catalogue import CATALOGUE

AS_OF = "2026-11-02T01:17:20Z"  # 09:17:20 in Shanghai
ROLLING = {"rolling_5m": 300_000, "rolling_15m": 900_000, "rolling_1h": 3_600_000}
STARTS = {
    "interval_30m": ("2026-11-02T01:00:00Z", "2026-11-02T01:30:00Z"),
    "day": ("2026-11-01T16:00:00Z", "2026-11-02T16:00:00Z"),
    "month": ("2026-10-31T16:00:00Z", "2026-11-30T16:00:00Z"),
}
Record = tuple[bytes, bytes]
Bounds = dict[str, tuple[str, str]]
"""Window -> its (start, end)."""


def value(kpi: str, numerator: int, denominator: int | None = None, minimum: int = 1, **more: Any) -> dict[str, Any]:
    """One KPI of a record; value and status as contract 2 says."""
    status = (
        "ok" if denominator is None else "no_data" if denominator == 0 else "few" if denominator < minimum else "ok"
    )
    ratio = numerator if denominator is None else numerator * CATALOGUE[kpi].factor / denominator if denominator else 0
    return {"kpi": kpi, "numerator": numerator, "denominator": denominator, "status": status, **more} | {
        "value": ratio if status == "ok" else None
    }


def kpi(
    *kpis: dict[str, Any],
    site: str = "main",
    level: str = "agent",
    entity: str = "a-017",
    window: str = "rolling_15m",
    start: str | None = None,
    end: str | None = None,
    as_of: str = AS_OF,
    revision: int = 1,
    final: bool = False,
) -> Record:
    """A KPI record: rolling ones end with the pane of `as_of`, others lie around the default `as_of`."""
    rolling = window in ROLLING
    if rolling:
        end = end or instant_text(-(-instant_ms(as_of) // 10_000) * 10_000)
        start = instant_text(instant_ms(end) - ROLLING[window])
    else:
        start, end = start or STARTS[window][0], end or STARTS[window][1]
    body = {
        "site": site, "level": level, "entity": entity, "window": window, "start": start, "end": end, "as_of": as_of,
        "final": final, "revision": revision, "run": "live", "catalogue": 1, "kpis": list(kpis),
    }  # fmt: skip
    key = "|".join((site, level, entity, window, "" if rolling else start))
    return key.encode(), orjson.dumps(body)


def alert(
    alert_id: str = "9f2c", state: str = "firing", severity: str = "warning", at: str = AS_OF, **more: Any
) -> Record:
    """An alert record of rule connect_rate_low, unless `more` says otherwise."""
    body = {
        "alert_id": alert_id, "rule": "connect_rate_low", "severity": severity, "state": state,
        "kpi": "connect_rate", "level": "team", "entity": "t-3", "site": "main", "window": "rolling_15m", "value": 0.08,
        "numerator": 4, "denominator": 50, "threshold": 0.1, "active_since": "2026-11-02T01:10:00Z",
        "fired_at": "2026-11-02T01:12:00Z", "resolved_at": at if state == "resolved" else None, "at": at,
        "reason": "", "run": "live",
    } | more  # fmt: skip
    return alert_id.encode(), orjson.dumps(body)


def _added(parts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in parts:
        for name, amount in part.items():
            total[name] = total.get(name, 0) + amount
    return total


def _values(m: dict[str, int]) -> list[dict[str, Any]]:
    """KPIs from measures, in the record's order."""
    found = []
    for entry in CATALOGUE.values():
        numerator = sum(m.get(name, 0) for name in entry.numerator)
        denominator = None if entry.denominator is None else sum(m.get(name, 0) for name in entry.denominator)
        if numerator or (denominator and not (entry.per_currency and not entry.denominator_per_currency)):
            currency = {"currency": "CNY"} if entry.per_currency else {}
            found.append(value(entry.id, numerator, denominator, minimum=5, **currency))
    return found


def _agent(seed: random.Random, hours: float) -> dict[str, int]:
    dials = int(seed.gauss(26, 6) * hours)
    connects = int(dials * seed.uniform(0.1, 0.5))
    right = int(connects * seed.uniform(0.4, 0.9))
    promises, due = int(right * seed.uniform(0.1, 0.5)), int(right * seed.uniform(0.1, 0.4))
    talk = sum(seed.randint(30_000, 400_000) for _ in range(connects))
    productive = int(hours * 3_600_000 * seed.uniform(0.7, 1))
    paid = int(promises * seed.uniform(0.2, 1))
    return {
        "dials": dials, "connects": connects, "right_party_connects": right, "contacts": connects,
        "right_party_contacts": right, "handled": connects, "talk_ms": talk, "hold_ms": talk // 12,
        "wrap_ms": talk // 5, "effective_talk_ms": int(talk * seed.uniform(0.6, 0.95)), "promises": promises,
        "plans": promises // 4, "promised_minor": promises * 150_000, "promises_due": due,
        "promises_kept": int(due * seed.uniform(0.3, 1)), "promises_due_minor": due * 120_000,
        "promises_kept_minor": due * 70_000, "payments": paid,
        "recovered_minor": sum(seed.randint(20_000, 900_000) for _ in range(paid)),
        "productive_ms": productive, "on_call_ms": min(productive, int(productive * seed.uniform(0.5, 0.95))),
        "complaints": int(seed.random() < 0.05 * hours), "reviews": int(hours), "reviews_passed": int(hours * 0.9),
    }  # fmt: skip


HOURS = {"rolling_5m": 0.1, "rolling_15m": 0.25, "rolling_1h": 1.0, "interval_30m": 0.3, "day": 1.3, "month": 9.0}


def floor(
    as_of: str = AS_OF, teams: int = 4, agents: int = 24, site: str = "main", bounds: Bounds | None = None
) -> list[Record]:
    """A site at work: every window of every agent, team and site, the upper levels the exact sums of the lower."""
    records = []
    for window, hours in HOURS.items():
        seed = random.Random(f"{site}{window}")
        measures = {f"a-{n:03}": _agent(seed, hours) for n in range(agents)}
        by_team = {
            f"t-{t + 1}": _added(m for n, m in enumerate(measures.values()) if n % teams == t) for t in range(teams)
        }
        levels = {"agent": measures, "team": by_team, "site": {site: _added(measures.values())}}
        start, end = (bounds or {}).get(window, (None, None))
        for level, entities in levels.items():
            for entity, m in entities.items():
                told = kpi(
                    *_values(m), site=site, level=level, entity=entity, window=window, as_of=as_of, start=start, end=end
                )
                records.append(told)
    return records


def standing(
    debtor: str = "d-7",
    state: str = "near",
    clears_at: str | None = "2026-11-05T14:10:00Z",
    revision: int = 1,
    case: str | None = "c-7",
    rule: str = "us_reg_f.calls_in_7_days",
    team: str = "t-3",
    site: str = "main",
) -> Record:
    """A standing with a rule per case of limit 7, as the conduct topic holds it (conduct 4)."""
    count = {"clear": 3, "near": 6, "reached": 7, "breached": 8}[state]
    body = {
        "record": "standing", "rule": rule, "debtor": debtor, "case": case, "number": None, "state": state,
        "count": count, "limit": 7, "headroom": max(0, 7 - count), "at": "2026-11-02T01:10:00Z",
        "clears_at": None if state == "clear" else clears_at, "agent": "a-017", "team": team, "site": site,
        "revision": revision, "run": "live",
    }  # fmt: skip
    return f"S|{debtor}|{rule}|{case or ''}".encode(), orjson.dumps(body)


def breach(debtor: str = "d-7") -> Record:
    """A breach as the conduct topic holds it (conduct 3), as far as the page could look at it."""
    body = {"record": "breach", "rule": "any.quiet", "site": "main", "debtor": debtor, "team": "t-3", "revision": 1}
    return f"B|{debtor}|any.quiet||call|k-8".encode(), orjson.dumps(body)
