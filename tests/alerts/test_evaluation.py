"""The event-driven evaluator decides as a dense one does, that looks at every rule, entity and multiple of the pane."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from stream.alerts.evaluation import Evaluator
from stream.alerts.rule_input import RuleInput
from stream.alerts.rules import Rule, exact
from stream.alerts.state import records, restore
from stream.alerts.watch import view_of
from stream.windows.calendar import Calendar
from stream.windows.plan import SiteClock, WindowPlan
from tests.effort import examples

PANE = 10_000
MINUTE = 60_000
DAY = 86_400_000
BASE = 20_000 * DAY + 8 * 3_600_000  # 08:00 UTC
SHIFTS = {"early": (8 * 60 + 3, 8 * 60 + 9), "late": (8 * 60 + 12, 8 * 60 + 1)}
PLAN = WindowPlan(
    pane_ms=PANE,
    rolling=(("rolling_30s", 30_000), ("rolling_2m", 2 * MINUTE)),
    intervals=(("interval_5m", 5 * MINUTE),),
    sites={"main": SiteClock("UTC", SHIFTS)},
)
COLUMNS = ("dials", "connects", "recovered_minor:CNY", "recovered_minor:EUR", "productive_ms")
KPIS = (("connect_rate", None), ("dials", None), ("recovered_amount", "CNY"), ("recovered_per_hour", "CNY"))


def rule(**changes: Any) -> Rule:
    given = {"rule": "r", "kpi": "dials", "level": "site", "window": "rolling_30s"} | changes
    level = exact(given.pop("level_text", "0.5"))
    given.setdefault("threshold", level)
    given.setdefault("exit", given["threshold"])
    return Rule(**given)


@dataclass
class Episode:
    since_ms: int
    fired: bool = False
    quiet_ms: int | None = None


Said = tuple[Any, ...]
"""(at, rule, entity, state, active since, numerator, denominator, muted)."""


@dataclass
class Dense:
    """The specification, word by word: every rule, entity and T, over all rows that have arrived."""

    rules: list[Rule]
    at_ms: int = BASE
    rows: list[tuple[str, int, int, dict[str, int]]] = field(default_factory=list)
    seen: set[tuple[str, str]] = field(default_factory=set)
    active: dict[tuple[str, str], Episode] = field(default_factory=dict)
    resolved: dict[tuple[str, str], int] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)
    now: list[Said] = field(default_factory=list)

    def advance(self, to_ms: int) -> None:
        while self.at_ms + PANE <= to_ms:
            self.at_ms += PANE
            for each in self.rules:
                for entity in sorted({row[0] for row in self.rows}):
                    self.evaluate(each, entity, self.at_ms)
            self.said += [(*said, said[3] != "pending" and self.muted(said[1], said[2])) for said in self.now]
            self.now = []

    def muted(self, name: str, entity: str) -> bool:
        (by,) = (each.inhibited_by for each in self.rules if each.rule == name)
        return any(self.active[key].fired for other in by if (key := (other, entity)) in self.active)

    def window(self, name: str, at_ms: int, site: str) -> tuple[int, int] | None:
        if name.startswith("rolling"):
            length = dict(PLAN.rolling)[name]
            return at_ms - length, at_ms
        last = at_ms - 1
        midnight = last // DAY * DAY
        if name == "day":
            return midnight, midnight + DAY
        if name == "interval_5m":
            start = last // (5 * MINUTE) * 5 * MINUTE
            return start, start + 5 * MINUTE
        if site not in PLAN.sites:
            return None
        begin, end = SHIFTS[name.removeprefix("shift_")]
        for day in (midnight - DAY, midnight):
            start = day + begin * MINUTE
            stop = day + end * MINUTE + (0 if end > begin else DAY)
            if start <= last < stop:
                return start, stop
        return None

    def evaluate(self, each: Rule, entity: str, at_ms: int) -> None:
        money = each.currency and f":{each.currency}"
        top, bottom, factor = {
            "connect_rate": ("connects", "dials", 1),
            "dials": ("dials", None, 1),
            "recovered_amount": (f"recovered_minor{money}", None, 1),
            "recovered_per_hour": (f"recovered_minor{money}", "productive_ms", 3_600_000),
        }[each.kpi]
        known = [row for row in self.rows if row[0] == entity and row[1] * PANE < at_ms and row[2] * PANE < at_ms]
        if any(sum(row[3].get(name, 0) for row in known) != 0 for name in (top, bottom or top)):
            self.seen.add((each.rule, entity))
        if (each.rule, entity) not in self.seen:
            return
        window = self.window(each.window, at_ms, entity.partition("|")[0])
        inside = [row for row in known if window and window[0] <= row[1] * PANE < window[1]]
        numerator = sum(row[3].get(top, 0) for row in inside)
        denominator = None if bottom is None else sum(row[3].get(bottom, 0) for row in inside)
        since = self.active.get((each.rule, entity))
        level, scale = each.exit if since and since.fired else each.threshold
        enough = denominator is None or denominator >= max(1, each.min_denominator)
        left, right = numerator * factor * scale, level * (1 if denominator is None else denominator)
        breached = window is not None and enough and (left > right if each.above else left < right)
        without = window is None or denominator == 0
        parts = (0, None if bottom is None else 0) if without else (numerator, denominator)
        self.live(each, entity, at_ms, breached, parts)

    def live(self, each: Rule, entity: str, at_ms: int, breached: bool, parts: tuple[int, Any]) -> None:
        key = (each.rule, entity)
        if key not in self.active:
            if not breached:
                return
            self.active[key] = Episode(at_ms)
            if each.for_ms and each.publish_pending:
                self.now.append((at_ms, *key, "pending", at_ms, *parts))
        episode = self.active[key]
        if not episode.fired:
            cool = key in self.resolved and at_ms < self.resolved[key] + each.cooldown_ms
            if not breached:
                del self.active[key]
            elif at_ms - episode.since_ms >= each.for_ms and not cool:
                episode.fired = True
                self.now.append((at_ms, *key, "firing", episode.since_ms, *parts))
        elif breached:
            episode.quiet_ms = None
        else:
            episode.quiet_ms = at_ms if episode.quiet_ms is None else episode.quiet_ms
            if at_ms - episode.quiet_ms >= each.keep_firing_for_ms:
                del self.active[key]
                self.resolved[key] = at_ms
                self.now.append((at_ms, *key, "resolved", episode.since_ms, *parts))


class Driven:
    """The evaluator under test, with what its caller keeps."""

    def __init__(self, rules: list[Rule], horizon_ms: int | None = None) -> None:
        self.rules = rules
        self.evaluator = Evaluator(PLAN, Calendar(PLAN), rules, "live", horizon_ms)
        self.feeds: dict[str, RuleInput] = {}
        self.state: dict[bytes, bytes] = {}
        self.said: list[dict[str, Any]] = []
        self.horizon_ms = horizon_ms

    def take(self, entity: str, grain: int, known: int, sums: dict[str, int]) -> None:
        if entity not in self.feeds:
            feed = self.evaluator.feed(entity)
            if feed is None:
                return
            self.feeds[entity] = feed
        if amounts := view_of(sums, self.feeds[entity].columns):
            self.evaluator.take(self.feeds[entity], grain, known, amounts)

    def advance(self, to_ms: int) -> None:
        self.said += [json.loads(alert.value) for alert in self.evaluator.advance(to_ms)]
        for feed in self.evaluator.changed.values():
            for key, value in records(feed):
                if value is None:
                    self.state.pop(key, None)
                else:
                    self.state[key] = value
        self.evaluator.changed.clear()

    def restart(self, rules: list[Rule] | None = None) -> "Driven":
        """Another one, that has nothing but the state records."""
        other = Driven(self.rules if rules is None else rules, self.horizon_ms)
        for key, value in sorted(self.state.items()):
            _, site, level, name, *mark = key.decode().split("|")
            entity = f"{site}|{level}|{name}"
            if entity not in other.feeds:
                other.feeds[entity] = other.evaluator.bare_feed(entity)
            restore(other.feeds[entity], mark, value)
        other.evaluator.resume(other.feeds, self.evaluator.evaluated_ms)
        other.state = dict(self.state)
        other.said = self.said
        return other


def told(records: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    def ms(text: str) -> int:
        from stream.facts.instant import instant_ms

        return instant_ms(text)

    return [
        (
            ms(each["at"]), each["rule"], f"{each['site']}|{each['level']}|{each['entity']}", each["state"],
            ms(each["active_since"]), each["numerator"], each["denominator"], each["muted"],
        )
        for each in records
    ]  # fmt: skip


@st.composite
def any_rule(draw: st.DrawFn, number: int) -> Rule:
    kpi, currency = draw(st.sampled_from(KPIS))
    above = draw(st.booleans())
    threshold = draw(st.sampled_from(["0", "0.5", "1", "3", "2.5"]))
    slack = draw(st.sampled_from(["0", "0.25", "1"]))
    level, scale = exact(threshold)
    add, of = exact(slack)
    leave = (level * of + (-1 if above else 1) * add * scale, scale * of)
    return Rule(
        rule=f"r{number}", kpi=kpi, currency=currency, level="site",
        window=draw(st.sampled_from(["rolling_30s", "rolling_2m", "interval_5m", "day", "shift_early", "shift_late"])),
        threshold=(level, scale), exit=leave, above=above,
        min_denominator=draw(st.sampled_from([0, 2])),
        for_ms=draw(st.sampled_from([0, 10_000, 25_000, 120_000])),
        keep_firing_for_ms=draw(st.sampled_from([0, 10_000, 35_000])),
        entities=draw(st.sampled_from([None, None, frozenset({"a"})])), publish_pending=draw(st.booleans()),
        cooldown_ms=draw(st.sampled_from([0, 0, 10_000, 45_000, 5 * MINUTE])),
        inhibited_by=tuple(f"r{each}" for each in draw(st.sets(st.integers(0, max(number - 1, 0)))) if each < number),
    )  # fmt: skip


ROW = st.tuples(
    st.sampled_from(["main|site|a", "other|site|b"]),
    st.integers(0, 130).map(lambda pane: BASE // PANE + pane),
    st.one_of(st.just(0), st.integers(0, 150).map(lambda pane: BASE // PANE + pane)),
    st.dictionaries(st.sampled_from(COLUMNS), st.sampled_from([-2, -1, 0, 1, 1, 2, 3, 5]), min_size=1, max_size=3),
)
ADVANCE = st.one_of(st.integers(0, 12 * MINUTE), st.sampled_from([0, PANE, PANE, 3 * PANE, 5 * 3_600_000]))
STEP = st.tuples(st.lists(ROW, max_size=6), ADVANCE, st.booleans())
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)  # explaining a failure traces every line: too slow


@settings(max_examples=examples(150), deadline=None, phases=PHASES)
@given(st.data(), st.lists(STEP, min_size=1, max_size=7))
def test_decides_as_if_it_looked_at_every_pane(data: st.DataObject, steps: list[Any]) -> None:
    rules = [data.draw(any_rule(number)) for number in range(data.draw(st.integers(1, 3)))]
    dense, driven = Dense(rules), Driven(rules)
    to_ms = BASE
    for rows, advance_ms, restart in steps:
        for entity, grain, known, sums in rows:
            known = known if known > grain else 0
            if any(each.entities is None or entity[-1] in each.entities for each in rules):
                driven.take(entity, grain, known, dict(sums))
            dense.rows.append((entity, grain, known, sums))
        to_ms += advance_ms
        driven.advance(to_ms)
        dense.advance(to_ms)
        if restart:
            driven = driven.restart()
    allowed = {each.rule: each.entities for each in rules}
    expected = [said for said in dense.said if allowed[said[1]] is None or said[2][-1] in (allowed[said[1]] or ())]
    assert sorted(told(driven.said)) == sorted(expected)


def calls(driven: Driven, minute: float, **sums: int) -> None:
    driven.take("main|site|a", int(BASE + minute * MINUTE) // PANE, 0, sums)


def states(driven: Driven) -> list[tuple[str, str]]:
    return [(each["state"], each["at"][11:]) for each in driven.said]


def test_fires_at_the_end_of_the_pane_and_resolves_when_the_pane_leaves() -> None:
    # 08:00:20 [dials 5]            window of 30 s: holds it at 08:00:30, :40 and :50
    driven = Driven([rule(above=True, threshold=exact("4"))])
    calls(driven, 1 / 3, dials=5)
    driven.advance(BASE + 10 * MINUTE)
    assert states(driven) == [("firing", "08:00:30Z"), ("resolved", "08:01:00Z")]


def test_while_pending_the_threshold_decides_and_only_once_firing_the_exit() -> None:
    #  rolling_30s of dials:  08:00:30 5 (pending)   08:01:00 3, between exit and threshold: never fired
    driven = Driven([rule(above=True, threshold=exact("4"), exit=exact("2"), for_ms=30_000)])
    calls(driven, 1 / 3, dials=5)
    calls(driven, 5 / 6, dials=3)
    driven.advance(BASE + 2 * MINUTE)
    assert driven.said == []
    #  above 4 from 08:04:10 on: fires at 08:04:40; then 3, which ends it only at 2
    for pane in range(24, 29):
        calls(driven, pane / 6, dials=5)
    calls(driven, 31 / 6, dials=3)
    driven.advance(BASE + 10 * MINUTE)
    assert states(driven) == [("firing", "08:04:40Z"), ("resolved", "08:05:50Z")]


def test_a_payment_reversed_later_still_raised_the_alert() -> None:
    #  08:00:00 +900      08:05:00 learns of the reversal: -900 at 08:00:00
    driven = Driven([rule(kpi="recovered_amount", currency="CNY", window="day", above=True, threshold=exact("500"))])
    at = BASE // PANE
    driven.take("main|site|a", at, 0, {"recovered_minor:CNY": 900})
    driven.take("main|site|a", at, at + 30, {"recovered_minor:CNY": -900})
    driven.advance(BASE + 10 * MINUTE)
    assert states(driven) == [("firing", "08:00:10Z"), ("resolved", "08:05:10Z")]


def test_a_deadline_waits_for_its_time() -> None:
    driven = Driven([rule(kpi="promise_kept_rate", window="day", threshold=exact("0.5"))])
    driven.take("main|site|a", BASE // PANE + 60, 0, {"promises_due": 1})
    driven.advance(BASE + 9 * MINUTE)
    assert driven.said == []
    driven.advance(BASE + 20 * MINUTE)
    assert states(driven) == [("firing", "08:10:10Z")]


def test_an_entity_is_looked_at_from_its_first_contribution_on_even_if_it_is_corrected_to_nothing() -> None:
    driven = Driven([rule(window="interval_5m", threshold=exact("1"))])
    calls(driven, 0, contacts=7)  # no measure of this KPI
    calls(driven, 1, dials=0)  # came and went within one batch: at no evaluation was there a contribution
    calls(driven, 3, dials=1)
    driven.take("main|site|a", BASE // PANE + 18, BASE // PANE + 30, {"dials": -1})  # corrected at 08:05
    driven.advance(BASE + 30 * MINUTE)
    assert states(driven) == [("firing", "08:05:10Z")]


def test_a_record_without_data_has_no_numerator_either() -> None:
    fast = rule(kpi="promise_rate", window="interval_5m", above=True, threshold=exact("0.5"))
    driven = Driven([fast])
    at = BASE // PANE
    driven.take("main|site|a", at, 0, {"promises": 3, "right_party_contacts": 2})
    driven.take("main|site|a", at, at + 6, {"right_party_contacts": -2})
    driven.advance(BASE + 2 * MINUTE)
    assert [(each["state"], each["numerator"], each["denominator"], each["value"]) for each in driven.said] == [
        ("firing", 3, 2, 1.5), ("resolved", 0, 0, None),
    ]  # fmt: skip


def test_between_shifts_nothing_is_breached() -> None:
    # shift_early 08:03-08:09, every day; below 1 is breached from the first pane of each, by silence
    driven = Driven([rule(window="shift_early", threshold=exact("1"))])
    calls(driven, 1, dials=1)
    driven.advance(BASE + DAY + 30 * MINUTE)
    assert states(driven) == [("firing", "08:03:10Z"), ("resolved", "08:09:10Z")] * 2
    assert [each["value"] for each in driven.said] == [0, None, 0, None]
    assert [(each["numerator"], each["denominator"]) for each in driven.said] == [(0, None)] * 4


@pytest.mark.parametrize("window", ["rolling_2m", "interval_5m", "day"])
def test_a_jump_of_years_over_a_quiet_floor_costs_nothing(window: str) -> None:
    driven = Driven([rule(window=window, threshold=exact("1")), rule(rule="high", window=window, above=True)])
    calls(driven, 1, dials=3)
    looked = 0
    original = driven.evaluator._evaluate

    def counted(feed: RuleInput, at_ms: int) -> Any:
        nonlocal looked
        looked += 1
        return original(feed, at_ms)

    driven.evaluator._evaluate = counted  # type: ignore[method-assign]
    driven.advance(BASE + 20 * 365 * DAY)
    assert looked <= 4
    assert [each["state"] for each in driven.said if each["rule"] == "r"] == ["firing"]


def test_a_changed_rule_resolves_its_open_episodes_at_the_next_evaluation() -> None:
    before = rule(above=True, threshold=exact("4"), window="day", severity="critical")
    driven = Driven([before])
    calls(driven, 0, dials=5)
    driven.advance(BASE + MINUTE)
    driven = driven.restart([rule(above=True, threshold=exact("3"), window="day")])
    driven.advance(BASE + 2 * MINUTE)
    assert [(each["state"], each["at"][11:], each["severity"], each["reason"]) for each in driven.said[1:]] == [
        ("resolved", "08:01:10Z", "critical", "rule changed"),
        ("firing", "08:01:10Z", "warning", "dials is 5, above 3"),
    ]
    assert driven.said[1]["alert_id"] == driven.said[0]["alert_id"] != driven.said[2]["alert_id"]


def test_a_rule_that_says_nothing_new_keeps_the_digest_by_which_its_open_alerts_are_known() -> None:
    # of the version before severities: whoever upgrades keeps what fires
    assert rule(above=True, threshold=exact("4"), entities=frozenset({"a"})).digest == "436f1676e9507622"
    assert rule(cooldown_ms=1).digest != rule().digest == rule(family="other").digest


def test_cooldown_delays_firing_and_survives_a_restart() -> None:
    # rolling_30s of dials: 08:00:10-08:00:40, and again from 08:01:00 on without end; resolved 08:00:40, + 2 m
    driven = Driven([rule(above=True, threshold=exact("4"), cooldown_ms=2 * MINUTE, publish_pending=True)])
    calls(driven, 0, dials=5)
    for pane in range(6, 60):
        calls(driven, pane / 6, dials=5)
    for each in range(1, 60):
        driven.advance(BASE + each * PANE)
        driven = driven.restart()
    assert states(driven) == [("firing", "08:00:10Z"), ("resolved", "08:00:40Z"), ("firing", "08:02:40Z")]
    assert driven.said[-1]["active_since"][11:] == "08:01:10Z"


@pytest.mark.parametrize(("level", "name"), [("agent", "unassigned"), ("team", "unassigned")])
def test_unassigned_fires_only_where_a_rule_names_it(level: str, name: str) -> None:
    silent, named = rule(level=level), rule(level=level, entities=frozenset({name}))
    assert Driven([silent]).evaluator.feed(f"main|{level}|{name}") is None
    assert Driven([named]).evaluator.feed(f"main|{level}|{name}") is not None
    assert Driven([silent]).evaluator.feed(f"main|{level}|a") is not None


def test_a_removed_rule_resolves_its_open_episodes() -> None:
    driven = Driven([rule(above=True, threshold=exact("4"))])
    calls(driven, 0, dials=5)
    driven.advance(BASE + PANE)
    driven = driven.restart([])
    driven.advance(BASE + MINUTE)
    assert states(driven) == [("firing", "08:00:10Z"), ("resolved", "08:00:20Z")]


def test_an_entity_without_contributions_for_the_horizon_is_forgotten() -> None:
    driven = Driven([rule(window="interval_5m", threshold=exact("1"))], horizon_ms=3 * DAY)
    calls(driven, 3, dials=1)
    driven.advance(BASE + 10 * DAY)
    assert [each["state"] for each in driven.said] == ["firing", "resolved"]
    assert driven.said[1]["reason"] == "no contributions for the correction horizon"
    assert driven.state == {}


def test_the_record_is_that_of_the_contract() -> None:
    driven = Driven([rule(rule="connect_rate_low", kpi="connect_rate", threshold=exact("0.10"), exit=exact("0.12"),
                          min_denominator=50, window="rolling_2m")])  # fmt: skip
    calls(driven, 0, dials=50, connects=4)
    driven.advance(BASE + MINUTE)
    expected = {
        "alert_id": driven.said[0]["alert_id"], "rule": "connect_rate_low", "severity": "warning", "state": "firing",
        "kpi": "connect_rate", "level": "site", "entity": "a", "site": "main", "team": None, "window": "rolling_2m",
        "value": 0.08, "numerator": 4, "denominator": 50, "denominator_min": 50, "threshold": 0.1,
        "active_since": "2024-10-04T08:00:10Z", "fired_at": "2024-10-04T08:00:10Z", "resolved_at": None,
        "at": "2024-10-04T08:00:10Z", "reason": "connect_rate is 0.08 (4 of 50), below 0.1", "muted": False,
        "labels": {}, "run": "live",
    }  # fmt: skip
    assert list(driven.said[0].items()) == list(expected.items())
    import hashlib

    text = "live|connect_rate_low|main|site|a|2024-10-04T08:00:10Z"
    assert expected["alert_id"] == hashlib.sha256(text.encode()).hexdigest()[:32]
