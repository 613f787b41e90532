"""A random world of contacts that lie at the edges of the conduct rules, from one seed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from tests.oracle.calendar import local_instant
from tests.oracle.config import DAY_MS, HOUR_MS
from tests.worlds.conduct_rules import PACK_FILE, Raw, draw_conduct
from tests.worlds.moments import DAYS, Moments

ZONES = ("Europe/London", "America/Havana", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia", "UTC")
NO_ZONES = ("Mars/Olympus", "Europe", "europe/london", "../UTC", "Beijing | time", "tzdata.zi")
SITES = (None, None, None, None, "two", "two", "unknown site")
CASES = ("c1", "c1", "c1", "c1", "c2", "¢²", None)
NUMBERS = ("n1", "n1", "n2", None)
OUTCOMES = ("human", "human", "human", "machine", "no_answer", "no_answer", "busy", "failed", "invalid_number")
EDGES = (0, 60, 90, 120, 480, 720, 1140, 1230, 1260, 1320, 1439)
"""Minutes of the day at which hours, quiet hours and days turn over."""
DISTANCES = tuple(days * DAY_MS for days in (1, 1, 2, 3, 7, 7, 7, 56))
RESTRICTIONS = (
    *("consent", "consent", "consent", "quiet_hours", "quiet_hours", "breathing_space", "wrong_number"),
    *("cease_contact", "attorney", "deceased", "dispute"),
)
QUIET = (["22:00", "08:00"], ["08:00", "22:00"], ["12:00", "12:00"], ["00:00", "01:30"], ["23:59", "00:00"])
KINDS = (
    *("call",) * 12,
    *("message", "message", "visit", "case", "case"),
    *("restriction", "restriction", "restriction", "complaint"),
)


@dataclass(frozen=True)
class ConductWorld:
    """`config` as in the YAML; `packs`: what its pack file holds; `lines` without newlines, in no order."""

    seed: int
    config: Raw
    packs: list[Raw]
    lines: list[bytes]

    def prepare(self, folder: Path) -> None:
        """Puts the pack file beside where the configuration will be."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / PACK_FILE).write_text(json.dumps(self.packs), encoding="utf-8")


