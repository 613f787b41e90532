# ruff: noqa: E501  (a scheme is read best on one line)
"""Laws of the reasons in the ledger of scores: they name the facts that changed what was final, the numbers and rates
before and after (scores 5, ADR 0074)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stream.engine.debtors.stage import DebtorStage
from stream.facts.decode import Rejection, decode
from stream.ledger.definitions import Definitions, FactLimits
from stream.scores.causes import MOST_KNOWN, MOST_NAMED, Cause, CauseQuery, Causes, Touch
from stream.scores.inputs import StatedCause, cause_record, stated
from stream.scores.publishing import Publishing
from stream.scores.scores import ScoreClock, Scores
from stream.windows.plan import WindowPlan
from tests.scores.floor import computed, kpi_record, measurement, settings_of

LADDER = """
indicators: [mark]
targets: [{kpi: recovered_amount, currency: CNY, level: "*LEVEL*", entity: "*", period: month, value: 10000000, from: 2026-01-01}]
payouts:
  - {payout: ladder, version: 1, from: 2026-01-01, level: "*LEVEL*", period: month, currency: CNY, basis: {kpi: recovered_amount, currency: CNY},
     commission: {reading: whole, steps: [["1.00", "0.05"], ["1.10", "0.08"], ["1.20", "0.10"]]},
     gates: [{gate: qa, kpi: qa_pass_rate, below: "0.98", effect: {void: [commission]}}]}
