"""Random `conduct` sections: shipped packs, packs of one's own in versions, own rules, parameters, dates."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from tests.oracle.conduct_packs import SHIPPED
from tests.oracle.conduct_rules import TALKED

Raw = dict[str, Any]
PACKS = tuple(pack["pack"] for pack in SHIPPED)
PACK_FILE = "packs.yaml"
RESTRICTIONS = ("cease_contact", "attorney", "deceased", "dispute", "breathing_space", "wrong_number")
COUNTS = ("attempts", "connected_attempts", "unanswered_attempts", "conversations", "contacts", "contacts")
CLOCKS = ("00:00", "01:30", "08:00", "12:00", "19:00", "20:30", "21:00", "23:59", "24:00")
KINDS = ("frequency", "frequency", "frequency", "spacing", "hours", "quiet", "restricted", "third_party", "recorded")


def some(random: Random, choices: tuple[str, ...]) -> list[str]:
    return random.sample(choices, random.randrange(1, len(choices) + 1))


def draw_window(random: Random) -> Raw:
    window: Raw = {"days": random.choice((1, 1, 2, 3, 7))}
    if random.random() < 0.5:
        window["local"] = random.choice((True, True, False))
    return window


def draw_consent(random: Random) -> Raw:
    """Nothing; or that consent counts, for some days or until a conversation."""
    if random.random() < 0.4:
        return {}
    found: Raw = {"consent": random.random() < 0.9}
    if random.random() < 0.5:
        found["consent_days"] = random.choice((1, 7))
    if random.random() < 0.5:
        found["consent_ends"] = "conversation"
    return found


def draw_hours(random: Random) -> Raw:
    first, last = sorted(random.sample(range(len(CLOCKS)), 2))
    return {"from": CLOCKS[first], "until": CLOCKS[last]}


def draw_values(random: Random, kind: str) -> Raw:
    """What a rule of a kind requires, and some of what it may say."""
    per = random.choice(("debtor", "case", "case", "number"))
    some_channels = {"channels": some(random, TALKED)} if random.random() < 0.4 else {}
    match kind:
        case "frequency":
            counts = random.choice(COUNTS)
            values = {"counts": counts, "per": per, "limit": random.choice((0, 1, 2, 2, 3)), **draw_consent(random)}
            values["window"] = draw_window(random)
            if counts == "contacts" and random.random() < 0.5:
                values["channels"] = some(random, (*TALKED, "letter"))
            if counts == "conversations" and random.random() < 0.7:
                values["effective_ms"] = random.choice((0, 10_000, 10_001))
            return values
        case "spacing":
            local = {"local": random.random() < 0.7} if random.random() < 0.8 else {}
            return {"per": per, "days": random.choice((1, 2, 7)), **local, **draw_consent(random)}
        case "hours":
            return {**draw_hours(random), **some_channels, **draw_consent(random)}
        case "quiet":
            return some_channels
        case "restricted":
            return {"kinds": some(random, RESTRICTIONS), **({"channels": ["letter", "visit"]} if some_channels else {})}
        case "third_party":
            return random.choice(({}, {"days": 1}, {"attempts": 1}, {"days": 7, "attempts": 0}))
        case "deadline":
            return {"days": random.choice((0, 1, 7, 56))}
    return {}


def draw_own(random: Random, name: str, day: date) -> Raw:
    """An own rule; now and then at some sites only, a draft, or within dates near the days of the world."""
    kind = random.choice((*KINDS, "deadline"))
    rule: Raw = {"rule": name, "kind": kind, **draw_values(random, kind)}
    if random.random() < 0.2:
        rule["sites"] = random.choice((["main"], ["two"], ["two", "unknown site"]))
    if random.random() < 0.1:
        rule["status"] = "draft"
    return rule | draw_dates(random, day)


def draw_dates(random: Random, day: date) -> Raw:
    if random.random() < 0.7:
        return {}
    first = day + timedelta(days=random.choice((-1, 0, 1, 3)))
    dates: Raw = {"effective_from": first.isoformat()}
    if random.random() < 0.5:
        dates["effective_until"] = (first + timedelta(days=random.choice((1, 2, 5)))).isoformat()
    return dates


def draw_pack(random: Random, name: str, day: date) -> list[Raw]:
    """One or two versions of a pack; the second takes over where the first ends."""
    change = (day + timedelta(days=random.choice((0, 1, 2)))).isoformat()
    rules = [draw_own(random, f"rule_{n}", day) for n in range(random.choice((1, 2)))]
    for rule in rules:
        for key in ("sites", "effective_from", "effective_until"):
            rule.pop(key, None)
    pack: Raw = {
        "pack": name,
        "rules": rules,
        "jurisdiction": "Nowhere",
        "source": {"title": "A law", "url": "https://law.example/1"},
    }
    if random.random() < 0.5:
        return [pack]
    later = pack | {"effective_from": change}
    later["rules"] = [{**rule, **draw_values(random, rule["kind"])} for rule in rules]
    return [pack | {"effective_until": change}, later]


def draw_parameter(random: Random, rule: Raw, day: date, dated: bool) -> Raw:
    """Another value or two of a rule, of its kind."""
    values = draw_values(random, rule["kind"])
    if rule["kind"] == "hours":
        values |= draw_hours(random)
    chosen = {name: values[name] for name in values if random.random() < 0.5}
    if "until" in values:  # a new end alone may lie before the old beginning
        chosen |= {name: values[name] for name in ("from", "until")}
    if random.random() < 0.2 or rule.get("status") == "draft":
        chosen["status"] = random.choice(("in_force", "in_force", "draft"))
    return chosen if dated else chosen | draw_dates(random, day)


def draw_conduct(random: Random, day: date) -> tuple[Raw, list[Raw]]:
    """The section, and what its pack file holds (nothing: it names none)."""
    own_packs: list[Raw] = []
    for name in ("mine", "any", "us_reg_f"):
        if random.random() < 0.15:
            own_packs += draw_pack(random, name, day)
    names = tuple(dict.fromkeys([*PACKS, *(pack["pack"] for pack in own_packs)]))
    section: Raw = {"packs": random.sample(names, random.randrange(0, 4))}
    if random.random() < 0.4:
        section["sites"] = {
            site: random.sample(names, random.randrange(0, 3))
            for site in random.sample(("main", "two", "unknown site"), random.randrange(1, 3))
        }
    section["rules"] = [draw_own(random, f"r{n}", day) for n in range(random.randrange(0, 4))]
    replaced = {pack["pack"] for pack in own_packs}
    known = [*own_packs, *(pack for pack in SHIPPED if pack["pack"] not in replaced)]
    parameters: Raw = {}
    for pack in known:
        for rule in pack["rules"]:
            if random.random() < 0.25:
                in_versions = pack["pack"] in replaced
                said = draw_parameter(random, rule, day, in_versions or ("effective_from" in pack and day.year < 2026))
                if said:
                    parameters[f"{pack['pack']}.{rule['rule']}"] = said
    if parameters:
        section["parameters"] = parameters
    if own_packs:
        section["pack_files"] = [PACK_FILE]
    return section, own_packs
