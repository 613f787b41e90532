"""Many scenarios on one floor: each with sites, debtors, agents, cases and ids of its own, so that none meets another.

Every name of a scenario gets the same prefix, which keeps their order; teams, queues and segments keep theirs, since
they belong to a site.
What comes out is told apart by its site, and told without the prefix.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.config import duration_ms
from tests.oracle.identity import OWN_ID
from tests.oracle.reading import instant
from tests.scenarios.checks import check_outcomes
from tests.scenarios.doors import Outcome, final_words, happened, in_order
from tests.scenarios.scenario import Scenario
from tests.worlds.lived import in_file_order

Raw = dict[str, Any]
NAMES = {"event_id", "debtor_id", "case_id", "agent_id", "number_id", "transferred_from", *OWN_ID.values()}


@dataclass(frozen=True)
class Told:
    """A scenario, or the part of it before `until`, under its prefix."""

    prefix: str
    name: str
    scenario: Scenario
    until: str | None

    def lines(self) -> list[bytes]:
        """Its events, renamed."""
        return [self._renamed(json.loads(line)) for line in self.scenario.lines(self.until)]

    def _renamed(self, event: Raw) -> bytes:
        renamed = {k: self.prefix + v if k in NAMES and isinstance(v, str) else v for k, v in event.items()}
        return json.dumps(renamed | {"site_id": self.prefix + (event.get("site_id") or "main")}).encode()

    def sites(self) -> Raw:
        return {self.prefix + site: rest for site, rest in self.scenario.config["sites"].items()}

    def rules(self) -> list[Raw]:
        return [self._rule(rule) for rule in self.scenario.config.get("alerts", [])]

    def _rule(self, rule: Raw) -> Raw:
        only = rule.get("entities")
        if only and rule["level"] in ("agent", "site"):
            rule = rule | {"entities": [self.prefix + name for name in only]}
        named = [self.prefix + name for name in rule.get("inhibited_by", ())]
        return rule | {"rule": self.prefix + rule["rule"], "inhibited_by": named}

    def conduct(self) -> Raw:
        """Its packs at its own sites, and its own rules under names of their own."""
        said = self.scenario.config["conduct"]
        sites = [self.prefix + site for site in {"main", *self.scenario.config["sites"]}]
        rules = [rule | {"rule": self._own_rule(rule["rule"]), "sites": sites} for rule in said.get("rules", [])]
        return {"sites": dict.fromkeys(sites, said.get("packs", [])), "rules": rules}

    def _own_rule(self, name: str) -> str:
        return f"{self.prefix.replace('-', '_')}{name}"

    def _breach(self, record: Raw) -> Raw:
        """A breach as the scenario alone has it."""
        names = ("site", "debtor", "case", "number", "agent")
        bare = {name: record[name] and record[name].removeprefix(self.prefix) for name in names}
        fact = record["fact"] | {"id": record["fact"]["id"].removeprefix(self.prefix)}
        return record | bare | {"fact": fact, "rule": record["rule"].removeprefix(self._own_rule(""))}

    def outcome(self, kpis: Iterable[Raw], alerts: Iterable[Raw], breaches: Iterable[Raw]) -> Outcome:
        """Its own part of what a floor said. It ends with the last pane boundary that its events reach."""
        mine = final_words(self._bare(record) for record in kpis if record["site"].startswith(self.prefix))
        end_ms = max(self._times(), default=0)
        own = [self._bare(a) for a in alerts if a["rule"].startswith(self.prefix) and a["site"].startswith(self.prefix)]
        found = sorted((self._breach(b) for b in breaches if b["site"].startswith(self.prefix)), key=in_file_order)
        return Outcome(mine, in_order(a for a in own if instant(a["at"]) <= end_ms), None, found)

    def _times(self) -> list[int]:
        times = [happened(line, self.scenario.config) for line in self.scenario.lines(self.until)]
        return [at_ms for at_ms in times if at_ms is not None]

    def _bare(self, record: Raw) -> Raw:
        return record | {n: record[n].removeprefix(self.prefix) for n in ("site", "entity", "rule") if n in record}


@dataclass
class Shared:
    """One configuration and the scenarios that it can hold."""

    config: Raw
    told: list[Told] = field(default_factory=list)

    def holds(self, scenario: Scenario) -> bool:
        return meaning(scenario) == meaning(self.told[0].scenario)

    def add(self, told: Told) -> None:
        self.told.append(told)
        self.config["sites"] |= told.sites()
        self.config["alerts"] += told.rules()
        if "conduct" in self.config:
            conduct = told.conduct()
            self.config["conduct"]["sites"] |= conduct["sites"]
            self.config["conduct"]["rules"] += conduct["rules"]
        windows: Raw = self.config["windows"]
        for name in ("rolling", "intervals"):
            for length in told.scenario.config["windows"].get(name, []):
                if length not in windows[name]:
                    windows[name].append(length)
        windows["rolling"].sort(key=duration_ms)


def meaning(scenario: Scenario) -> str:
    """What two scenarios on one floor must agree on: windows may be more than asked for, these may not differ.

    Packs and own rules are of sites, but the parameters of a rule hold everywhere.
    """
    config = scenario.config
    pane = config["windows"].get("pane", "10s")
    conduct = config["conduct"].get("parameters", {}) if "conduct" in config else None
    return json.dumps([pane, config["definitions"], config["minimum_sample"], conduct], sort_keys=True)


def shared_floors(scenarios: Sequence[tuple[str, Scenario]]) -> list[Shared]:
    """As few floors as the definitions of the scenarios allow."""
    floors: list[Shared] = []
    for number, (name, scenario) in enumerate(scenarios):
        fitting = next((floor for floor in floors if floor.holds(scenario)), None)
        if fitting is None:
            fitting = empty_floor(scenario)
            floors.append(fitting)
        for part, until in enumerate(scenario.stops):
            fitting.add(Told(f"s{number:02}p{part}-", name, scenario, until))
    return floors


def empty_floor(scenario: Scenario) -> Shared:
    """A floor of this scenario's definitions, with no sites yet."""
    base = {name: scenario.config[name] for name in ("definitions", "minimum_sample")}
    pane = scenario.config["windows"].get("pane", "10s")
    windows = {"pane": pane, "rolling": ["5m", "15m", "1h"], "intervals": ["30m"]}
    config: Raw = {"sites": {}, "alerts": [], "windows": windows, **base}
    if "conduct" in scenario.config:
        config["conduct"] = {"sites": {}, "rules": [], "parameters": scenario.config["conduct"].get("parameters", {})}
    return Shared(config)


def what_fails(floor: Shared, kpis: Sequence[Raw], alerts: Sequence[Raw], breaches: Sequence[Raw] = ()) -> list[str]:
    """The scenarios of a floor that say something else, with what they say."""
    outcomes: dict[str, dict[str | None, Outcome]] = {}
    scenarios: dict[str, Scenario] = {}
    found = []
    for told in floor.told:
        scenarios[told.name] = told.scenario
        try:
            outcomes.setdefault(told.name, {})[told.until] = told.outcome(kpis, alerts, breaches)
        except AssertionError as error:
            found.append(f"{told.name}: {error}")
            scenarios.pop(told.name)
    for name, scenario in scenarios.items():
        try:
            check_outcomes(scenario, outcomes[name])
        except AssertionError as error:
            found.append(f"{name}: {error}")
    return found
