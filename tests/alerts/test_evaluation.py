"""The event-driven evaluator decides as a dense one does, that looks at every rule, entity and multiple of the pane."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from stream.alerts.rules import Rule, exact
from tests.alerts.driven import BASE, DAY, MINUTE, PANE, PLAN, SHIFTS, Driven
from tests.effort import examples

COLUMNS = ("dials", "connects", "recovered_minor:CNY", "recovered_minor:EUR", "productive_ms")
KPIS = (("connect_rate", None), ("dials", None), ("recovered_amount", "CNY"), ("recovered_per_hour", "CNY"))


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
