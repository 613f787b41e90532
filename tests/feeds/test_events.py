"""The events that a record gives, and their ids (feeds 4 and 7): each sentence of the page."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from stream.facts.decode import decode
from stream.facts.identity import canonical_json
from stream.feeds.feed_run import FeedRun
from stream.feeds.loading import MappingError, load
from tests.feeds.runs import CALL, RECORD, events_of, results, run_of, with_field

STATE = """
feed: acd
input: {format: json}
events:
  - type: agent_state
    fields: {agent_id: who, occurred_at: {path: at, as: epoch_s}, state: state, void: void, version: n, event_id: eid}
"""
STEP = """
feed: court
input: {format: json}
events:
  - type: legal_step
    fields: {step_id: id, case_id: case, debtor_id: d, status: status, due_on: due, occurred_at: at, void: void}
"""
BACK = """
feed: bank
input: {format: json}
events:
  - type: payment_reversal
    fields: {reversal_id: id, payment_id: pid, case_id: {value: k}, debtor_id: {value: d}, occurred_on: on,
             amount_minor: amount, currency: {value: EUR}}
"""
AGENT = {"who": "ann", "at": 1792000000, "state": "break"}


def ids(mapping: str, *records: Any, **settings: Any) -> list[str]:
    return [event["event_id"] for event in events_of(mapping, records, **settings)]


def test_a_record_gives_all_its_events_or_none() -> None:
    second = CALL[CALL.index("  - type") :].replace("id: id", "id: id2")
    run = run_of(CALL + second, [RECORD, RECORD | {"id2": "c2"}])
    events, refused = run.drain()
    assert ([json.loads(e.json)["call_id"] for e in events], len(refused)) == (["c1", "c2"], 1)


def test_a_record_that_no_event_wants_is_unused() -> None:
    run = run_of(CALL.replace("type: call", "when: yes_please\n    type: call"), [RECORD])
    assert (run.counts.unused, run.counts.unmapped, sum(run.counts.events.values())) == (1, 0, 0)


def test_events_are_checked_by_the_contract() -> None:
    _, refused = results(with_field("outcome", "o"), [RECORD | {"o": "gone"}, RECORD | {"o": "busy", "id": "a|b"}])
    assert [(each.reason, each.field) for each in refused] == [("unmapped", "outcome"), ("unmapped", "call_id")]
    assert refused[0].detail.startswith("outcome: 'gone' is none of")


@pytest.mark.parametrize(("record", "key"), [({}, "c1"), ({"d": "D1"}, "D1")])
def test_events_are_keyed_and_have_the_topic_of_the_contract(record: Any, key: str) -> None:
    events, _ = results(with_field("debtor_id", "d"), [RECORD | record])
    assert (events[0].key, events[0].topic) == (key, "calls")
    (state,), _ = results(STATE, [AGENT])
    assert (state.key, state.topic) == ("ann", "activity")


def test_an_event_id_is_feed_type_own_id_and_version() -> None:
    assert ids(CALL, RECORD) == ["test:call:c1:1"]
    assert ids(with_field("version", "v"), RECORD | {"v": 7}) == ["test:call:c1:7"]
    step = {"id": "s", "case": "k", "d": "d", "status": "due", "due": "2026-11-02", "at": "2026-11-01T00:00:00Z"}
    assert ids(STEP, step, step | {"void": True}) == ["court:legal_step:s:1:due", "court:legal_step:s:1:due:void"]
    assert ids(BACK, {"id": "r", "pid": "p", "on": "2026-11-02", "amount": 5}) == ["bank:payment_reversal:r:1"]


def test_void_follows_in_a_void_event_whether_the_id_is_mapped_or_not() -> None:
    assert ids(with_field("void", "{value: true}"), RECORD) == ["test:call:c1:1:void"]
    assert ids(with_field("void", "{value: true}", with_field("event_id", "e")), RECORD | {"e": "mine"}) == [
        "mine:void"
    ]


def test_without_an_own_id_it_is_the_digest_of_the_content_without_version_and_void() -> None:
    events, _ = results(STATE, [AGENT, AGENT | {"n": 2}, AGENT | {"n": 3, "void": True}, AGENT | {"state": "wrap"}])
    found = [json.loads(event.json)["event_id"] for event in events]
    fact = decode(events[0].json)
    content = json.loads(canonical_json(fact))  # type: ignore[arg-type]
    for name in ("event_id", "version"):
        del content[name]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    assert found[0] == f"acd:agent_state:{hashlib.sha256(text.encode()).hexdigest()[:32]}"
    assert found[0] == found[1] == found[2] != found[3]
    assert '"site_id":"main"' in text


def test_the_identity_of_a_void_state_is_that_of_the_state() -> None:
    assert ids(STATE, AGENT | {"eid": "e1"}, AGENT | {"eid": "e1", "void": True, "n": 2}) == ["e1", "e1"]


def test_a_reversal_without_reversal_id_has_no_own_id() -> None:
    record = {"pid": "p", "on": "2026-11-02", "amount": 5}
    (one,), (other,) = ids(BACK, record), ids(BACK, record | {"amount": 6})
    assert one != other
    assert one.startswith("bank:payment_reversal:")
    assert len(one) == len("bank:payment_reversal:") + 32


def test_an_id_over_256_characters_is_the_digest_of_the_whole() -> None:
    whole = f"test:call:{'x' * 256}:1"
    assert ids(CALL, RECORD | {"id": "x" * 256}) == [hashlib.sha256(whole.encode()).hexdigest()[:32]]


def test_a_record_delivered_again_is_the_same_event() -> None:
    events, _ = results(CALL, [RECORD, RECORD])
    assert events[0] == events[1]


LEGS = """
feed: legs
input: {format: json}
events:
  - each: legs
    when: "!item.skip"
    type: call
    leg_ids: LEG_IDS
    fields: {occurred_at: {path: item.at, as: epoch_s}, ended_at: {path: item.at, as: epoch_s},
             direction: {value: inbound}, outcome: {value: human}}
