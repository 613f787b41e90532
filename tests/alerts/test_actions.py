"""What people say about alerts, read from the topic, and what stands of it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.alerts.action import encode_action, made_action, read_action
from stream.alerts.handling import UNTOUCHED, Handling, Handlings, covering
from stream.facts.instant import instant_ms

AT = "2026-11-02T01:00:00Z"


class Alert(NamedTuple):
    rule: str = "low"
    site: str = "main"
    level: str = "team"
    entity: str = "t-3"
    severity: str = "warning"


def said(action: str, id_: str = "9f2c", at: str = AT, **more: Any) -> tuple[bytes, bytes]:
    body = {"action": action, "id": id_, "by": "Li", "at": at} | more
    return id_.encode(), orjson.dumps(body)


def silenced(
    match: Any = None, id_: str = "s-1", until: str = "2026-11-02T03:00:00Z", **more: Any
) -> tuple[bytes, bytes]:
    return said("silence", id_, until=until, match={"rule": "low"} if match is None else match, **more)


def handled(*records: tuple[bytes | None, bytes | None]) -> Handlings:
    found = Handlings()
    for key, value in records:
        found.put(key, value)
    return found


def test_who_said_it_last_has_the_alert() -> None:
    first, second = said("ack", note="looking"), said("ack", at="2026-11-02T01:05:00Z", by="Wang")
    assert handled(first).of("9f2c") == Handling("Li", instant_ms(AT), "looking")
    assert handled(first, second).of("9f2c") == Handling("Wang", instant_ms("2026-11-02T01:05:00Z"))
    assert handled(second, first, said("unack")).of("9f2c") == UNTOUCHED
    assert handled(first).of("77aa") == UNTOUCHED


def test_a_judgement_stands_beside_who_has_it_and_the_last_one_counts() -> None:
    ack, true, false = said("ack"), said("judge", true_alarm=True), said("judge", true_alarm=False, by="Wang")
    found = handled(true, ack, false).of("9f2c")
    assert (found.by, found.true_alarm, found.judged_by) == ("Li", False, "Wang")
    assert handled(ack, true, said("unack")).of("9f2c").true_alarm is True


def test_a_silence_is_in_force_from_its_beginning_until_just_before_its_end() -> None:
    of = handled(silenced(**{"from": "2026-11-02T02:00:00Z"}))
    at = ["01:59:59.999", "02:00:00", "02:59:59.999", "03:00:00"]
    in_force = [bool(of.silences(instant_ms(f"2026-11-02T{time}Z"))) for time in at]
    assert in_force == [False, True, True, False]
    assert [each.id for each in of.silences(instant_ms(AT), to_come=True)] == ["s-1"]


def test_a_silence_without_a_beginning_begins_when_it_is_said() -> None:
    of = handled(silenced())
    assert [bool(of.silences(instant_ms(at))) for at in ("2026-11-02T00:59:59Z", AT)] == [False, True]


def test_a_silence_that_is_taken_back_ends_there_and_may_be_said_again() -> None:
    later, now = "2026-11-02T02:00:00Z", instant_ms("2026-11-02T02:30:00Z")
    assert not handled(silenced(), said("unsilence", "s-1", later)).silences(now)
    assert handled(silenced(), said("unsilence", "s-1", later)).silences(instant_ms(later) - 1)
    assert handled(silenced(), said("unsilence", "s-1", later), silenced(at=later)).silences(now)
    assert not handled(silenced(**{"from": later}), said("unsilence", "s-1", AT)).silences(now, to_come=True)


@pytest.mark.parametrize(
    ("match", "covers"),
    [
        ({"rule": "low"}, True),
        ({"rule": "lo"}, False),
        ({"site": "main", "level": "team", "entity": "t-3", "severity": "warning"}, True),
        ({"site": "main", "entity": "t-4"}, False),
        ({"severity": "critical"}, False),
        ({"level": "site"}, False),
    ],
)
def test_a_silence_is_about_what_agrees_with_all_that_it_names(match: dict[str, str], covers: bool) -> None:
    of = handled(silenced(match)).silences(instant_ms(AT))
    assert (covering(of, Alert()) is not None) == covers


def test_a_silence_of_a_rule_is_one_of_all_its_severities() -> None:
    of = handled(silenced({"rule": "low"})).silences(instant_ms(AT))
    assert covering(of, Alert(rule="low.warning"))
    assert not covering(of, Alert(rule="low.warning", severity="critical"))
    one = handled(silenced({"rule": "low.warning"})).silences(instant_ms(AT))
    assert covering(one, Alert(rule="low.warning"))
    assert not covering(one, Alert(rule="low.critical", severity="critical"))


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ((b"9f2c", None), "JSON"),
        ((b"9f2c", b"[]"), "object"),
        (said("shout"), "^action: should be one of ack, unack, judge, silence, unsilence$"),
        ((b"9f2c", b"{}"), "^action: is required$"),
        ((b"other", said("ack")[1]), "the key is not the id"),
        ((None, said("ack")[1]), "the key is not the id"),
        (said("ack", at="yesterday"), "at: "),
        (said("ack", by="a|b"), "by: "),
        (said("judge"), "^true_alarm: is required$"),
        (said("judge", true_alarm="yes"), "^true_alarm: should be true or false$"),
        (said("ack", by=7), "^by: should be text$"),
        (said("ack", by=""), "^by: may not be empty$"),
        (said("ack", note="x" * 2_001), "^note: may have 2000 characters at most$"),
        (silenced({}), "names nothing"),
        (silenced({"team": "t-3"}), r"^match.team: unknown key \(there are rule, site, level, entity, severity\)$"),
        (silenced({"level": "floor"}), "^match.level: should be one of agent, team, queue, segment or site$"),
        (silenced(until=AT), "until must be after from"),
        (said("silence", "s-1", match={"rule": "low"}), "until"),
    ],
)
def test_what_is_no_action_says_why_and_is_counted_and_changes_nothing(
    record: tuple[bytes | None, bytes | None], why: str
) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        read_action(*record)
    assert "\n" not in str(refused.value)
    of = handled(said("ack"), silenced(), record)
    assert of.wrong == 1
    assert of.of("9f2c").by == "Li"
    assert [each.id for each in of.silences(instant_ms(AT))] == ["s-1"]


@given(st.one_of(st.none(), st.binary(max_size=40)), st.one_of(st.none(), st.binary(max_size=200)))
def test_no_record_stops_a_reader(key: bytes | None, value: bytes | None) -> None:
    assert handled((key, value)).wrong == 1


def test_fields_that_nobody_knows_are_ignored() -> None:
    assert handled(said("ack", ticket="OPS-1")).of("9f2c").by == "Li"


@pytest.mark.parametrize("record", [said("ack"), said("unack"), said("judge", true_alarm=False), silenced(note="变更")])
def test_what_is_written_is_read_as_it_was_said(record: tuple[bytes, bytes]) -> None:
    action = made_action(orjson.loads(record[1]))
    key, value = encode_action(action)
    assert read_action(key, value) == action
    assert orjson.loads(value) == orjson.loads(record[1]) | {"note": action.note}


def test_a_record_of_another_time_reads_the_same_in_any_zone() -> None:
    read: Callable[[str], int | None] = lambda at: handled(said("ack", at=at)).of("9f2c").since_ms  # noqa: E731
    assert read("2026-11-02T09:00:00+08:00") == read(AT)
