"""Contract 1, the door: which values are events. A hand-written table, and every field against every odd value."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stream.facts.decode import Rejection, decode
from tests.oracle.reading import Rejected, read_event
from tests.worlds.spellings import (
    BAD_DATES,
    BAD_IDS,
    BAD_INSTANTS,
    GOOD_DATES,
    GOOD_IDS,
    GOOD_INSTANTS,
    MALFORMED,
    NO_INTEGERS,
    ODD,
)
from tests.worlds.valid import IGNORED, OWN, REQUIRED, full

KINDS = sorted(OWN)
INSTANT_FIELDS = [
    (kind, name)
    for kind in KINDS
    for name in ("ended_at", "received_at", "closed_at", "from", "until")
    if name in OWN[kind]
]


def reason(event: Any) -> str:
    """`ok`, or the reason of the rejection; a rejection must say something."""
    value = event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode()
    outcome = decode(value)
    if isinstance(outcome, Rejection):
        assert outcome.detail
        return outcome.reason
    return "ok"


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_event_is_read(kind: str) -> None:
    assert reason(full(kind)) == "ok"


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_or_null_field_is_refused_where_it_is_required_and_only_there(kind: str) -> None:
    event = full(kind)
    required = REQUIRED[kind] | {"type", "event_id", "occurred_at"}
    for name in event:
        needed = name in required or (name == "debtor_id" and kind not in IGNORED)  # the case_id is there
        needed = needed or (name == "currency" and kind == "case")  # overdue_minor is not 0
        without = {key: value for key, value in event.items() if key != name}
        assert reason(without) == ("invalid" if needed else "ok"), name
        assert reason(event | {name: None}) == ("invalid" if needed else "ok"), name


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_required_fields_are_enough(kind: str) -> None:
    needed = (
        REQUIRED[kind] | {"type", "event_id", "occurred_at"} | ({"debtor_id"} if "case_id" in REQUIRED[kind] else set())
    )
    assert reason({name: value for name, value in full(kind).items() if name in needed}) == "ok"


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_fields_are_ignored(kind: str) -> None:
    odd = {"x": 1.5, "": None, "deep": [[{"a": [1e308, -0.0, 10**30]}]], "note": "a|b\n\u0000"}
    assert reason(full(kind) | odd) == "ok"


@pytest.mark.parametrize("value", MALFORMED)
def test_what_is_not_json_is_malformed(value: bytes) -> None:
    assert reason(value) == "malformed"


@pytest.mark.parametrize(
    "value",
    [
        b"[]",
        b"null",
        b"true",
        b"7",
        b'"text"',
        b"{}",
        b'{"type":"nope"}',
        b'{"type":7}',
        b'{"type":null}',
        b'{"type":"Call"}',
    ],
)
def test_json_that_is_no_event_is_invalid(value: bytes) -> None:
    assert reason(value) == "invalid"


def test_not_a_number_within_a_whole_event_is_malformed() -> None:
    text = json.dumps(full("survey"))
    for number in ("NaN", "Infinity", "-Infinity"):
        assert reason((text[:-1] + f', "x": {number}}}').encode()) == "malformed"
        assert reason(text.replace('"score": 5', f'"score": {number}').encode()) == "malformed"


def test_white_space_around_the_object_is_json() -> None:
    assert reason(b" \t\r\n" + json.dumps(full("call"), indent=1).encode() + b"\r\n ") == "ok"


def refuses(kind: str, name: str, *values: Any) -> None:
    for value in values:
        assert reason(full(kind, **{name: value})) == "invalid", (kind, name, value)


def reads(kind: str, name: str, *values: Any) -> None:
    for value in values:
        assert reason(full(kind, **{name: value})) == "ok", (kind, name, value)


@pytest.mark.parametrize("kind", KINDS)
def test_identifiers_are_up_to_256_printable_characters_without_the_bar_or_outer_spaces(kind: str) -> None:
    for name in (name for name in full(kind) if name.endswith("_id") and name not in IGNORED.get(kind, ())):
        reads(kind, name, *GOOD_IDS)
        refuses(kind, name, *BAD_IDS, 7, 1.5, True, [], ["x"], {})


def test_an_escaped_identifier_is_the_same_identifier() -> None:
    text = json.dumps(full("survey", survey_id="KEEP"))
    assert reason(text.replace("KEEP", r"caf\u00e9").encode()) == "ok"
    for escape in (r"\u0000", r"\n", r"\u007c", r"\u200b", r"\u00a0"):
        assert reason(text.replace("KEEP", f"a{escape}b").encode()) == "invalid", escape


@pytest.mark.parametrize(("kind", "name"), [("visit", "occurred_at"), ("call", "occurred_at"), *INSTANT_FIELDS])
def test_instants_are_rfc_3339_with_an_offset_in_1980_to_2199(kind: str, name: str) -> None:
    reads(kind, name, *GOOD_INSTANTS)
    refuses(kind, name, *BAD_INSTANTS, 1788341400000, 1.5, True, [], {})


def test_dates_are_ten_characters_and_real() -> None:
    for day in GOOD_DATES:
        reads("legal_step", "due_on", day)
        reads("promise", "instalments", [{"due_on": day, "amount_minor": 1}])
    for day in BAD_DATES:
        refuses("legal_step", "due_on", day)
        refuses("promise", "instalments", [{"due_on": day, "amount_minor": 1}])


def integer_fields() -> list[tuple[str, str]]:
    numbers = [(k, n) for k in KINDS for n, v in OWN[k].items() if isinstance(v, int) and not isinstance(v, bool)]
    return [*numbers, *((kind, "version") for kind in KINDS)]


def number(kind: str, name: str, text: str) -> bytes:
    """The full event with the literal `text` as its field `name`."""
    return json.dumps(full(kind, **{name: "HERE"})).replace('"HERE"', text).encode()


@pytest.mark.parametrize(("kind", "name"), integer_fields())
def test_an_integer_has_no_fraction_or_exponent_and_lies_below_two_to_the_53(kind: str, name: str) -> None:
    for text in NO_INTEGERS:
        assert reason(number(kind, name, text)) == "invalid", text
    least_one = dict.fromkeys(("amount_minor", "denominator", "version"), (1, 2**53 - 1))
    free = dict.fromkeys(("dpd", "numerator"), (-(2**53) + 1, 2**53 - 1))
    bounds = {"score": (1, 5) if kind == "survey" else (0, 100)} | least_one | free
    low, high = bounds.get(name, (0, 2**53 - 1))
    reads(kind, name, low, high)
    refuses(kind, name, low - 1, high + 1)


def test_words_are_exact() -> None:
    for kind in KINDS:
        for name in (
            "direction",
            "outcome",
            "party",
            "channel",
            "status",
            "change",
            "kind",
            "state",
            "level",
            "period",
        ):
            if name in OWN[kind]:
                word = OWN[kind][name]
                refuses(kind, name, "", "nope", f" {word}", f"{word} ", word.upper(), word.title(), 7, True, [])


def test_booleans_are_true_or_false() -> None:
    for kind in KINDS:
        for name in ("void", *(name for name, value in OWN[kind].items() if isinstance(value, bool))):
            refuses(kind, name, 0, 1, "true", "", [], 1.0)


def test_a_currency_is_three_capital_letters() -> None:
    for kind in ("payment", "payment_reversal", "promise", "case"):
        reads(kind, "currency", "XTS")
        refuses(
            kind, "currency", "cny", "CN", "CNYY", "C1Y", "", "\uff23\uff2e\uff39", "CNY ", "CNY\n", "ÄÖÜ", 156, True
        )


def test_an_overdue_amount_needs_its_currency_unless_it_is_zero() -> None:
    assert reason(full("case", overdue_minor=0, currency=None)) == "ok"
    assert reason(full("case", overdue_minor=1, currency=None)) == "invalid"
    assert reason(full("case", overdue_minor=None, currency=None)) == "ok"


def test_a_promise_has_1_to_60_instalments() -> None:
    part = {"due_on": "2026-11-05", "amount_minor": 1}
    reads("promise", "instalments", [part] * 60, [{**part, "extra": 1.5, "note": None}])
    refuses("promise", "instalments", [], [part] * 61, part, "x", 7, [7], [None], [[]], [{}])
    refuses("promise", "instalments", [part, {"due_on": "2026-11-05"}], [part, {"amount_minor": 1}])
    refuses("promise", "instalments", *([{**part, "amount_minor": n}] for n in (0, -1, 1.0, "1", None, True, 2**53)))


def test_quiet_hours_are_two_times_of_day() -> None:
    reads("restriction", "hours", ["00:00", "23:59"], ["09:05", "09:05"])
    refuses("restriction", "hours", [], ["22:00"], ["22:00", "08:00", "09:00"], ["22", "08"], ["2:00", "08:00"], {})
    refuses("restriction", "hours", ["22:60", "08:00"], "22:00-08:00", [22, 8], ["22:00:00", "08:00"])


def test_a_debtor_zone_is_any_text_of_64_printable_characters() -> None:
    reads(
        "case", "debtor_zone", "Asia/Shanghai", "UTC", "Mars/Base", "asia/shanghai", "Asia", "+08:00", "a|b", "x" * 64
    )
    refuses("case", "debtor_zone", "", "x" * 65, "a\tb", 8, [])


def test_a_state_has_a_reason_in_the_sites_own_word() -> None:
    reads("agent_state", "reason", "lunch", "午饭 | 茶", "x" * 64)
    refuses("agent_state", "reason", "", "x" * 65, "a\tb", 8, True, [])


@pytest.mark.parametrize("kind", ["payment", "payment_reversal"])
def test_money_has_an_instant_or_a_date_but_not_both(kind: str) -> None:
    dated = full(kind, occurred_at=None)
    assert reason(dated | {"occurred_on": "2026-11-05"}) == "ok"
    assert reason(dated) == "invalid"
    assert reason(full(kind, occurred_on="2026-11-05")) == "invalid"
    for day in BAD_DATES:
        assert reason(dated | {"occurred_on": day}) == "invalid", day


def test_only_money_has_a_date_instead_of_an_instant() -> None:
    for kind in set(KINDS) - {"payment", "payment_reversal"}:
        assert reason(full(kind, occurred_at=None, occurred_on="2026-11-05")) == "invalid", kind
        assert reason(full(kind, occurred_on="nonsense")) == "ok", kind


def test_a_payment_needs_no_case_but_a_debtor() -> None:
    assert reason(full("payment", case_id=None)) == "ok"
    assert reason(full("payment", case_id=None, debtor_id=None)) == "invalid"


def test_a_restriction_has_what_its_kind_is_about() -> None:
    assert reason(full("restriction", kind="quiet_hours", hours=None)) == "invalid"
    assert reason(full("restriction", kind="wrong_number", number_id=None)) == "invalid"
    assert reason(full("restriction", kind="wrong_number", hours=None)) == "ok"
    assert reason(full("restriction", kind="consent", hours=None, number_id=None)) == "ok"


def test_a_measurement_begins_its_period() -> None:
    for period, good, bad in (
        ("day", "2026-11-05", "2026-11-31"),
        ("month", "2026-11-01", "2026-11-02"),
        ("quarter", "2026-10-01", "2026-11-01"),
        ("quarter", "2026-01-01", "2026-01-02"),
    ):
        assert reason(full("measurement", period=period, period_start=good)) == "ok", (period, good)
        assert reason(full("measurement", period=period, period_start=bad)) == "invalid", (period, bad)
    reads("measurement", "indicator", "a", "rank_7", "_", "x" * 64)
    refuses("measurement", "indicator", "", "A", "a-b", "a b", "é", "x" * 65, 7)


def test_what_a_type_ignores_may_hold_anything() -> None:
    for kind, names in IGNORED.items():
        for name in names:
            reads(kind, name, None, "", "|", 7, [])


def test_a_frame_and_a_cloud_event_are_unwrapped_once() -> None:
    event = json.dumps(full("call")).encode()
    cloud = b'{"specversion":"1.0","id":"9","source":"/pbx","type":"x","data":' + event + b"}"
    assert reason(event) == reason(b"\x00\x00\x00\x00\x2a" + event) == reason(cloud) == "ok"
    assert reason(b'{"specversion":"1.0","data":' + cloud + b"}") == "invalid"
    assert reason(b"\x00\x00\x00\x00\x2a" * 2 + event) == "malformed"
    assert reason(b"[" + cloud + b"]") == "invalid"
    assert reason(json.dumps(event.decode())) == "invalid"
    assert reason(json.dumps({"specversion": "1.0", "data": event.decode(), "type": "call"}).encode()) == "invalid"
    assert reason(json.dumps({"specversion": "1.0", "data_base64": "e30=", "type": "call"}).encode()) == "invalid"
    assert reason(b"\x00\x00\x00\x00\x2a\x02\x06foo\x10") == "malformed"
    assert reason(b"\x00\x00\x00\x00\x2a\x00\x0a\x03foo") == "malformed"


def test_a_site_that_is_absent_is_main() -> None:
    fact = decode(json.dumps(full("survey", site_id=None)).encode())
    assert not isinstance(fact, Rejection)
    assert fact.site_id == "main"


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_with_every_odd_value_is_judged_as_the_oracle_judges_it(kind: str) -> None:
    for name in full(kind):
        for value in ODD:
            for alone in (False, True):
                event = (
                    {"type": kind, "event_id": "e", "occurred_at": "2026-11-02T00:00:00Z", name: value}
                    if alone
                    else full(kind, **{name: value})
                )
                line = json.dumps(event).encode()
                judged = read_event(line)
                expected = judged.reason if isinstance(judged, Rejected) else "ok"
                assert reason(line) == expected, (name, value, judged)
