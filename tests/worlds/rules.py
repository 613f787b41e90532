"""Random alert rules that fit a world's windows."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.oracle.catalogue import CATALOGUE
from tests.oracle.config import duration_ms

LEVELS_OF_RATE = ("0", "0.25", "0.5", "0.75", "1")
LEVELS = ("agent", "team", "queue", "segment", "site")
LEVELS_OF_COUNT = ("0", "1", "2", "5", "100")
KEEN = ("dials", "contacts", "payments", "promises", "signed_in_time", "dials_per_hour", "complaints")
"""Of these a rule fires as soon as there is anything: alerts that inhibit others must fire now and then."""
USUAL = (
    "complaints",
    "connect_rate",
    "contacts",
    "dials",
    "drop_rate",
    "occupancy_ratio",
    "offered",
    "payments",
    "promise_rate",
    "promised_amount",
    "promises",
    "recovered_amount",
    "recovered_per_hour",
    "reversed_amount",
    "right_party_rate",
    "service_level",
    "signed_in_time",
    "transfer_rate",
    "workload",
)


def window_names(windows: dict[str, Any], sites: dict[str, Any]) -> list[str]:
    names = [f"rolling_{length}" for length in windows["rolling"]]
    names += [f"interval_{length}" for length in windows["intervals"]]
    names += [name for name in ("day", "month") if windows[name]]
    if windows["shifts"]:
        names += sorted({f"shift_{shift}" for site in sites.values() for shift in site["shifts"]})
    return names


def draw_rule(
    random: Random, name: str, windows: dict[str, Any], sites: dict[str, Any], earlier: list[dict[str, Any]]
) -> dict[str, Any]:
    keen = random.random() < 0.5
    kpi = CATALOGUE[random.choice(KEEN if keen else USUAL if random.random() < 0.75 else sorted(CATALOGUE))]
    levels: tuple[str, ...] = LEVELS_OF_COUNT if kpi.denominator is None else LEVELS_OF_RATE
    if "_ms" in kpi.numerator[0] or kpi.factor > 1:
        levels = ("0", "1", "999.5", "5000", "10000", "3600000")
    side = random.choice(("below", "above"))
    enter, leave = sorted(random.sample(range(len(levels)), 2), reverse=side == "above")
    if keen:
        side, enter, leave = "above", 0, 0
    pane = windows["pane"]
    times = ("0s", pane, f"{duration_ms(pane) // 1000 * 3}s", "7m", "1s")
    rule: dict[str, Any] = {
        "rule": name,
        "kpi": kpi.kpi,
        "level": random.choice([level for level in LEVELS if kpi.exists_at(level)]),
        "window": random.choice([name for name in window_names(windows, sites) if not keen or "rolling" in name]),
        side: levels[enter],
        "severity": random.choice(("warning", "critical")),
    }
    optional = {
        "exit": levels[leave],
        "min_denominator": random.choice((0, 1, 2, 3)),
        "for": random.choice(times),
        "keep_firing_for": random.choice(times),
        "publish_pending": random.random() < 0.5,
        "cooldown": random.choice(times),
        "labels": {"runbook": "https://example.org/1"},
    }
    rule |= {key: value for key, value in optional.items() if random.random() < 0.6}
    if kpi.per_currency:
        rule["currency"] = "CNY"
    if random.random() < 0.15:
        rule["entities"] = ["a1", "t1", "main", "unassigned", "q1", "s1"]
    if random.random() < 0.3:
        own = {key: rule.pop(key) for key in (side, "exit", "for", "severity") if key in rule}
        other = own | {"severity": "info", side: levels[leave], "exit": levels[leave], "for": random.choice(times)}
        rule["severities"] = [own, other]
    if earlier and random.random() < 0.7:
        rule["inhibited_by"] = draw_inhibitors(random, earlier)
        rule["where"] = random.choice(("same", "site", "team", "team" if rule["level"] == "agent" else "site"))
    return rule


def draw_inhibitors(random: Random, earlier: list[dict[str, Any]]) -> list[str]:
    """Rules, or one of the severities of one."""
    names = []
    for rule in random.sample(earlier, random.randrange(1, len(earlier) + 1)):
        severities = [f"{rule['rule']}.{each['severity']}" for each in rule.get("severities", ())]
        names.append(random.choice([rule["rule"], *severities]))
    return names


def draw_rules(random: Random, windows: dict[str, Any], sites: dict[str, Any]) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = []
    for number in range(random.randrange(2, 7)):
        rules.append(draw_rule(random, f"rule {number}", windows, sites, rules))
    return rules