"""


def legs(leg_ids: str, *items: Any) -> list[tuple[str, str | None]]:
    record = {"id": "g", "legs": [{"at": 1792000000} | item for item in items]}
    found = events_of(LEGS.replace("LEG_IDS", leg_ids).replace("!item.skip", "!(item.skip)"), [record])
    return [(event["call_id"], event.get("transferred_from")) for event in found]


def test_leg_ids_number_the_legs_and_name_the_one_before() -> None:
    assert legs("record.id", {}, {}, {}) == [("g", None), ("g/2", "g"), ("g/3", "g/2")]
    assert legs("{first: record.id, then: item.n}", {"n": "a"}, {"n": "b"}, {"n": "c"}) == [
        ("g", None), ("b", "g"), ("c", "b"),
    ]  # fmt: skip


def test_legs_are_numbered_before_when_is_asked() -> None:
    assert legs("record.id", {}, {"skip": True}, {}) == [("g", None), ("g/3", "g/2")]


def test_also_void_gives_the_same_without_debtor_as_void() -> None:
    mapping = with_field("debtor_id", "d", with_field("case_id", "k", with_field("version", "v")))
    mapping = mapping.replace("type: call", "type: call\n    also_void: true")
    given, twin = events_of(mapping, [RECORD | {"d": "D", "k": "K", "v": 4}])
    assert twin == {name: value for name, value in given.items() if name not in ("debtor_id", "case_id")} | {
        "void": True, "event_id": "test:call:c1:4:void",
    }  # fmt: skip
    assert len(events_of(mapping, [RECORD | {"v": 4}])) == 1
    void = mapping + "      void: {value: true}\n"
    assert len(events_of(void, [RECORD | {"d": "D", "v": 4}])) == 1


def test_a_case_is_left_out_where_there_is_no_debtor() -> None:
    mapping = with_field("case_id", "k", with_field("debtor_id", "d"))
    assert "case_id" not in events_of(mapping, [RECORD | {"k": "K"}])[0]
    assert events_of(mapping, [RECORD | {"k": "K", "d": "D"}])[0]["case_id"] == "K"


def test_a_revision_goes_into_every_version() -> None:
    versioned = with_field("version", "v")
    assert [e["version"] for e in events_of(versioned, [RECORD | {"v": 7}, RECORD], revision=3)] == [7003, 1003]
    assert ids(versioned, RECORD | {"v": 7}, revision=3) == ["test:call:c1:7003"]
    assert [e["version"] for e in events_of(CALL.replace("feed: test", "feed: test\nrevision: 2"), [RECORD])] == [1002]
    assert results(versioned, [RECORD | {"v": 0}], revision=3)[1][0].field == "version"


def test_an_id_prefix_stands_before_own_ids_and_what_refers_to_them() -> None:
    mapping = with_field("transferred_from", "f", with_field("agent_id", "a", with_field("event_id", "e")))
    event = events_of(mapping, [RECORD | {"f": "c0", "a": "ann", "e": "e1"}], id_prefix="lx-")[0]
    assert [event[name] for name in ("call_id", "transferred_from", "event_id", "agent_id")] == [
        "lx-c1", "lx-c0", "lx-e1", "ann",
    ]  # fmt: skip
    back = events_of(BACK, [{"id": "r", "pid": "p", "on": "2026-11-02", "amount": 5}], id_prefix="lx-")[0]
    assert (back["reversal_id"], back["payment_id"], back["case_id"]) == ("lx-r", "lx-p", "k")
    assert ids(CALL, RECORD, id_prefix="lx-") == ["test:call:lx-c1:1"]
    assert ids(STATE, AGENT, id_prefix="lx-") == ids(STATE, AGENT)
    assert results(CALL, [RECORD | {"id": ""}], id_prefix="lx-")[1][0].field == "call_id"


def test_set_makes_a_constant_of_the_fields_kind_in_every_event_that_has_it() -> None:
    event = events_of(CALL, [RECORD], constants={"site_id": "5", "talk_ms": "5", "void": "true"})[0]
    assert (event["site_id"], event["talk_ms"], event["void"]) == ("5", 5, True)


def test_set_path_changes_where_a_field_comes_from_and_its_other_keys_stay() -> None:
    mapping = with_field("debtor_id", "{path: x, none: [nobody]}")
    records = [RECORD | {"y": {"z": "D"}}, RECORD | {"y": {"z": "nobody"}}]
    assert [e.get("debtor_id") for e in events_of(mapping, records, paths={"debtor_id": "y.z"})] == ["D", None]
    assert events_of(mapping, [RECORD | {"a": "ann"}], paths={"agent_id": "a"})[0]["agent_id"] == "ann"


def test_set_map_adds_to_every_map_of_a_field() -> None:
    mapping = with_field("outcome", "{path: o, map: {A: human, B: busy}}")
    events = events_of(mapping, [RECORD | {"o": o} for o in "ABC"], results={"outcome": {"C": "failed", "B": "human"}})
    assert [e["outcome"] for e in events] == ["human", "human", "failed"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"constants": {"nope": "1"}}, "m.yaml: set nope: no event of the mapping has a field nope"),
        ({"constants": {"talk_ms": "x"}}, "m.yaml: set talk_ms: 'x' is no whole number"),
        ({"results": {"outcome": {"A": "human"}}}, "m.yaml: set-map outcome: no event has a map of outcome"),
        ({"paths": {"agent_id": "a..b"}}, "m.yaml: events[0].fields.agent_id.path: 'a..b' is no JMESPath"),
        ({"zone": "Mars/Base"}, "m.yaml: input.zone: there is no time zone 'Mars/Base'"),
        ({"revision": 1000}, "m.yaml: revision: 1000 is not 0-999"),
    ],
)
def test_a_setting_that_does_not_fit_is_an_error_of_the_mapping(settings: Any, said: str) -> None:
    from stream.feeds.adjustment import Adjustments

    with pytest.raises(MappingError) as error:
        load(CALL, "m.yaml", Adjustments(**settings))
    assert str(error.value).startswith(said)


def test_a_result_against_the_contract_is_one_too() -> None:
    from stream.feeds.adjustment import Adjustments

    mapping = with_field("outcome", "{path: o, map: {A: human}}")
    with pytest.raises(MappingError, match=r"m\.yaml: set-map outcome.B: 'lost' is none of"):
        load(mapping, "m.yaml", Adjustments(results={"outcome": {"B": "lost"}}))


def test_a_run_takes_any_bytes() -> None:
    run = FeedRun(load(CALL, "m.yaml"))
    from stream.feeds.given import RecordPlace

    for at, value in enumerate(
        [b"\x00", b"\xed\xa0\x80", b'{"id":"\\ud800","start":1,"end":1}', b"[[[]]]", b"[" * 9999]
    ):
        run.take(RecordPlace("in", at), value)
    events, refused = run.drain()
    assert not events
    assert len(refused) == 5