@dataclass
class Contacts:
    """Draws events about three debtors, few cases and numbers."""

    random: Random
    moments: Moments
    zones: tuple[str, ...]
    number: int = 0
    told: list[Raw] = field(default_factory=list)

    def pick(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def at(self) -> str:
        return self.moments.write(self.moments.draw())

    def new_id(self, letter: str) -> str:
        """Ids that are no order of time; now and then one that other facts have, too."""
        self.number += 1
        if letter != "e" and self.chance(0.05):
            return str(self.pick("x1", "x2"))
        return f"{letter}{self.random.randrange(10)}-{self.number}"

    def given(self, fields: Raw) -> Raw:
        return {name: value for name, value in fields.items() if value is not None}

    def draw(self) -> None:
        """One more fact; or one told before, corrected or taken back."""
        if self.told and self.chance(0.15):
            self.told.append(self.again(self.pick(*self.told)))
            return
        kind = self.pick(*KINDS)
        base = {
            "type": kind,
            "event_id": self.new_id("e"),
            "occurred_at": self.at(),
            "debtor_id": self.pick(
                "d1", "d1", "d1", "d1", "d2", "债务人 7", None if kind in ("call", "message") else "d1"
            ),
            "site_id": self.pick(*SITES),
            "agent_id": self.pick("a1", "a1", "a2", None),
            "team_id": self.pick("t1", "t2", None),
            "segment_id": self.pick("s1", None),
        }
        more: Raw = getattr(self, kind)()
        if base["debtor_id"] is None:
            more.pop("case_id", None)
        self.told.append(self.given(base | more))

    def burst(self) -> None:
        """Six to nine attempts on one case and number, the last at an exact distance from the first."""
        start_ms = self.moments.draw()
        length_ms = self.pick(*DISTANCES[:-1]) + self.pick(-1, 0, 0, 1)
        shared = {"direction": "outbound", "case_id": "c1", "number_id": "n1", "transferred_from": None}
        count = self.pick(6, 7, 8, 9)
        for n in range(count):
            at_ms = start_ms + length_ms * n // (count - 1)
            self.moments.drawn.append(at_ms)
            when = {"occurred_at": self.moments.write(at_ms), "event_id": self.new_id("e"), "debtor_id": "d1"}
            told = {"type": "call", **when, **self.call(), **shared, "agent_id": "a1"}
            self.told.append(self.given(told | {"outcome": self.pick("human", "no_answer", "no_answer", "busy")}))

    def again(self, told: Raw) -> Raw:
        """A version of a fact: of the same, a higher or a lower number; other in some field, or void."""
        fresh = {"event_id": self.new_id("e"), "version": (told.get("version") or 1) + self.pick(-1, 0, 1, 1, 1)}
        if told["type"] == "case":  # told apart by its event_id
            fresh["event_id"] = told["event_id"]
        fresh["version"] = max(1, fresh["version"])
        if self.chance(0.3):
            return told | fresh | {"void": True}
        if self.chance(0.5):
            fresh["occurred_at"] = self.at()
        other: Raw = getattr(self, told["type"])()
        for name in self.random.sample(sorted(other), min(2, len(other))):
            if not name.endswith("_id") or name == "number_id":
                fresh[name] = other[name]
        return self.given(told | fresh)

    def call(self) -> Raw:
        return {
            "call_id": self.new_id("k"),
            "direction": self.pick(*["outbound"] * 6, "inbound"),
            "outcome": self.pick(*OUTCOMES) if self.chance(0.95) else self.pick("abandoned", "callback"),
            "party": self.pick("right", "right", "third", "unknown", None),
            "ended_at": self.at(),
            "talk_ms": self.pick(0, 10_000, 10_001, None),
            "effective_ms": self.pick(9_999, 10_000, None, None),
            "recorded": self.pick(True, True, False, None),
            "queue_id": self.pick("q1", None),
            "transferred_from": self.pick(*[None] * 15, "k-before"),
            "case_id": self.pick(*CASES),
            "number_id": self.pick(*NUMBERS),
        }

    def message(self) -> Raw:
        return {
            "message_id": self.new_id("m"),
            "channel": self.pick("sms", "sms", "email", "chat", "letter"),
            "direction": self.pick("outbound", "outbound", "outbound", "inbound"),
            "case_id": self.pick(*CASES),
            "number_id": self.pick(*NUMBERS),
        }

    def visit(self) -> Raw:
        case = self.pick("c1", "c1", "c2", "¢²")
        return {"visit_id": self.new_id("v"), "met_debtor": self.chance(0.5), "agent_id": "a1", "case_id": case}

    def case(self) -> Raw:
        zone = self.pick(*self.zones, *self.zones, self.pick(*NO_ZONES), None, None)
        change = self.pick("placed", "assigned", "stage", "closed")
        return {"case_id": self.pick("c1", "c1", "c2", "¢²"), "change": change, "debtor_zone": zone}

    def restriction(self) -> Raw:
        kind = self.pick(*RESTRICTIONS)
        return {
            "restriction_id": self.new_id("r"),
            "kind": kind,
            "from": self.at(),
            "until": self.pick(self.at(), self.at(), None),
            "case_id": self.pick(*CASES, None),
            "number_id": self.pick("n1", "n2") if kind == "wrong_number" else self.pick("n1", None, None, None),
            "hours": self.pick(*QUIET) if kind == "quiet_hours" else None,
        }

    def complaint(self) -> Raw:
        calls = [told["call_id"] for told in self.told if told["type"] == "call"]
        return {
            "complaint_id": self.new_id("q"),
            "status": self.pick("received", "closed"),
            "received_at": self.at(),
            "closed_at": self.pick(self.at(), None),
            "case_id": self.pick(*CASES),
            "call_id": self.pick(*calls, None) if calls else None,
        }


def edges_near(zone: str, day: date) -> list[int]:
    return [
        local_instant(zone, day + timedelta(days=n), minutes)
        for n in (-7, -1, 0, 1, 2, 7)
        for minutes in EDGES
        if n in (0, 1) or minutes == 0
    ]


def draw_alerts(random: Random) -> list[Raw]:
    """Rules on the KPIs of conduct."""
    found = []
    for number in range(random.randrange(1, 4)):
        counted = random.random() < 0.7
        rule: Raw = {
            "rule": f"rule {number}",
            "kpi": "conduct_breaches" if counted else "conduct_breach_rate",
            "level": random.choice(("agent", "team", "queue", "segment", "site")),
            "window": random.choice(("rolling_15m", "rolling_1h", "interval_12h", "day")),
            "above": random.choice((0, 1, 2) if counted else (0, 500)),
        }
        more = {"for": "30m", "keep_firing_for": random.choice(("15m", "2h")), "publish_pending": True}
        found.append(rule | {name: value for name, value in more.items() if random.random() < 0.4})
    return found


def conduct_world(seed: int, with_alerts: bool = False) -> ConductWorld:
    """The world of a seed: some days around a day on which the clocks of a site change, or an ordinary one.

    With alert rules it is short and its panes are coarse, for the dense evaluation.
    """
    random = Random(f"conduct {seed}")
    zones = random.sample(sorted(set(DAYS) & {*ZONES, "Asia/Shanghai", "Australia/Lord_Howe"}), 2)
    day = date.fromisoformat(random.choice(DAYS[zones[0]]))
    spans = (6 * HOUR_MS, DAY_MS) if with_alerts else (6 * HOUR_MS, DAY_MS, DAY_MS, 4 * DAY_MS, 12 * DAY_MS)
    span_ms = random.choice(spans)
    moments = Moments(random, zones[0], day, span_ms, DISTANCES)
    moments.edges += edges_near(zones[0], day) + edges_near(zones[1], day)
    contacts = Contacts(random, moments, (*zones, random.choice(ZONES)))
    for _ in range(random.choice((6, 15, 30, 60))):
        contacts.draw()
        if random.random() < 0.02:
            contacts.burst()
    section, packs = draw_conduct(random, day)
    sites = {"main": {"zone": zones[0]}, "two": {"zone": zones[1]}}
    lines = [json.dumps(told, ensure_ascii=False).encode() for told in contacts.told]
    random.shuffle(lines)
    config: Raw = {"sites": sites, "conduct": section, "windows": {"rolling": ["15m", "1h"], "intervals": ["12h"]}}
    if with_alerts:
        config["windows"]["pane"] = "15m"
        config["alerts"] = draw_alerts(random)
    return ConductWorld(seed, config, packs, lines)
