"""Laws of what the debtor stage says of conduct rules (conduct 3 and 4): whatever the order and the commits in which
facts come, a reader who keeps the highest revision of each key knows what a judgement of all facts at once finds."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.conduct.rule import (
    ComplaintDeadline,
    ConductRule,
    Consent,
    Frequency,
    Hours,
    Quiet,
    Recorded,
    Restricted,
    Spacing,
)
from stream.conduct.rule import ThirdParty as Third
from stream.conduct.rulebook import Rulebook
from stream.engine.debtors.findings import ConductFinding, Findings, stands
from stream.engine.debtors.stage import DebtorStage
from stream.engine.entities.outputs import ConductRecord
from stream.facts.decode import Rejection, decode
from stream.facts.fact import Fact
from stream.facts.instant import instant_ms, instant_text
from stream.ledger.definitions import Definitions, FactLimits
from stream.windows.plan import WindowPlan
from tests.engine.deltas import rows_of
from tests.facts.events import SAMPLES

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
NOON_MS = instant_ms("2026-11-02T12:00:00Z")

REG_F = Consent(7, until_conversation=True)
RULES = (
    ConductRule("p.calls", "p", Frequency("connected_attempts", "case", 2, 7, consent=REG_F)),
    ConductRule("p.per_number", "p", Frequency("unanswered_attempts", "number", 1, 1, local=True)),
    ConductRule("p.contacts", "p", Frequency("contacts", "debtor", 3, 2)),
    ConductRule("p.pause", "p", Spacing("case", 7, local=True, consent=REG_F)),
    ConductRule("p.hours", "p", Hours(8 * 60, 21 * 60, consent=Consent())),
    ConductRule("p.quiet", "p", Quiet()),
    ConductRule("p.restricted", "p", Restricted(frozenset({"cease_contact", "dispute"}))),
    ConductRule("p.third", "p", Third()),
    ConductRule("recorded", None, Recorded()),
    ConductRule("p.answer", "p", ComplaintDeadline(1)),
)
BOOK = Rulebook(RULES, {"calm": ()}, {"main": "Asia/Shanghai"})
ROOMY = Rulebook(
    (
        ConductRule("p.calls", "p", Frequency("connected_attempts", "case", 5, 7, consent=REG_F)),
        ConductRule("p.talks", "p", Frequency("conversations", "debtor", 3, 1, local=True)),
        *(rule for rule in RULES if rule.kind not in ("frequency", "deadline")),
    ),
    {"calm": ()},
    {"main": "Asia/Shanghai"},
)
"""Most calls of a debtor say nothing new under it."""


def stage(rulebook: Rulebook | None = BOOK) -> DebtorStage:
    return DebtorStage(Definitions(), WindowPlan(), FactLimits(), 0, frozenset(), rulebook)


def fact(kind: str, own_id: str, hour: float = 0, /, **fields: Any) -> Fact:
    """An event `hour` hours after noon, of debtor d-1 and case c-1, under its own id."""
    own = {
        "event_id": f"{kind}-{own_id}-{fields.get('version', 1)}",
        "occurred_at": instant_text(NOON_MS + round(hour * HOUR_MS)),
        "debtor_id": "d-1", "case_id": "c-1", "version": 1, **fields,
    }  # fmt: skip
    names = {"call": "call_id", "message": "message_id", "visit": "visit_id", "restriction": "restriction_id",
             "complaint": "complaint_id"}  # fmt: skip
    if kind in names:
        own[names[kind]] = own_id
    read = decode(orjson.dumps({"type": kind} | SAMPLES[kind] | own))
    assert not isinstance(read, Rejection), read
    return read


class Topic:
    """What a reader of the topic holds: the latest record of each key."""

    def __init__(self) -> None:
        self.latest: dict[str, dict[str, Any]] = {}
        self.revision = 0

    def hears(self, found: list[ConductFinding]) -> None:
        self.revision += 1
        for finding in found:
            key, value = finding.encoded(self.revision, "live")
            record = orjson.loads(value)
            ConductRecord.model_validate_json(value)
            before = self.latest.get(key.decode())
            assert before is None or {**before, "revision": 0} != {**record, "revision": 0}, "the same is said twice"
            if record.get("state") == "clear":
                assert before is not None, "clear is said only after another state"
                assert before["state"] != "clear"
            self.latest[key.decode()] = record

    def standing_breaches(self) -> dict[str, dict[str, Any]]:
        return {key: _plain(each) for key, each in self.latest.items() if each.get("withdrawn") is False}

    def states(self) -> dict[str, dict[str, Any]]:
        return {
            key: _plain(each)
            for key, each in self.latest.items()
            if each["record"] == "standing" and each["state"] != "clear"
        }


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in ("revision", "run")}


def expected(
    facts: list[Fact], watermark_ms: int | None, book: Rulebook
) -> tuple[dict[str, Any], dict[str, Any], dict[Any, int]]:
    """Breaches that stand, standings that are not clear, and contributions: of all facts at once."""
    ledger = stage(book)
    for each in facts:
        ledger.apply(each)
    found = dict(ledger.findings()).get("d-1", Findings({}, {}))
    counted: dict[Any, int] = {}
    for breach in found.breaches.values():
        place = breach.credit.agent, breach.at_ms // 10_000
        counted[place] = counted.get(place, 0) + 1
    said = {key: _plain(breach.record("", 0)) for key, breach in found.breaches.items() if stands(breach, watermark_ms)}
    states = {key: _plain(one.record("", 0)) for key, one in found.standings.items() if one.state != "clear"}
    return said, states, counted


def counted_in(deltas: list[tuple[bytes, bytes]], into: dict[Any, int]) -> None:
    for key, value in deltas:
        text = key.decode()
        if text.split("|")[1] == "agent":
            for place, amounts in rows_of(value):
                amount = amounts.get("conduct_breaches", 0)
                at = text.split("|")[2], place[0]
                into[at] = into.get(at, 0) + amount


versions = st.fixed_dictionaries(
    {"version": st.sampled_from([1, 1, 1, 2, 3]), "void": st.sampled_from([None, None, None, True])}
)
hours = st.one_of(st.integers(0, 96), st.sampled_from([0.5, 11.99, 12.0, 24.0, 36.0, 60.0]))
calls = st.builds(
    lambda own_id, hour, more, fields: fact("call", own_id, hour, **more, **fields),
    st.sampled_from([f"k-{n}" for n in range(6)]),
    hours,
    versions,
    st.fixed_dictionaries({
        "direction": st.sampled_from(["outbound", "outbound", "outbound", "inbound"]),
        "outcome": st.sampled_from(["human", "no_answer", "busy", "machine"]),
        "party": st.sampled_from(["right", "third", None]),
        "case_id": st.sampled_from(["c-1", "c-1", "c-2", None]),
        "number_id": st.sampled_from(["n-1", None]),
        "recorded": st.sampled_from([True, None]),
        "site_id": st.sampled_from(["main", "main", "main", "calm"]),
        "agent_id": st.sampled_from(["a-1", "a-2", None]),
        "transferred_from": st.sampled_from([None, None, None, "k-0"]),
    }),
)  # fmt: skip
others = st.one_of(
    st.builds(
        lambda own_id, hour, more, channel, direction: fact(
            "message", own_id, hour, channel=channel, direction=direction, **more
        ),
        st.sampled_from(["m-1", "m-2"]), hours, versions, st.sampled_from(["sms", "letter"]),
        st.sampled_from(["outbound", "inbound"]),
    ),
    st.builds(lambda hour, more: fact("visit", "v-1", hour, **more), hours, versions),
    st.builds(
        lambda own_id, hour, begin, length, more, kind: fact(
            "restriction", own_id, hour, kind=kind, until=length and instant_text(NOON_MS + (begin + length) * HOUR_MS),
            hours=["18:00", "02:00"] if kind == "quiet_hours" else None,
            **{"from": instant_text(NOON_MS + begin * HOUR_MS)}, **more,
        ),
        st.sampled_from(["r-1", "r-2"]), hours, st.integers(-24, 60), st.sampled_from([None, 10, 48]), versions,
        st.sampled_from(["consent", "quiet_hours", "cease_contact"]),
    ),
    st.builds(
        lambda own_id, hour, received, closed, more: fact(
            "complaint", own_id, hour, received_at=instant_text(NOON_MS + received * HOUR_MS), agent_id=None,
            status="received", closed_at=None if closed is None else instant_text(NOON_MS + closed * HOUR_MS), **more,
        ),
        st.sampled_from(["p-1", "p-2"]), hours, st.integers(0, 40), st.sampled_from([None, None, 30, 70]), versions,
    ),
    st.builds(
        lambda number, hour, zone, agent: fact(
            "case", str(number), hour, change="assigned", debtor_zone=zone, agent_id=agent
        ),
        st.integers(1, 3), hours, st.sampled_from(["Asia/Tokyo", "America/New_York", "No/Where", None]),
        st.sampled_from(["a-7", None]),
    ),
)  # fmt: skip
steps = st.lists(st.tuples(st.one_of(calls, calls, others), st.booleans(), st.integers(0, 6)), max_size=22)


@settings(max_examples=400, deadline=None)
@given(steps, st.integers(0, 25), st.integers(60, 200), st.sampled_from([BOOK, ROOMY]), st.booleans())
def test_whatever_comes_in_whatever_commits_the_topic_and_the_numbers_say_what_all_facts_at_once_do(
    steps: list[tuple[Fact, bool, int]], restarts_at: int, end_hour: int, book: Rulebook, in_order: bool
) -> None:
    if in_order:
        facts = sorted((each for each, _, _ in steps), key=lambda each: each.occurred_at)
        steps = [(each, commits, hours_on) for each, (_, commits, hours_on) in zip(facts, steps, strict=True)]
    one, topic, ledger = stage(book), Topic(), dict[bytes, bytes | None]()
    counted: dict[Any, int] = {}
    watermark_ms = NOON_MS

    def commit() -> None:
        changes = one.take(watermark_ms)
        ledger.update(changes.state)
        topic.hears(changes.conduct)
        counted_in(changes.deltas, counted)

    for at, (each, commits, hours_on) in enumerate(steps):
        one.apply(each)
        watermark_ms += hours_on * HOUR_MS
        if commits or at == restarts_at:
            commit()
        if at == restarts_at:
            assert one.conduct is not None
            judged_ms = one.conduct.judged_ms
            one = stage(book)
            assert one.conduct is not None
            for key, value in ledger.items():
                one.restore(key, value)
            one.conduct.judged_ms = judged_ms
    commit()
    watermark_ms = max(watermark_ms, NOON_MS + end_hour * HOUR_MS)
    commit()
    assert one.conduct is not None
    assert one.conduct.failures == []
    standing, states, wanted = expected([each for each, _, _ in steps], watermark_ms, book)
    assert topic.standing_breaches() == standing
    assert topic.states() == states
    assert {place: amount for place, amount in counted.items() if amount} == wanted


TALK = {"outcome": "human", "party": "right", "recorded": True}


@pytest.mark.parametrize(
    ("calm", "then", "rule"),
    [
        ([], {"hour": 25.5}, "p.hours"),
        ([], {"hour": 14, "outcome": "human", "party": "third", "recorded": True}, "p.third"),
        ([], {"hour": 14, **TALK, "recorded": None}, "recorded"),
        ([TALK], {"hour": 15}, "p.pause"),
        ([{**TALK, "direction": "inbound"}], {"hour": 15}, "p.pause"),
        ([{}, {}], {"hour": 16}, "p.calls"),
        ([{"outcome": "busy"}, {"outcome": "busy"}], {"hour": 16}, None),
        ([TALK], {"hour": 24 * 9 + 14, **TALK, "case_id": "c-2", "site_id": "calm"}, None),
        ([], {"hour": 14}, None),
    ],
)
def test_a_debtor_is_calm_until_a_call_may_break_a_rule_or_come_near_a_limit(
    calm: list[dict[str, Any]], then: dict[str, Any], rule: str | None
) -> None:
    one = stage(ROOMY)
    one.apply(fact("call", "k-0", 13, outcome="no_answer"))  # 09:00 in Shanghai
    one.take()
    for number, fields in enumerate(calm):
        one.apply(fact("call", f"k-{number + 1}", 13 + number / 10 + 0.1, **{"outcome": "no_answer", **fields}))
        assert one.conduct is not None
        assert one.conduct.pending == 0, "judged, though it can say nothing new"
    later = {"outcome": "no_answer", **then}
    one.apply(fact("call", "k-9", later.pop("hour"), **later))
    found = [finding.of.rule for finding in one.take().conduct]
    assert (rule in found) if rule else not found


def test_large_dossiers_say_the_same() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stream.ledger.store.dossier.LARGE_BYTES", 300)
        test_whatever_comes_in_whatever_commits_the_topic_and_the_numbers_say_what_all_facts_at_once_do()


def test_what_undoes_a_breach_later_is_known_at_its_own_time_and_the_breach_at_once() -> None:
    one = DebtorStage(
        Definitions(), WindowPlan(), FactLimits(), 0, frozenset({"conduct_breaches"}), Rulebook(RULES[4:5])
    )
    one.apply(fact("call", "k-1", 10, outcome="no_answer"))  # 22:00
    one.apply(fact("restriction", "r-1", 15, kind="consent", **{"from": instant_text(NOON_MS)}))
    hour_grains = HOUR_MS // 10_000
    at, known = NOON_MS // 10_000 + 10 * hour_grains, NOON_MS // 10_000 + 15 * hour_grains
    rows = {
        place[:2]: amounts["conduct_breaches"]
        for key, value in one.take().deltas
        if b"|site|" in key
        for place, amounts in rows_of(value)
        if amounts.get("conduct_breaches")
    }
    assert rows == {(at, 0): 1, (at, known): -1}


def test_without_rules_nothing_is_judged_and_nothing_is_kept() -> None:
    plain, empty = stage(None), stage(Rulebook(zones={"main": "Asia/Shanghai"}))
    for one in (plain, empty):
        one.apply(fact("call", "k-1", 14))
        assert one.take(NOON_MS).conduct == []
        assert one.conduct is None
        assert list(one.findings()) == []


@pytest.mark.parametrize("counted_at", ["start", "end"])
def test_a_breach_is_at_the_start_of_its_call_whatever_calls_counted_at_says(counted_at: str) -> None:
    one = DebtorStage(Definitions(calls_counted_at=counted_at), WindowPlan(), FactLimits(), 0, frozenset(), BOOK)
    ended_at = instant_text(NOON_MS + HOUR_MS)
    one.apply(fact("call", "k-1", 0, outcome="human", party="right", recorded=False, ended_at=ended_at))
    changes = one.take()
    counted: dict[Any, int] = {}
    counted_in(changes.deltas, counted)
    broken = [(each.of.rule, each.of.at_ms) for each in changes.conduct if each.of.key.startswith("B")]
    assert broken == [("recorded", NOON_MS)]
    assert {grain for (_, grain), amount in counted.items() if amount} == {NOON_MS // WindowPlan().grain_ms}


def test_a_scope_is_within_the_debtor() -> None:
    one = stage()
    for number in range(6):
        one.apply(
            fact("call", f"k-{number}", number / 10, outcome="no_answer", number_id="n-1", debtor_id=f"d-{number % 3}")
        )
    assert {each.of.rule for each in one.take().conduct if each.of.key.startswith("B")} == {"p.per_number"}
    one = stage()
    for number in range(3):
        one.apply(
            fact("call", f"k-{number}", number / 10, outcome="no_answer", number_id="n-1", debtor_id=f"d-{number}")
        )
    assert [each for each in one.take().conduct if each.of.key.startswith("B")] == []