"""
MAY_3, JUNE_1 = 1_777_766_400_000, 1_780_272_000_000
LATE = ScoreClock(MAY_3, MAY_3)
APRIL = {"site_id": "main", "team_id": "t-1", "agent_id": "a-1", "debtor_id": "d-1", "case_id": "c-1"}


def event(kind: str, name: str, at: str, **fields: Any) -> Any:
    fact = decode(
        json.dumps(
            {"type": kind, "event_id": f"e-{name}", "occurred_at": f"{at}T10:00:00Z", **APRIL, **fields}
        ).encode()
    )
    assert not isinstance(fact, Rejection), fact
    return fact


def payment(name: str = "p-9", amount_minor: int = 100, at: str = "2026-04-10", **fields: Any) -> Any:
    return event("payment", name, at, payment_id=name, amount_minor=amount_minor, currency="CNY", **fields)


def reversal(of: str = "p-9", amount_minor: int = 100, at: str = "2026-05-02") -> Any:
    return event(
        "payment_reversal", f"r-{of}", at, reversal_id="r-2", payment_id=of, amount_minor=amount_minor, currency="CNY"
    )


def call(name: str = "c-9", at: str = "2026-04-09") -> Any:
    return event(
        "call",
        name,
        at,
        call_id=name,
        direction="outbound",
        outcome="human",
        party="right",
        answered_at=f"{at}T10:00:00Z",
        ended_at=f"{at}T10:05:00Z",
    )


def stage(*facts: Any, windows: frozenset[str] = frozenset({"month"})) -> DebtorStage:
    """A partition that has taken in these facts before any window ended, and whose watermark is the 3rd of May."""
    one = DebtorStage(Definitions(), WindowPlan(), FactLimits(), 0, frozenset(), None, windows)
    for fact in facts:
        one.apply(fact)
    assert one.take(MAY_3).late == []
    return one


def told(one: DebtorStage, *facts: Any) -> list[tuple[str, list[str]]]:
    for fact in facts:
        one.apply(fact)
    return [
        (cause.what, sorted({f"{touch.about}: {touch.column} {touch.amount:+d}" for touch in cause.touched}))
        for _, cause in one.take(MAY_3).late
    ]


def test_a_reversal_of_a_payment_of_a_month_that_has_ended_is_a_cause_and_names_the_payment() -> None:
    one = stage(call(), payment())
    assert told(one, reversal(amount_minor=40)) == [
        ("payment_reversal r-2", ["payment p-9: recovered_minor:CNY -40"]),
    ]
    assert told(one, call("c-10", at="2026-05-04")) == []


def test_what_happens_in_a_window_that_has_not_ended_is_no_cause_and_without_schemes_nothing_is() -> None:
    one = stage(call(), payment(at="2026-05-01"))
    assert told(one, reversal(amount_minor=40)) == []
    without = DebtorStage(Definitions(), WindowPlan(), FactLimits(), 0)
    assert without.late is None
    assert told(stage(call(), windows=frozenset({"day"})), call("c-8", at="2026-05-01"))[0][0] == "call c-8"


def test_a_fact_that_comes_late_one_that_is_corrected_and_one_that_is_taken_back_are_causes() -> None:
    review = {"review_id": "q-7", "call_id": "c-9", "score": 90}
    one = stage(call(), event("quality_review", "q-7", "2026-04-12", passed=True, **review))
    assert ("call c-8", ": dials +1") in [(what, each) for what, changed in told(one, call("c-8")) for each in changed]
    appealed = event("quality_review", "q-7", "2026-04-12", passed=False, version=2, **review)
    assert told(one, appealed) == [("quality_review q-7, version 2", [": reviews_passed -1"])]
    void = event("quality_review", "q-7", "2026-04-12", passed=False, version=3, void=True, **review)
    [(what, changed)] = told(one, void)
    assert what == "quality_review q-7, version 3, void"
    assert ": reviews -1" in changed


def test_a_promise_that_is_broken_by_a_reversal_is_named() -> None:
    promise = event(
        "promise",
        "z-3",
        "2026-04-09",
        promise_id="z-3",
        currency="CNY",
        instalments=[{"due_on": "2026-04-20", "amount_minor": 100}],
    )
    one = stage(call(), promise, payment())
    [(what, changed)] = told(one, reversal())
    assert what == "payment_reversal r-2"
    assert {"payment p-9: recovered_minor:CNY -100", "promise z-3: promises_kept -1"} <= {*changed}


def test_the_state_of_an_agent_that_comes_late_is_a_cause() -> None:
    one = stage(event("agent_state", "s-1", "2026-04-10", state="available"))
    found = told(one, event("agent_state", "s-2", "2026-04-09", state="break"))
    assert [what for what, _ in found] == ["agent_state e-s-2"]


def test_a_cause_survives_the_scoring_topic() -> None:
    [(name, cause)] = named(reversal(amount_minor=40))
    assert stated(*cause_record(name, cause)) == StatedCause(name, cause)
    assert stated(*cause_record(name, None)) == StatedCause(name, None)


def named(*facts: Any) -> list[tuple[str, Cause]]:
    one = stage(call(), payment(amount_minor=1_000), payment("p-8", amount_minor=900))
    for fact in facts:
        one.apply(fact)
    return one.take(MAY_3).late


class Owner:
    """Scores beside what was published of them."""

    def __init__(self, tmp_path: Path, text: str, topic: dict[bytes, bytes] | None = None) -> None:
        settings = settings_of(tmp_path, text)
        self.scores: Scores = computed(settings, [])
        self.publishing = Publishing(self.scores, 400 * 86_400_000, "live")
        self.topic: dict[bytes, bytes] = dict(topic or {})
        for key, value in self.topic.items():
            self.publishing.put(key, value)
        self.now_ms = 0

    def knows(self, *causes: tuple[str, Cause]) -> None:
        for name, cause in causes:
            self.publishing.put_cause(name, cause, self.now_ms)

    def counts(
        self, recovered: int, revision: int, entity: str = "a-1", level: str = "agent", passed: int = 98
    ) -> None:
        kpis: dict[str, Any] = {"recovered_amount CNY": recovered, "qa_pass_rate": (passed, 100)}
        self.scores.put_record(kpi_record(entity, kpis, revision=revision, level=level))

    def lines(self, clock: ScoreClock = LATE, *, endings: bool = False) -> list[dict[str, Any]]:
        found = []
        for sheet in (self.publishing.endings if endings else self.publishing.changes)(clock, 7):
            for change in sheet:
                self.publishing.put(change.key, change.value)
                if change.value is not None:
                    self.topic[change.key] = change.value
                if change.line is not None:
                    found.append(json.loads(change.line))
        return found


def ladder(level: str = "agent") -> str:
    return LADDER.replace('"*LEVEL*"', level)


@pytest.mark.parametrize(("level", "entity"), [("agent", "a-1"), ("team", "t-1"), ("site", "main")])
def test_a_reversal_that_crosses_a_cliff_names_the_payment_its_reversal_and_the_rates_before_and_after(
    tmp_path: Path, level: str, entity: str
) -> None:
    owner = Owner(tmp_path, ladder(level))
    owner.counts(12_000_000, 3, entity, level)
    assert owner.lines() == []
    owner.knows(*named(reversal(amount_minor=1)))
    owner.counts(11_999_999, 4, entity, level)
    [line] = owner.lines()
    assert (line["before"]["amount_minor"], line["after"]["amount_minor"]) == (1_200_000, 960_000)
    assert line["reason"] == (
        "commission: 1200000 -> 960000; recovered_amount CNY: 12000000 -> 11999999 (revision 3 -> 4); "
        "a = R / T: 1.2 -> 1.1999999; rate: 0.1 -> 0.08; "
        "payment_reversal r-2 (payment p-9: recovered_minor:CNY -1)"
    )


def test_a_review_that_is_appealed_is_named_where_it_opens_the_gate(tmp_path: Path) -> None:
    owner = Owner(tmp_path, ladder())
    owner.counts(12_000_000, 1, passed=97)
    owner.lines()
    review = {"review_id": "q-7", "call_id": "c-9", "score": 90}
    one = stage(call(), event("quality_review", "q-7", "2026-04-12", passed=False, **review))
    one.apply(event("quality_review", "q-7", "2026-04-12", passed=True, version=2, **review))
    owner.knows(*one.take(MAY_3).late)
    owner.counts(12_000_000, 2, passed=98)
    [line] = owner.lines()
    assert "gate qa (qa_pass_rate): 0.97 -> 0.98; gate qa no longer missed" in line["reason"]
    assert line["reason"].endswith("quality_review q-7, version 2 (reviews_passed +1)")


def test_a_fact_is_named_once_for_each_score_and_only_for_whom_and_what_it_concerns(tmp_path: Path) -> None:
    owner = Owner(tmp_path, ladder())
    for entity in ("a-1", "a-2"):
        owner.counts(12_000_000, 1, entity)
    owner.lines()
    owner.knows(*named(reversal(), call("c-8")))
    for entity in ("a-1", "a-2"):
        owner.counts(11_000_000, 2, entity)
    reasons = {line["entity"]: line["reason"] for line in owner.lines()}
    assert "r-2" in reasons["a-1"]
    assert "c-8" not in reasons["a-1"]  # a dial is nothing to this scheme
    assert "r-2" not in reasons["a-2"]
    owner.counts(10_000_000, 3)
    [line] = owner.lines()
    assert "r-2" not in line["reason"]


def test_what_is_published_while_provisional_needs_no_reason_afterwards(tmp_path: Path) -> None:
    owner = Owner(tmp_path, ladder())
    owner.counts(12_000_000, 1)
    early = ScoreClock(MAY_3, MAY_3 - 10 * 86_400_000)
    owner.lines(early)
    owner.knows(*named(reversal()))
    owner.counts(11_000_000, 2)
    assert owner.lines(early) == []
    owner.counts(10_000_000, 3)
    [line] = owner.lines()
    assert "r-2" not in line["reason"]
    assert "recovered_amount CNY: 11000000 -> 10000000 (revision 2 -> 3)" in line["reason"]


def test_the_next_owner_names_the_facts_though_nobody_remembers_the_numbers_before(tmp_path: Path) -> None:
    owner = Owner(tmp_path, ladder())
    owner.counts(12_000_000, 1)
    owner.lines()
    other = Owner(tmp_path, ladder(), owner.topic)
    other.counts(12_500_000, 1)  # a revision of before, which the topic may still hold
    other.counts(11_000_000, 2)
    other.knows(*named(reversal()))
    [line] = other.lines()
    assert line["reason"] == (
        "commission: 1200000 -> 880000; payment_reversal r-2 (payment p-9: recovered_minor:CNY -100)"
    )


def test_numbers_of_before_are_not_told_of_a_score_that_was_published_in_between(tmp_path: Path) -> None:
    owner = Owner(tmp_path, ladder())
    owner.counts(13_000_000, 1)
    owner.lines(ScoreClock(MAY_3, MAY_3 - 10 * 86_400_000))
    owner.counts(12_500_000, 2)
    [line] = owner.lines(endings=True)
    assert "13000000 -> 12500000" in line["reason"]
    owner.counts(12_000_000, 3)
    [line] = owner.lines()
    assert line["reason"] == "commission: 1250000 -> 1200000"


MARKED = """
indicators: [mark]
scorecards:
  - {scorecard: card, version: 1, from: 2026-01-01, level: agent, period: month, only_one: x, components: [
     {component: a, indicator: mark, weight: 10, scoring: {steps: [[0, 0], [1, 1], [5, 9]]}}]}
