"""A scenario file: who and where, what happened, what the numbers must be.

    Title: ...                                     one line that states the law
    Site main: Asia/Shanghai, shift night 22:00-06:00
    Setting: promise_grace_days 3                  any key of the configuration's `definitions`, or minimum_sample KPI N
    Windows: pane 10s, rolling 1m, interval 30m    what differs from the defaults
    Rule: busy, dials above 1 for team over rolling_1m, hold 20s, rest 10s
    Usually: debtor d1, case c1, agent ann, team red

    2026-11-02 10:00  promise P1, 1000 CNY by 2026-11-05

    Expect                                         or: Expect, told until 2026-11-03 00:00; or: as of 2026-11-03 00:00
      agent ann, day 2026-11-09: promise_kept_rate 0/1, no payments
      team red, shift_night 2026-11-02: nothing
    Alerts                                         all of them, in order
      2026-11-02 10:00:30 busy team red firing 2 since 10:00:10
    Counted: 3 facts, 1 repeated, 1 refused

What a file says of conduct rules is in conduct_lines.py. Lines that begin with # are for the reader.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from tests.oracle.calendar import local_instant
from tests.oracle.config import minutes_of_day
from tests.oracle.identity import utc
from tests.oracle.reading import instant
from tests.scenarios.conduct_lines import (
    Breaches,
    Told,
    read_breach,
    read_own_rule,
    read_packs,
    read_parameter,
    read_told,
)
from tests.scenarios.phrases import Raw, clock_time, event_of, phrase

LAST = "last event"


@dataclass(frozen=True)
class Item:
    """One KPI in one record: numerator, denominator, perhaps its status or value; `absent` if it must be missing."""

    kpi: str
    currency: str | None
    numerator: int = 0
    denominator: int | None = None
    status: str | None = None
    value: float | None = None
    absent: bool = False


@dataclass(frozen=True)
class Expectation:
    """What the record `key` must hold, once told all events before `until` (None: all); no items: no such record.

    `as_of`: replay ends at this instant, or with the `last event`; None: every window is over.
    """

    line: str
    key: str
    until: str | None
    as_of: str | None
    items: tuple[Item, ...]


@dataclass(frozen=True)
class AlertLine:
    """One alert record."""

    line: str
    at: str
    rule: str
    level: str
    entity: str
    state: str
    numerator: int | None
    denominator: int | None
    since: str | None
    muted: bool


@dataclass
class Scenario:
    """A parsed file. `alerts` and `counted` are None where the file says nothing of them.

    `breaches`: the blocks of breaches; `told`: what diallers are told.
    """

    title: str = ""
    config: Raw = field(default_factory=lambda: {"sites": {}, "minimum_sample": {}, "definitions": {}, "windows": {}})
    usually: Raw = field(default_factory=dict)
    events: list[Raw] = field(default_factory=list)
    expectations: list[Expectation] = field(default_factory=list)
    alerts: list[AlertLine] | None = None
    counted: dict[str, int] | None = None
    breaches: list[Breaches] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)

    def zone(self, site: str) -> str:
        return str(self.config["sites"].get(site, {}).get("zone", "UTC"))

    @property
    def stops(self) -> list[str | None]:
        """The instants before which all must have been told, each once; None: everything."""
        said: list[Expectation | Breaches] = [*self.expectations, *self.breaches]
        return list(dict.fromkeys([None, *(e.until for e in said)]))

    @property
    def ends(self) -> list[str]:
        """Where replay is to end, each once; not among them the end of all windows."""
        said: list[Expectation | Breaches] = [*self.expectations, *self.breaches]
        return list(dict.fromkeys(e.as_of for e in said if e.as_of is not None))

    def happened(self, event: Raw) -> int:
        """The instant of an event; of a dated one the midnight that begins its day."""
        if "occurred_on" in event:
            return local_instant(self.zone(event.get("site_id", "main")), date.fromisoformat(event["occurred_on"]), 0)
        return instant(event["occurred_at"])

    def lines(self, until: str | None = None) -> list[bytes]:
        """The events, or those before an instant, as JSON lines."""
        bound = None if until is None else instant(until)
        told = [e for e in self.events if bound is None or self.happened(e) < bound]
        return [json.dumps(event, ensure_ascii=False).encode() for event in told]


def read_site(scenario: Scenario, name: str, rest: str) -> None:
    zone, *shifts = [part.strip() for part in rest.split(",")]
    site: Raw = {"zone": zone, "shifts": {}}
    for shift in shifts:
        _, shift_name, hours = shift.split()
        site["shifts"][shift_name] = hours.split("-")
    scenario.config["sites"][name] = site


def read_setting(scenario: Scenario, rest: str) -> None:
    name, *values = rest.split()
    if name == "minimum_sample":
        scenario.config["minimum_sample"][values[0]] = int(values[1])
    else:
        (value,) = values
        flags = {"true": True, "false": False}
        scenario.config["definitions"][name] = int(value) if value.isdigit() else flags.get(value, value)


def read_windows(scenario: Scenario, rest: str) -> None:
    windows = scenario.config["windows"]
    for part in rest.split(","):
        name, value = part.split()
        if name == "pane":
            windows["pane"] = value
        else:
            windows.setdefault({"interval": "intervals"}.get(name, name), []).append(value)


RULE = re.compile(r"(\w+), (\w+)(?: ([A-Z]{3}))? (above|below) (\S+) for (\w+) over (\w+)((?:, [^,]+)*)")
RULE_WORDS = {
    "hold": "for", "rest": "keep_firing_for", "cool": "cooldown", "exit": "exit", "least": "min_denominator"
}  # fmt: skip
MUTED = re.compile(r"muted by (.+?)(?: at its (site|team))?")


def read_rule(scenario: Scenario, rest: str) -> None:
    match = RULE.fullmatch(rest)
    if match is None:
        raise ValueError(f"not a rule: {rest}")
    name, kpi, currency, side, bound, level, window, options = match.groups()
    rule: Raw = {"rule": name, "kpi": kpi, side: bound, "level": level, "window": window, "severity": "warning"}
    if currency:
        rule["currency"] = currency
    for option in filter(None, (part.strip() for part in options.split(","))):
        word, _, value = option.partition(" ")
        if word == "only":
            rule["entities"] = value.split()
        elif option == "pending told":
            rule["publish_pending"] = True
        elif muted := MUTED.fullmatch(option):
            rule |= {"inhibited_by": muted[1].split(), "where": muted[2] or "same"}
        else:
            rule[RULE_WORDS[word]] = int(value) if word == "least" else value
    scenario.config.setdefault("alerts", []).append(rule)


def read_item(text: str) -> Item:
    if match := re.fullmatch(r"no (\w+)(?: ([A-Z]{3}))?", text):
        return Item(match[1], match[2], absent=True)
    match = re.fullmatch(r"(\w+)(?: ([A-Z]{3}))? (\d+)(?:/(\d+))?(?: = ([\d.]+)| (few|no_data))?", text)
    if match is None:
        raise ValueError(f"not an expectation: {text}")
    kpi, currency, numerator, denominator, value, status = match.groups()
    return Item(
        kpi,
        currency,
        int(numerator),
        None if denominator is None else int(denominator),
        status,
        None if value is None else float(value),
    )


def window_start(scenario: Scenario, site: str, window: str, when: str) -> str:
    """The start of the window that begins on a day, in a month or at a time, as the records write it."""
    zone = scenario.zone(site)
    if window == "month":
        return utc(local_instant(zone, date.fromisoformat(f"{when}-01"), 0))
    if window.startswith("shift_"):
        begins = scenario.config["sites"][site]["shifts"][window.removeprefix("shift_")][0]
        return utc(local_instant(zone, date.fromisoformat(when), minutes_of_day(begins)))
    if " " in when:
        return utc(instant(clock_time(when, zone)))
    return utc(local_instant(zone, date.fromisoformat(when), 0))


LEVELS = "agent|team|queue|segment|site"


def read_expectation(scenario: Scenario, line: str, until: str | None, as_of: str | None = None) -> Expectation:
    match = re.fullmatch(rf"({LEVELS}) ([^,]+?)(?: at ([^,]+))?, (\w+) ([^:]+(?::\d\d[^:]*)*): (.+)", line)
    if match is None:
        raise ValueError(f"not an expectation: {line}")
    level, entity, site, window, when, items = match.groups()
    site = entity if level == "site" else site or "main"
    start = window_start(scenario, site, window, when)
    read = () if items == "nothing" else tuple(read_item(item.strip()) for item in items.split(","))
    return Expectation(line, f"{site}|{level}|{entity}|{window}|{start}", until, as_of, read)


def read_alert(scenario: Scenario, line: str) -> AlertLine:
    """Times of alerts are local to the site `main`; `since` may leave out the date."""
    match = re.fullmatch(
        r"(\S+) (\S+) (\w+) (\w+) (.+?) (pending|firing|resolved)(?: (\d+)(?:/(\d+))?)?"
        r"(?: since (?:(\S+) )?(\S+))?( muted)?",
        line,
    )
    if match is None:
        raise ValueError(f"not an alert: {line}")
    day, time, rule, level, entity, state, numerator, denominator, since_day, since, muted = match.groups()
    zone = scenario.zone("main")
    return AlertLine(
        line,
        utc(instant(clock_time(f"{day} {time}", zone))),
        rule,
        level,
        entity,
        state,
        None if numerator is None else int(numerator),
        None if denominator is None else int(denominator),
        None if since is None else utc(instant(clock_time(f"{since_day or day} {since}", zone))),
        muted is not None,
    )


CONDUCT = {"Packs": read_packs, "Parameter": read_parameter, "Own rule": read_own_rule}


def read_head(scenario: Scenario, line: str) -> bool:
    """Reads a line of the form `Word: ...`; false if it is none."""
    word, colon, rest = line.partition(": ")
    if not colon:
        return False
    if word == "Title":
        scenario.title = rest
    elif word.startswith("Site "):
        read_site(scenario, word.removeprefix("Site "), rest)
    elif word == "Setting":
        read_setting(scenario, rest)
    elif word == "Windows":
        read_windows(scenario, rest)
    elif word == "Rule":
        read_rule(scenario, rest)
    elif word in CONDUCT:
        CONDUCT[word](scenario.config, rest)
    elif word == "Usually":
        for part in rest.split(","):
            scenario.usually |= phrase(part.strip(), "", "UTC")
    elif word == "Counted":
        scenario.counted = {p.split()[1]: int(p.split()[0]) for p in rest.split(", ")}
    else:
        return False
    return True


def read_moment(scenario: Scenario, said: str) -> tuple[str | None, str | None]:
    """`told until TIME`, `as of TIME` or `as of the last event`: what is told, and where replay ends."""
    if said == "as of the last event":
        return None, LAST
    for word in ("told until ", "as of "):
        if said.startswith(word):
            at = clock_time(said.removeprefix(word), scenario.zone("main"))
            return (at, None) if word == "told until " else (None, at)
    if said:
        raise ValueError(f"not a moment: {said}")
    return None, None


BLOCKS = ("Expect", "Alerts", "Breaches", "Headroom")


def read_line(scenario: Scenario, block: str, said: str, until: str | None, as_of: str | None) -> None:
    """One line of a block."""
    if block == "Expect":
        scenario.expectations.append(read_expectation(scenario, said, until, as_of))
    elif block == "Alerts":
        assert scenario.alerts is not None
        scenario.alerts.append(read_alert(scenario, said))
    elif block == "Headroom":
        scenario.told.append(read_told(said, scenario.zone("main")))
    elif said != "none":
        stand = scenario.breaches[-1]
        scenario.breaches[-1] = replace(stand, lines=(*stand.lines, read_breach(said, scenario.zone("main"))))


def parse(text: str) -> Scenario:
    """The scenario that a file's text tells; ValueError names the line that was not understood."""
    scenario = Scenario()
    block, until, as_of = "", None, None
    for line in text.splitlines():
        said = line.split("  #")[0].strip()
        if not said or said.startswith("#"):
            continue
        try:
            head, _, moment = said.partition(", ")
            if head in BLOCKS:
                block, (until, as_of) = head, read_moment(scenario, moment)
                if block == "Alerts":
                    scenario.alerts = []
                if block == "Breaches":
                    scenario.breaches.append(Breaches((), until, as_of))
            elif line.startswith("  ") and block:
                read_line(scenario, block, said, until, as_of)
            elif not read_head(scenario, said):
                event = event_of(said, scenario.usually, scenario.zone, len(scenario.events))
                scenario.events.append(event)
        except (ValueError, KeyError) as error:
            raise ValueError(f"{said}: {error}") from error
    return scenario


def load(path: Path) -> Scenario:
    return parse(path.read_text(encoding="utf-8"))


def kpis_of(record: dict[str, Any]) -> dict[tuple[str, str | None], dict[str, Any]]:
    return {(kpi["kpi"], kpi.get("currency")): kpi for kpi in record["kpis"]}
