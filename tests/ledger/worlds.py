"""Small random worlds of facts about few debtors, made to collide."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import strategies as st

from stream.facts.decode import Rejection, decode
from stream.facts.fact import Fact
from stream.facts.instant import instant_text
from stream.windows.calendar import local_midnight_ms
from tests.facts.events import SAMPLES, event

DAY_MS = 86_400_000
START_MS = 1_793_577_600_000

ZONES = {"main": "Asia/Shanghai", "east": "America/New_York"}

FIELDS: dict[str, list[Any]] = {
    "call_id": ["k-1", "k-2"],
    "payment_id": ["p-1", "p-2"],
    "promise_id": ["o-1", "o-2", "o-3"],
    "complaint_id": ["q-1"],
    "visit_id": ["v-1", "v-2"],
    "step_id": ["l-1", "l-2"],
    "message_id": ["m-1", "m-2"],
    "case_id": ["c-1", "c-2"],
    "debtor_id": ["d-1", "d-1", "d-2"],
    "agent_id": ["a-1", "a-2", "a-3"],
    "team_id": ["t-1", "t-2", None],
    "site_id": ["main", "east"],
    "version": [None, 1, 2, 3],
    "void": [None, None, None, None, False, True],
    "segment_id": [None, "s-1", "s-2"],
    "queue_id": [None, "u-1", "u-2"],
    "transferred_from": [None, None, None, "k-1", "k-9"],
    "reversal_id": [None, "r-1", "e-1"],
    "reason": [None, "lunch"],
    "delivered": [None, True, False],
    "score": [None, 1, 5],
    "direction": ["outbound", "inbound"],
    "outcome": ["human", "no_answer", "failed", "abandoned", "callback"],
    "party": ["right", "third", None],
    "amount_minor": [100, 300, 1000],
    "currency": ["CNY", "EUR"],
    "change": ["placed", "assigned", "stage", "closed"],
    "dpd": [None, 0, 5, 31],
    "overdue_minor": [None, 0, 700],
    "status": ["due", "done"],
    "due_on": ["2026-11-02", "2026-11-05", "2026-11-20"],
    "state": ["available", "on_call", "break", "logged_out"],
    "channel": [None, "field"],
    "met_debtor": [True, False],
    "queue_ms": [None, 1000, 30_000],
}


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    """One fact; ids and times are few, so that facts meet."""
    kind = draw(st.sampled_from(list(SAMPLES)))
    fields = {name: draw(st.sampled_from(values)) for name, values in FIELDS.items() if name in _known(kind)}
    if kind == "complaint":
        fields["status"] = "closed"
        fields["closed_at"] = instant_text(START_MS + draw(st.integers(0, 80)) * DAY_MS)
        fields["call_id"] = draw(st.sampled_from(["k-1", "k-2", "k-9", None]))
        if draw(st.booleans()):
            fields["agent_id"] = None
    if kind == "message":
        fields["channel"] = draw(st.sampled_from(["letter", "sms"]))
    if kind == "promise":
        dates = draw(st.lists(st.sampled_from(FIELDS["due_on"]), min_size=1, max_size=3))
        fields["instalments"] = [{"due_on": day, "amount_minor": draw(st.sampled_from([100, 300]))} for day in dates]
    if kind == "survey":
        fields["score"] = draw(st.sampled_from([1, 5]))
    if kind == "payment" and draw(st.integers(0, 3)) == 0:
        fields["case_id"] = None
    at_ms = START_MS + draw(st.integers(0, 40)) * DAY_MS // 4 + draw(st.sampled_from([0, 0, 1, 9_999]))
    fields["occurred_at"] = instant_text(at_ms)
    if kind in ("payment", "payment_reversal") and draw(st.integers(0, 3)) == 0:
        fields |= {"occurred_at": None, "occurred_on": draw(st.sampled_from(FIELDS["due_on"]))}
    fields["event_id"] = f"e-{draw(st.integers(0, 30))}"
    fact = decode(orjson.dumps(event(kind, **fields)), midnight_ms)
    assert not isinstance(fact, Rejection), fact
    return fact


def midnight_ms(site: str, day: str) -> int:
    """When a day begins at a site of these worlds."""
    return local_midnight_ms(ZONES[site], day)


def _known(kind: str) -> set[str]:
    common = {"case_id", "debtor_id", "agent_id", "team_id", "site_id", "segment_id", "version", "void"}
    optional = {
        "call": {"queue_ms", "queue_id", "transferred_from"},
        "payment": {"channel"},
        "payment_reversal": {"reversal_id"},
        "message": {"delivered"},
        "agent_state": {"reason"},
    }
    return common | set(SAMPLES[kind]) | optional.get(kind, set())
