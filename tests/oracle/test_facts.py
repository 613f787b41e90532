"""Events, facts and versions, each rule of catalogue version 2 on an example worked out by hand from the pages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oracle.identity import canonical, facts_of, identity
from tests.oracle.reading import Rejected, read_event
from tests.oracle.told import record, refused, replay, valid
from tests.worlds import events as e


def test_a_void_version_takes_a_fact_back_whenever_it_arrives() -> None:
    told = e.call("2026-11-02T10:00:00Z", "k", version=1)
    void = told | {"event_id": "z", "version": 2, "void": True}
    for raws in ([told, void], [void, told]):
        assert record(raws, "site|main") == {}
        assert replay(raws).accepted == 1
    assert record([told, void, told | {"event_id": "zz", "version": 3}], "site|main")["dials"] == (1, None)


def test_of_one_version_the_void_one_counts_whatever_its_event_id() -> None:
    told = e.call("2026-11-02T10:00:00Z", "k") | {"event_id": "a"}
    (fact,) = facts_of(valid([told, told | {"event_id": "b", "void": True}]))
    assert fact["void"] is True


@pytest.mark.parametrize("kind", ["promise", "visit", "message", "survey", "quality_review"])
def test_every_type_has_versions(kind: str) -> None:
    raws: dict[str, e.Raw] = {
        "promise": e.promise("2026-11-02T10:00:00Z", "p", ("2026-11-05", 10)),
        "visit": e.visit("2026-11-02T10:00:00Z", "v"),
        "message": e.message("2026-11-02T10:00:00Z", "m"),
        "survey": e.event("survey", "2026-11-02T10:00:00Z", "s", survey_id="s", score=1),
        "quality_review": e.event(
            "quality_review", "2026-11-02T10:00:00Z", "w", review_id="w", agent_id="a1", passed=True
        ),
    }
    first = raws[kind]
    second = first | {"event_id": "zzz", "version": 2, "team_id": "t9"}
    (fact,) = facts_of(valid([second, first]))
    assert fact["team_id"] == "t9"


def test_the_key_is_a_part_of_the_identity_and_a_call_without_a_debtor_is_its_own_key() -> None:
    alone = e.call("2026-11-02T10:00:00Z", "k", debtor_id=None, agent_id="a1")
    assert identity(valid([alone])[0]) == ("k", "call", "k")
    assert identity(valid([e.call("2026-11-02T10:00:00Z", "k")])[0]) == ("d1", "call", "k")
    review = e.event("quality_review", "2026-11-02T10:00:00Z", "w", review_id="w", agent_id="a1", passed=True)
    assert identity(valid([review])[0])[0] == "a1"


def test_a_call_whose_debtor_is_learnt_later_counts_once_for_the_debtor() -> None:
    blind = e.call("2026-11-02T10:00:00Z", "k", debtor_id=None, party="right")
    void = blind | {"event_id": "v", "version": 2, "void": True}
    anew = e.call("2026-11-02T10:00:00Z", "k", party="right", case_id="c1") | {"event_id": "n"}
    paid = e.payment("2026-11-02T12:00:00Z", "y", 50, agent_id=None)
    found = record([blind, void, anew, paid], "agent|a1")
    assert (found["dials"], found["recovered_amount:CNY"]) == ((1, None), (50, None))
    assert record([blind, paid], "agent|a1") == record([blind], "agent|a1")


def test_a_reversal_is_told_apart_by_its_reversal_id_and_without_one_by_its_event_id() -> None:
    paid = e.payment("2026-11-02T10:00:00Z", "y", 100)
    named = e.reversal("2026-11-02T11:00:00Z", "y", 10, reversal_id="r1", event_id="x1")
    again = named | {"event_id": "x2"}
    assert record([paid, named, again], "site|main")["reversed_amount:CNY"] == (10, None)
    nameless = e.reversal("2026-11-02T11:00:00Z", "y", 10, event_id="r1")
    assert record([paid, named, nameless], "site|main")["reversed_amount:CNY"] == (20, None)
    assert record([paid, named, nameless], "site|main")["recovered_amount:CNY"] == (80, None)


def test_a_legal_step_is_identified_with_its_status() -> None:
    due = e.legal("2026-11-01T10:00:00Z", "l", "due", "2026-11-02")
    done = e.legal("2026-11-02T10:00:00Z", "l", "done", "2026-11-02")
    raws = [due, done, done | {"event_id": "zz", "version": 2, "void": True}]
    assert record([due, done], "site|main", window="day|2026-11-03T00:00:00Z") == {"legal_completion_rate": (1, 1)}
    assert record(raws, "site|main", window="day|2026-11-03T00:00:00Z") == {"legal_completion_rate": (0, 1)}


def test_the_canonical_json_has_version_and_site_and_of_a_dated_payment_its_date() -> None:
    raw = e.payment("", "y", 5) | {"occurred_on": "2026-11-02"}
    del raw["occurred_at"]
    assert canonical(valid([raw])[0]) == (
        b'{"amount_minor":5,"case_id":"c1","currency":"CNY","debtor_id":"d1","event_id":"e-y",'
        b'"occurred_on":"2026-11-02","payment_id":"y","site_id":"main","type":"payment","version":1}'
    )


def test_an_explicit_default_is_the_same_content() -> None:
    plain = e.visit("2026-11-02T10:00:00Z", "v", met_debtor=True) | {"event_id": "b"}
    spelt = plain | {"version": 1, "void": False, "site_id": "main"}
    rival = plain | {"met_debtor": False, "event_id": "c"}
    (fact,) = facts_of(valid([rival, spelt | {"event_id": "d"}, plain]))
    assert fact["met_debtor"] is True


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (e.visit("2026-11-02T10:00:00Z", "v" * 256) | {"event_id": "e"}, None),
        (e.visit("2026-11-02T10:00:00Z", "v" * 257) | {"event_id": "e"}, "invalid"),
        (e.visit("2026-11-02T10:00:00Z", "v "), "invalid"),
        (e.visit("2026-11-02T10:00:00Z", " v"), "invalid"),
        (e.visit("2026-11-02T10:00:00Z", "v v"), None),
        (e.visit("2026-11-02T10:00:00Z", "v", version=0), "invalid"),
        (e.visit("2026-11-02T10:00:00Z", "v", void="true"), "invalid"),
        (e.payment("2026-11-02T10:00:00Z", "y", 5, case_id=None), None),
        (e.payment("2026-11-02T10:00:00Z", "y", 5, case_id=None, debtor_id=None), "invalid"),
        (e.payment("2026-11-02T10:00:00Z", "y", 5, occurred_on="2026-11-02"), "invalid"),
        (e.reversal("2026-11-02T10:00:00Z", "y", 5, case_id=None), "invalid"),
        (e.state("2026-11-02T10:00:00Z", "s", "break", reason="lunch | tea"), None),
        (e.state("2026-11-02T10:00:00Z", "s", "break", reason=""), "invalid"),
        (e.state("2026-11-02T10:00:00Z", "s", "break", case_id="c9"), None),
        (e.call("2026-11-02T10:00:00Z", "k", outcome="callback", queue_id="q", transferred_from="j"), None),
        (e.message("2026-11-02T10:00:00Z", "m", number_id="n|"), "invalid"),
        (e.case("2026-11-02T10:00:00Z", "placed", "x", debtor_zone="Nowhere/At All"), None),
    ],
)
def test_what_is_an_event(raw: e.Raw, reason: str | None) -> None:
    assert refused(raw) == reason


def test_a_restriction_has_what_its_kind_is_about() -> None:
    def restriction(**fields: Any) -> e.Raw:
        at = "2026-11-02T10:00:00Z"
        base = {"type": "restriction", "event_id": "r", "occurred_at": at, "restriction_id": "r", "debtor_id": "d1"}
        return base | {"from": at} | fields

    assert refused(restriction(kind="quiet_hours")) == "invalid"
    assert refused(restriction(kind="quiet_hours", hours=["08:00", "08:00"])) is None
    assert refused(restriction(kind="wrong_number")) == "invalid"
    assert refused(restriction(kind="wrong_number", number_id="n1")) is None


def test_a_measurement_counts_in_no_window_and_begins_its_period() -> None:
    def measurement(**fields: Any) -> e.Raw:
        base = {"measurement_id": "u", "indicator": "bad_rate", "level": "team", "entity": "t1", "numerator": 7}
        dated = {"period": "quarter", "period_start": "2026-10-01"}
        return e.event("measurement", "2026-11-02T10:00:00Z", "u", **(base | dated | fields))

    assert refused(measurement()) is None
    assert refused(measurement(period_start="2026-11-01")) == "invalid"
    assert refused(measurement(period="month", period_start="2026-11-01")) is None
    assert refused(measurement(denominator=0)) == "invalid"
    assert identity(valid([measurement(agent_id="a1", debtor_id="d1")])[0])[0] == "u"
    told = replay([measurement()])
    assert (told.accepted, told.kpis) == (1, {})


def test_a_frame_and_a_cloud_event_are_unwrapped_and_others_refused() -> None:
    (line,) = e.lines([e.visit("2026-11-02T10:00:00Z", "v")])
    cloud = b'{"specversion":"1.0","type":"x","data":' + line + b"}"
    for value in (b"\0\0\0\0\7" + line, cloud, line):
        assert isinstance(read_event(value), dict)
    for value, reason in (
        (b"\0\0\0\0\7\2\6abc", "malformed"),
        (b"[" + cloud + b"]", "invalid"),
        (b'{"specversion":"1.0","data_base64":"e30="}', "invalid"),
        (b'{"specversion":"1.0","data":"{}"}', "invalid"),
        (b'{"before":null,"after":{"type":"visit"},"op":"c"}', "invalid"),
    ):
        outcome = read_event(value)
        assert isinstance(outcome, Rejected)
        assert outcome.reason == reason
