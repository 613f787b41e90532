"""What a scenario file says of conduct: which rules hold, which breaches stand, what a dialler is told.

Packs: us_reg_f, any
Parameter: us_reg_f.hours until 20:30
Own rule: house_calls, frequency of attempts per debtor, limit 3, days 1 local

Breaches                                       all that stand, in order; or: Breaches, told until ...; as of ...
  2026-11-02 10:00 us_reg_f.hours by call K1, case c1, 8 of 7, at 21:00:00 America/Chicago, agent ann
  none
Headroom                                       what a dialler is told, once all is known
  2026-11-02 10:00 debtor d1, case c1: us_reg_f.calls_in_7_days 7 of 7, not before 2026-11-09 10:00
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.oracle.identity import utc
from tests.oracle.reading import instant
from tests.scenarios.phrases import clock_time

Raw = dict[str, Any]
FACTS = "call|message|visit|complaint"


@dataclass(frozen=True)
class BreachLine:
    """What one record of conduct.jsonl must hold; case, number, count and limit are null where they are not said."""

    line: str
    holds: Mapping[str, Any]


@dataclass(frozen=True)
class Breaches:
    """All breaches in order, once told what was before `until` (None: all), up to `as_of` (None: all deadlines)."""

    lines: tuple[BreachLine, ...]
    until: str | None
    as_of: str | None


@dataclass(frozen=True)
class Told:
    """What a dialler is told: of one rule (`all`: the whole answer), that it allows at once, later, or never."""

    line: str
    asked: Mapping[str, str]
    rule: str
    holds: Mapping[str, Any]


def read_packs(config: Raw, rest: str) -> None:
    config.setdefault("conduct", {})["packs"] = [name.strip() for name in rest.split(",")]


def read_parameter(config: Raw, rest: str) -> None:
    rule, name, value = rest.split(maxsplit=2)
    parameters = config.setdefault("conduct", {}).setdefault("parameters", {})
    parameters.setdefault(rule, {})[name] = int(value) if value.isdigit() else value


def read_own_rule(config: Raw, rest: str) -> None:
    """`name, frequency of attempts per debtor, limit 3, days 1 local` or `name, deadline, days 15`."""
    name, said, *more = [part.strip() for part in rest.split(",")]
    kind, _, what = said.partition(" of ")
    rule: Raw = {"rule": name, "kind": kind}
    if what:
        rule["counts"], rule["per"] = what.split(" per ")
    for text in more:
        word, value, *local = text.split()
        days: Raw = {"days": int(value), **({"local": True} if local else {})} if word == "days" else {}
        rule |= ({"window": days} if kind == "frequency" else days) if days else {word: int(value)}
    config.setdefault("conduct", {}).setdefault("rules", []).append(rule)


def of_options(options: str) -> Raw:
    """`case c1`, `number n1`, `8 of 7`, `at 21:00:00 ZONE`, `assumed`, `agent ann`, `team red`, `debtor d2`."""
    holds: Raw = {"case": None, "number": None, "count": None, "limit": None}
    for text in filter(None, (part.strip() for part in options.split(","))):
        word, _, value = text.partition(" ")
        if match := re.fullmatch(r"(\d+) of (\d+)", text):
            holds |= {"count": int(match[1]), "limit": int(match[2])}
        elif word == "at":
            holds["local_time"], holds["zone"] = value.split()
        elif text == "zone assumed":
            holds["zone_assumed"] = True
        elif word in ("case", "number", "agent", "team", "debtor", "site"):
            holds[word] = value
        else:
            raise ValueError(f"not understood: {text}")
    return holds


def read_breach(line: str, zone: str) -> BreachLine:
    """Times are local to the site `main`."""
    match = re.fullmatch(rf"(\S+ \S+)\s+(\S+) by ({FACTS}) ([^,]+)((?:, [^,]+)*)", line)
    if match is None:
        raise ValueError(f"not a breach: {line}")
    time, rule, kind, own_id, options = match.groups()
    at = utc(instant(clock_time(time, zone)))
    return BreachLine(line, {"at": at, "rule": rule, "fact": {"type": kind, "id": own_id}, **of_options(options)})


def read_told(line: str, zone: str) -> Told:
    match = re.fullmatch(
        r"(\S+ \S+)\s+((?:(?:debtor|case|number|site) [^,:]+(?:, )?)+): (\S+)(?: (\d+) of (\d+))?"
        r", (allowed|never|not before (\S+ \S+))",
        line,
    )
    if match is None:
        raise ValueError(f"not an answer: {line}")
    time, whom, rule, count, limit, word, later = match.groups()
    at = utc(instant(clock_time(time, zone)))
    asked = {"at": at} | {name: value for name, _, value in (part.partition(" ") for part in whom.split(", "))}
    allowed_from = None if word == "never" else at if later is None else utc(instant(clock_time(later, zone)))
    holds: Raw = {"allowed": word == "allowed", "allowed_from": allowed_from}
    if count is not None:
        holds |= {"count": int(count), "limit": int(limit)}
    return Told(line, asked, rule, holds)


def check_breaches(expected: Breaches, got: Sequence[Raw]) -> None:
    """AssertionError where other breaches stand than a scenario says."""
    shown = [(record["at"], record["rule"], record["fact"]["id"]) for record in got]
    assert len(got) == len(expected.lines), f"{[line.line for line in expected.lines]}: got {shown}"
    for line, record in zip(expected.lines, got, strict=True):
        assert {name: record[name] for name in line.holds} == line.holds, f"{line.line}: got {record}"


def check_told(expected: Told, answer: Raw) -> None:
    """AssertionError where a dialler is told something else."""
    entries = [answer] if expected.rule == "all" else [e for e in answer["rules"] if e["rule"] == expected.rule]
    assert len(entries) == 1, f"{expected.line}: got {answer}"
    assert {name: entries[0][name] for name in expected.holds} == expected.holds, f"{expected.line}: got {entries[0]}"
