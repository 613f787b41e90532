"""No alert says that a value on the good side was its cause: every record of a simulated floor, in both directions."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import orjson
import pytest

from stream.alerts.lifecycle import Change
from stream.alerts.reason import reason
from stream.alerts.rules import Rule, exact
from stream.alerts.watch import Watch
from stream.kpis.catalogue import CATALOGUE
from stream.replay import replay
from stream.settings import load
from stream.windows.plan import WindowPlan
from tests.simulate.days import world

LIMITS = {
    "connect_rate": ("0.30", "0.36"),
    "talk_time_mean": ("60000", "70000"),
    "dials": ("4", "6"),
    "occupancy_ratio": ("0.4", "0.6"),
    "recovered_per_hour": ("200000", "500000"),
    "abandonment_rate": ("0.1", "0.3"),
    "complaint_rate": ("2", "10"),
}
RULES = [
    {
        "rule": f"{kpi}_{side}_{level}_{window}_{hold}",
        "kpi": kpi,
        "level": level,
        "window": window,
        side: low if side == "below" else high,
        "exit": high if side == "below" else low,
        "for": hold,
        "keep_firing_for": "20s" if hold == "30s" else "0s",
        "severity": severity,
        "min_denominator": 0 if CATALOGUE[kpi].denominator is None else 2,
        "publish_pending": True,
    }
    | ({"currency": "CNY"} if CATALOGUE[kpi].per_currency else {})
    for kpi, (low, high) in LIMITS.items()
    for side, level, window, hold, severity in (
        ("below", "team", "rolling_15m", "30s", "warning"),
        ("above", "agent", "rolling_5m", "0s", "critical"),
        ("above", "site", "interval_30m", "30s", "warning"),
        ("below", "site", "rolling_5m", "0s", "critical"),
    )
]


@pytest.fixture(scope="module")
def alerts(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("floor")
    events = folder / "events.jsonl"
    events.write_bytes(b"".join(_line(event) for _, event in world(hours=3, rate=1.0)))
    config = folder / "rules.json"
    config.write_bytes(orjson.dumps({"alerts": RULES}))
    wish = replay.ReplayOptions("replay", frozenset({"day"}), 1)
    replay.replay(load(config, {}), [str(events)], folder / "out", wish, lambda *_: None)
    return [orjson.loads(line) for line in (folder / "out" / "alerts.jsonl").read_bytes().splitlines()]


def _line(event: bytes | dict[str, Any]) -> bytes:
    return (event if isinstance(event, bytes) else orjson.dumps(event)) + b"\n"


def _breached(record: dict[str, Any], limit: Fraction) -> bool:
    value = Fraction(record["numerator"] * CATALOGUE[record["kpi"]].factor, record["denominator"] or 1)
    return value > limit if "_above_" in record["rule"] else value < limit


def test_every_pending_and_firing_record_states_a_value_beyond_its_limit(alerts: list[dict[str, Any]]) -> None:
    limits = {each["rule"]: Fraction(str(each.get("below", each.get("above")))) for each in RULES}
    causes = [record for record in alerts if record["state"] != "resolved"]
    for record in causes:
        assert _breached(record, limits[record["rule"]]), record
        side = "above" if "_above_" in record["rule"] else "below"
        found = re.search(rf" is (\S+)(?: \(.*\))?, {side} (\S+)", record["reason"])
        assert found is not None, record["reason"]
        assert (float(found[1]) > float(found[2])) is (side == "above"), record["reason"]
    seen = {(record["severity"], "_above_" in record["rule"], record["state"]) for record in causes}
    assert len(seen) == 6, "both severities, both directions, pending where a rule waits: else the law held of nothing"


def test_every_resolved_record_with_a_value_states_one_on_the_good_side(alerts: list[dict[str, Any]]) -> None:
    exits = {each["rule"]: Fraction(str(each["exit"])) for each in RULES}
    over = [record for record in alerts if record["state"] == "resolved" and "no longer" in record["reason"]]
    assert len({"_above_" in record["rule"] for record in over}) == 2
    for record in over:
        assert not _breached(record, exits[record["rule"]]), record


@pytest.mark.parametrize(("above", "numerator"), [(True, 10_000_001), (False, 9_999_999)])
def test_a_value_just_beyond_its_limit_is_not_rounded_to_it(above: bool, numerator: int) -> None:
    rule = Rule("r", "connect_rate", "team", "rolling_15m", exact("0.1"), exact("0.1"), above=above)
    watch = Watch(rule, WindowPlan(rolling=(("rolling_15m", 900_000),)))
    parts = (numerator, 100_000_000)
    text = reason(watch, Change.FIRING, parts, watch.value(parts), has_window=True)
    told = re.search(r"is (\S+) \(", text)
    assert told is not None
    assert (float(told[1]) > 0.1) is above, text