payouts:
  - {payout: pay, version: 1, from: 2026-01-01, level: agent, period: month, currency: CNY, only_one: x, basis: {scorecard: card},
     base: {default: 1000}, base_share: [[1, "0.5"], [9, 1]]}
"""


def test_of_a_payout_by_score_the_score_and_the_share_are_told_and_of_a_measurement_its_id(tmp_path: Path) -> None:
    owner = Owner(tmp_path, MARKED)
    owner.scores.put_measurement("m-1", measurement("mark", "a-1", 1, name="m-1"))
    assert owner.lines() == []
    owner.scores.put_measurement("m-1", measurement("mark", "a-1", 5, name="m-1"))
    card, pay = owner.lines()
    assert card["reason"] == "a (mark): 1 -> 5; measurement m-1 was corrected"
    assert pay["reason"] == "base: 500 -> 1000; score: 1 -> 9; share of the base: 0.5 -> 1"
    owner.scores.put_measurement("m-2", measurement("mark", "a-1", 0, name="m-2", at=5))
    assert owner.lines()[0]["reason"].endswith("measurement m-2 counts instead of m-1")
    owner.scores.put_measurement("m-2", None)
    assert owner.lines()[0]["reason"].endswith("measurement m-1 counts instead of m-2")
    owner.scores.put_measurement("m-1", None)
    assert "nobody has this score any more" in owner.lines()[0]["reason"]


def test_a_score_that_nobody_has_any_more_names_the_fact_that_was_taken_back(tmp_path: Path) -> None:
    owner = Owner(tmp_path, ladder())
    owner.counts(12_000_000, 1)
    owner.lines()
    owner.knows(*named(payment(amount_minor=1_000, version=2, void=True)))
    owner.scores.put_record(kpi_record("a-1", {}, revision=2))
    [line] = owner.lines()
    assert line["reason"].startswith("commission") is False
    assert "nobody has this score any more; payment p-9, version 2, void" in line["reason"]


def cause(number: int) -> Cause:
    return Cause(f"payment p-{number}", (Touch("main", "t-1", "a-1", None, None, "payments", 5, 1, ""),))


WANTED = CauseQuery("main", "agent", ("a-1",), 0, 10, frozenset({"payments"}), frozenset())


def test_a_line_names_a_few_facts_and_says_how_many_more_there_are() -> None:
    causes = Causes()
    for number in range(MOST_NAMED + 3):
        causes.put(f"{number:02d}", cause(number), 0)
    named_ = causes.named("key", WANTED)
    assert (len(named_), named_[0], named_[-1]) == (MOST_NAMED + 1, "payment p-0 (payments +1)", "and 3 more facts")
    assert causes.named("key", WANTED) == []
    assert len(causes.named("other", WANTED)) == MOST_NAMED + 1


def test_what_was_known_for_long_and_what_is_too_many_is_forgotten() -> None:
    causes = Causes()
    for number in range(3):
        causes.put(str(number), cause(number), now_ms=number)
    assert causes.forgotten(before_ms=2, most=1) == ["0"]
    assert causes.forgotten(before_ms=2, most=9) == ["1"]
    assert causes.named("key", WANTED) == ["payment p-2 (payments +1)"]
    for number in range(3, MOST_KNOWN + 5):
        causes.put(str(number), cause(number), now_ms=9)
    assert causes.forgotten(before_ms=0, most=9_999) == ["2", "3", "4"]
    assert len(causes) == MOST_KNOWN
    causes.put("5", None, 9)
    assert len(causes) == MOST_KNOWN - 1
