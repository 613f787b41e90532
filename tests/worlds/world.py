"""One random world from one seed: a configuration and the lines of its events, in no order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

from tests.oracle.config import DAY_MS, HOUR_MS, duration_ms
from tests.worlds.garbage import garbage, write
from tests.worlds.moments import DAYS, Moments
from tests.worlds.people import DEBTORS, People, Raw
from tests.worlds.rules import draw_rules

USUAL = ("call", "call", "call", "payment", "payment", "payment_reversal", "promise", "promise", "case", "case")
CARE = ("call", "complaint", "case", "case", "visit", "message", "legal_step")
THEMES = (USUAL, USUAL, CARE, ("agent_state",))
"""What most events of a world are."""
RARE = (
    "promise_cancelled",
    "complaint",
    "restriction",
    "visit",
    "message",
    "quality_review",
    "agent_state",
    "agent_state",
    "survey",
    "bot_session",
    "legal_step",
    "measurement",
)
SHIFTS = {
    "day": ["09:00", "18:00"],
    "night": ["22:00", "06:00"],
    "thin": ["01:30", "01:31"],
    "gone": ["01:15", "01:45"],
    "wide": ["00:01", "23:59"],
    "round": ["12:00", "11:59"],
}


@dataclass(frozen=True)
class World:
    """`config` as in the YAML of contract 4; `lines` without newlines; the seed that makes it again."""

    seed: int
    config: Raw
    lines: list[bytes]


def draw_definitions(random: Random) -> Raw:
    choices: dict[str, tuple[Any, ...]] = {
        "promise_grace_days": (0, 1, 3),
        "promise_tolerance": ("0", "0.10", "0.333", "0.05", "1"),
        "attribution_days": (1, 7),
        "effective_talk_floor_ms": (0, 10_000),
        "first_contact_hours": (1, 24),
        "first_contact_max_dpd": (0, 30),
        "coverage_days": (1, 7),
        "service_level_ms": (0, 20_000),
        "short_abandon_ms": (0, 5_000),
        "complaint_deadline_days": (1, 56),
        "service_level_formula": ("offered", "answered", "without_short_abandons"),
        "calls_counted_at": ("start", "end"),
        "open_state_max": ("90s", "1h", "12h", "36h"),
        "open_state_ends_with_shift": (False, True),
    }
    return {name: random.choice(values) for name, values in choices.items() if random.random() < 0.7}


def draw_site(random: Random, zone: str) -> Raw:
    names = random.sample(sorted(SHIFTS), random.randrange(4))
    return {"zone": zone, "shifts": {name: SHIFTS[name] for name in names}}


def draw_windows(random: Random, with_rules: bool) -> Raw:
    panes = ("1m", "5m", "15m") if with_rules else ("1s", "10s", "1m")
    return {
        "pane": random.choice(panes),
        "rolling": ["15m", "1h"],
        "intervals": random.choice((["30m"], ["15m", "1h"], ["12h"], [])),
        "day": random.random() < 0.9,
        "month": random.random() < 0.8,
        "shifts": random.random() < 0.9,
    }


def draw_events(random: Random, people: People, earlier: list[Raw], theme: tuple[str, ...]) -> list[Raw]:
    """A new event; or one told again; or a fact taken back and told anew under another debtor."""
    if not earlier or random.random() < 0.8:
        return [people.draw(random.choice(theme if random.random() < 0.65 else RARE))]
    told = random.choice(earlier)
    return told_anew(random, people, told) if random.random() < 0.25 else [told_again(random, people, told)]


def told_anew(random: Random, people: People, told: Raw) -> list[Raw]:
    """A higher version that takes the fact back; and, mostly, the same fact where it belongs."""
    void = told | {"event_id": people.event_id(), "version": (told.get("version") or 1) + 1, "void": True}
    if random.random() < 0.5 and "occurred_at" in void:
        void["occurred_at"] = people.instant()
    anew = told | {"event_id": people.event_id(), "debtor_id": people.pick(*DEBTORS)}
    anew.pop("void", None)
    return [void, anew] if random.random() < 0.7 else [void]


def told_again(random: Random, people: People, told: Raw) -> Raw:
    """The same event: under another event_id or not, with other content, as another version, or not."""
    again = dict(told)
    if random.random() < 0.5:
        again["event_id"] = people.event_id()
    if random.random() < 0.5:
        other = people.draw(again["type"])
        for name in random.sample(sorted(other), min(2, len(other))):
            if name not in ("event_id", "case_id", "occurred_at", "occurred_on"):
                again[name] = other[name]
        if random.random() < 0.3:
            again = {name: value for name, value in again.items() if not name.startswith("occurred_")}
            again |= people.time_of(again["type"])
        if random.random() < 0.5:
            again["version"] = random.choice((1, 2, 3))
    return again


def wrapped(random: Random, line: bytes) -> bytes:
    """The value as some producers send it: behind a schema registry's frame, or in a CloudEvent."""
    choice = random.random()
    if choice < 0.04:
        return bytes((0, 0, 0, random.choice((0, 200)), random.randrange(32, 256))) + line
    if choice < 0.08:
        return b'{"specversion":"1.0","id":"1","source":"/pbx","type":"pbx.event","data":' + line + b"}"
    return line


def world(seed: int, with_rules: bool = False) -> World:
    """The world of a seed. With rules it is short and its panes are coarse, for the dense evaluation."""
    random = Random(seed)
    zones = random.sample(sorted(DAYS), 2)
    definitions = draw_definitions(random)
    span_ms = random.choice((HOUR_MS, 6 * HOUR_MS, DAY_MS)) if with_rules else random.choice((DAY_MS, 12 * DAY_MS))
    distances = (
        definitions.get("first_contact_hours", 24) * HOUR_MS,
        definitions.get("coverage_days", 7) * DAY_MS,
        definitions.get("attribution_days", 7) * DAY_MS,
        duration_ms(definitions.get("open_state_max", "12h")),
    )
    day = date.fromisoformat(random.choice(DAYS[zones[0]]))
    moments = Moments(random, zones[0], day, span_ms, distances)
    theme = random.choice(THEMES)
    narrow = random.random() < 0.5
    sites = (None, None, None, None, "two") if narrow else (None, None, None, "two", "unknown site")
    people = People(random, moments, sites, narrow)
    told: list[Raw] = []
    for _ in range(random.choice((4, 12, 30, 60))):
        told += draw_events(random, people, told, theme)
    lines = [wrapped(random, write(raw)) for raw in told]
    lines += [garbage(random, random.choice(told)) for _ in range(random.randrange(4))]
    random.shuffle(lines)
    windows = draw_windows(random, with_rules)
    config: Raw = {
        "sites": {"main": draw_site(random, zones[0]), "two": draw_site(random, zones[1])},
        "windows": windows,
        "definitions": definitions,
        "minimum_sample": {"connect_rate": random.choice((1, 3)), "promise_kept_rate": 2},
    }
    if with_rules:
        config["alerts"] = draw_rules(random, windows, config["sites"])
    return World(seed, config, lines)
