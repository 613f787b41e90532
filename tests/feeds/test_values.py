"""Value descriptions (feeds 3): each sentence of the page, and each row of its table."""

from __future__ import annotations

from typing import Any

import pytest

from tests.feeds.runs import CALL, RECORD, events_of, refusals_of, with_field

PAID = """
feed: bank
input: {format: json}
events:
  - type: payment
    fields:
      payment_id: id
      debtor_id: {value: d}
      occurred_on: {path: on, as: date}
      amount_minor: {path: amount, as: minor, currency: CURRENCY}
      currency: {path: ccy, default: EUR}
"""


def got(described: str, value: Any, field: str = "agent_id", **more: Any) -> Any:
    """What a field is, described so, of a record with this value at `x`; None where it is left out."""
    return events_of(with_field(field, described), [RECORD | {"x": value} | more])[0].get(field)


def refused(described: str, value: Any, field: str = "agent_id", **more: Any) -> str:
    (detail,) = refusals_of(with_field(field, described), [RECORD | {"x": value} | more])
    return detail


def at(described: str, value: Any, **more: Any) -> Any:
    return got(described, value, "occurred_at", **more)


def test_a_text_is_a_path_and_several_paths_give_the_first_that_is_not_nothing() -> None:
    assert got("x", "ann") == "ann"
    assert got("{path: [y, x]}", "ann") == "ann"
    assert got("{path: [x, y], none: [nobody]}", "nobody", y="bob") == "bob"
    assert got("{path: [x, y], none: [nobody]}", "nobody", y="nobody") is None


def test_none_compares_texts_as_the_file_has_them() -> None:
    for value, nothing in ((0, True), ("0", True), ("NO", True), (True, True), (None, True), ("00", False)):
        assert (got("{path: x, none: [0, NO, true, null, ''], as: text}", value) is None) is nothing
    assert got("{path: x, none: [null, '']}", "null") is None
    assert got("{path: x, none: [null, '']}", "") is None
    assert got("{path: x, none: [007]}", "007") is None


def test_url_is_done_before_none_match_and_map() -> None:
    assert got("{path: x, as: url, none: ['a b']}", "a%20b") is None
    assert got("{path: x, as: [url, last_segment]}", "q%2Fone") == "one"
    assert got("{path: x, as: url, match: '@(.+)'}", "a%40b") == "b"
    assert got("{path: x, as: url}", "a+b") == "a+b"


def test_match_gives_group_one_of_what_it_finds_anywhere() -> None:
    assert got("{path: x, match: '^(?:SIP/)?([^@]+)'}", "SIP/201@queue") == "201"
    assert got("{path: x, match: '/(.)'}", "a/bc") == "b"


@pytest.mark.parametrize("value", ["nothing here", 5, True, ["/a"], "/" * 1001])
def test_what_match_does_not_find_is_no_text_or_too_long_is_nothing(value: Any) -> None:
    assert got("{path: x, match: '/(a|/)', default: dflt}", value) == "dflt"


def test_a_map_compares_its_keys_as_text_and_else_is_never_for_nothing() -> None:
    outcome = (
        "{path: x, map: {ANSWER: human, NO: no_answer, 486: busy, 007: machine, true: callback}, else: failed, "
        "default: abandoned}"
    )
    for value, wanted in (("ANSWER", "human"), ("NO", "no_answer"), (486, "busy"), ("486", "busy"), ("007", "machine"),
                          (7, "failed"), (True, "callback"), ("?", "failed"), (None, "abandoned")):  # fmt: skip
        assert got(outcome, value, "outcome") == wanted


def test_a_value_that_a_map_without_else_lacks_refuses_the_record() -> None:
    assert refused("{path: x, map: {A: human, B: busy}}", "C", "outcome") == "outcome: 'C' is not in its map (A, B)"


def test_conversions_go_from_left_to_right() -> None:
    assert got("{path: x, as: [last_segment, lower]}", "arn:aws:connect/AGENT") == "agent"
    assert got("{path: x, as: [lower, last_segment]}", 5) == "5"


def test_default_is_given_unconverted_where_nothing_is_there_and_else_the_field_is_left_out() -> None:
    assert got("{path: x, as: hms, default: 7}", None, "talk_ms") == 7
    assert got("{path: x, as: hms}", None, "talk_ms") is None


@pytest.mark.parametrize(
    ("described", "value", "wanted"),
    [
        ("text", 5, "5"),
        ("text", 1.5, "1.5"),
        ("text", "a", "a"),
        ("lower", "ABc", "abc"),
        ("url", "a%C3%A9", "aé"),
        ("last_segment", "a/b:c", "c"),
        ("last_segment", "a:b/c", "c"),
        ("last_segment", "abc", "abc"),
    ],
)
def test_texts(described: str, value: Any, wanted: str) -> None:
    assert got(f"{{path: x, as: {described}}}", value) == wanted


@pytest.mark.parametrize(
    ("described", "value", "wanted"),
    [
        ("integer", "12", 12),
        ("integer", "+12", 12),
        ("integer", 12, 12),
        ("seconds", "1.2345", 1234),
        ("seconds", 2, 2000),
        ("seconds", 0.0019, 1),
        ("minutes", "1.5", 90_000),
        ("milliseconds", "12.9", 12),
        ("hms", "01:05", 65_000),
        ("hms", "00:01:05", 65_000),
        ("hms", "123:00:01", 442_801_000),
        ("hms", "1:00:00.5", 3_600_500),
    ],
)
def test_numbers_and_lengths(described: str, value: Any, wanted: int) -> None:
    assert got(f"{{path: x, as: {described}}}", value, "talk_ms") == wanted


@pytest.mark.parametrize(
    "value", ["1_000", "1e3", "1,000", "\u0661\u0662", " 1", "", "abc", "1.2.3", True, [1], "\u0663.\u0665"]
)
@pytest.mark.parametrize("described", ["seconds", "milliseconds", "integer", "minutes"])
def test_numbers_in_texts_are_ascii_digits_with_sign_and_point(described: str, value: Any) -> None:
    assert refused(f"{{path: x, as: {described}}}", value, "talk_ms").startswith("talk_ms: ")


@pytest.mark.parametrize(("described", "value"), [("seconds", "-1"), ("seconds", -0.0001), ("milliseconds", -5)])
def test_a_length_below_0_is_refused(described: str, value: Any) -> None:
    assert "below 0" in refused(f"{{path: x, as: {described}}}", value, "talk_ms")


@pytest.mark.parametrize("value", ["1:60", "61:00:61", "12", "1:2:3:4", 65, "a:b", "-1:00", "1:60:00"])
def test_hms_is_minutes_and_seconds_or_hours_too(value: Any) -> None:
    assert "mm:ss or hh:mm:ss" in refused("{path: x, as: hms}", value, "talk_ms")


@pytest.mark.parametrize(
    ("value", "wanted"),
    [("true", True), ("YES", True), ("1", True), (1, True), (True, True), ("False", False), ("no", False), (0, False)],
)
def test_booleans(value: Any, wanted: bool) -> None:
    assert got("{path: x, as: boolean}", value, "recorded") is wanted
    assert refused("{path: x, as: boolean}", "maybe", "recorded") == (
        "recorded: 'maybe' is none of true, false, yes, no, 1, 0"
    )


@pytest.mark.parametrize(
    ("described", "value", "wanted"),
    [
        ("epoch_s", "1792000000", "2026-10-14T17:46:40Z"),
        ("epoch_s", 1792000000.9999, "2026-10-14T17:46:40.999Z"),
        ("epoch_ms", 1792000000123, "2026-10-14T17:46:40.123Z"),
        ("epoch_us", "1792000000123999", "2026-10-14T17:46:40.123Z"),
        ("rfc3339", "2026-11-02T09:00:00.1239+01:00", "2026-11-02T08:00:00.123Z"),
        ("rfc2822", "Fri, 02 Nov 2018 10:52:29 +0100", "2018-11-02T09:52:29Z"),
        ("rfc2822", "2 Nov 2018 10:52 GMT", "2018-11-02T10:52:00Z"),
        ("iso", "2026-11-02T09:00:00+01:00", "2026-11-02T08:00:00Z"),
        ("iso", "2026-11-02 09:00:00+0100", "2026-11-02T08:00:00Z"),
        ("iso", "2026-11-02T09:00:00+01", "2026-11-02T08:00:00Z"),
        ("iso", "2026-11-02T09:00:00,5Z", "2026-11-02T09:00:00.500Z"),
        ("iso", "2026-11-02T09:00Z", "2026-11-02T09:00:00Z"),
    ],
)
def test_instants(described: str, value: Any, wanted: str) -> None:
    assert at(f"{{path: x, as: {described}}}", value) == wanted


@pytest.mark.parametrize("value", [0, "0", "0.0", "000"])
def test_an_epoch_of_0_is_nothing(value: Any) -> None:
    assert at("{path: x, as: epoch_s, default: '2026-11-02T09:00:00Z'}", value) == "2026-11-02T09:00:00Z"


def test_an_iso_time_without_offset_is_in_the_zone_and_refused_without_one() -> None:
    assert at("{path: x, as: iso, zone: Europe/Lisbon}", "2026-07-02T09:00:00") == "2026-07-02T08:00:00Z"
    assert "has no offset: which zone is it in?" in refused("{path: x, as: iso}", "2026-07-02T09:00:00", "occurred_at")


def test_the_zone_of_the_field_goes_before_that_of_the_input() -> None:
    mapping = with_field("occurred_at", "{path: x, as: iso, zone: Asia/Tokyo}").replace(
        "{format: json}", "{format: json, zone: Europe/Lisbon}"
    )
    assert events_of(mapping, [RECORD | {"x": "2026-07-02T09:00:00"}])[0]["occurred_at"] == "2026-07-02T00:00:00Z"


def test_a_local_time_has_a_format_with_english_names() -> None:
    described = '{path: x, as: local, format: "%a, %d %b %Y %H:%M:%S", zone: America/Los_Angeles}'
    assert at(described, "Thu, 27 Oct 2016 14:51:34") == "2016-10-27T21:51:34Z"
    assert refused(described, "27/10/2016", "occurred_at").startswith(
        "occurred_at: '27/10/2016' is no time of the form"
    )
    assert at('{path: x, as: local, format: "%Y-%m-%d %H:%M:%S %z"}', "2026-07-02 09:00:00 +0200") == (
        "2026-07-02T07:00:00Z"
    )


def test_a_skipped_local_time_has_the_offset_before_the_change_and_a_double_one_is_the_first() -> None:
    described = '{path: x, as: local, format: "%Y-%m-%d %H:%M", zone: Europe/Lisbon}'
    assert at(described, "2026-03-29 01:30") == "2026-03-29T01:30:00Z"
    assert at(described, "2026-10-25 01:30") == "2026-10-25T00:30:00Z"


def test_an_instant_field_without_conversion_is_read_as_iso() -> None:
    assert at("x", "2026-11-02 09:00+0100") == "2026-11-02T08:00:00Z"
    assert "it looks like `as: epoch_ms`" in refused("x", 1792000000123, "occurred_at")


def test_plus_and_minus_calculate_with_instants_and_lengths() -> None:
    assert at("{path: x, as: epoch_s, plus: {path: y, as: seconds}, minus: [{path: z, as: hms}]}", 1792000000, y=60,
              z="00:30") == "2026-10-14T17:47:10Z"  # fmt: skip
    length = "{path: x, as: epoch_s, minus: {path: y, as: epoch_s}}"
    assert got(length, 1792000060, "queue_ms", y=1792000000) == 60_000
    assert got("{path: x, as: hms, minus: {path: y, as: hms, default: 0}}", "01:00", "talk_ms") == 60_000


def test_if_one_part_is_nothing_all_is_nothing() -> None:
    length = "{path: x, as: epoch_s, minus: {path: y, as: epoch_s}, default: 5}"
    assert got(length, 1792000060, "queue_ms") == 5
    assert got(length, 0, "queue_ms", y=1792000000) == 5


def test_a_difference_below_0_is_refused_with_its_value() -> None:
    detail = refused("{path: x, as: epoch_s, minus: {path: y, as: epoch_s}}", "1792000000", "queue_ms", y=1792000009)
    assert detail.startswith("queue_ms: '1792000000' with plus and minus is -9000 ms, below 0")


def test_an_instant_in_version_is_its_milliseconds_since_the_epoch() -> None:
    assert got("{path: x, as: iso}", "2026-11-02T09:00:00.5Z", "version") == 1793610000500


def test_a_value_without_conversion_goes_in_as_it_is() -> None:
    assert got("x", 12, "talk_ms") == 12
    assert refused("x", 12) == "agent_id: 12 is no text"
    assert refused("x", "12", "talk_ms").startswith("talk_ms: '12' is no whole number")


def paid(currency: str, amount: Any, ccy: str = "EUR", on: str = "2026-11-02") -> Any:
    (event,) = events_of(PAID.replace("CURRENCY", currency), [{"id": "p", "on": on, "amount": amount, "ccy": ccy}])
    return event["amount_minor"]


@pytest.mark.parametrize(
    ("amount", "ccy", "wanted"),
    [("12.34", "EUR", 1234), ("12", "EUR", 1200), (12.3, "EUR", 1230), ("12", "JPY", 12), ("20.00", "JPY", 20),
     (100.0, "JPY", 100), ("1.234", "KWD", 1234), (0.07, "EUR", 7), ("+5.5", "EUR", 550)],
)  # fmt: skip
def test_minor_units_have_the_exponent_of_the_currency(amount: Any, ccy: str, wanted: int) -> None:
    assert paid("ccy", amount, ccy) == wanted
    assert paid("{path: ccy}", amount, ccy) == wanted


def test_the_currency_is_a_constant_or_the_events_own() -> None:
    assert paid("JPY", "5", "EUR") == 5
    own = PAID.replace(", currency: CURRENCY", "")
    assert events_of(own, [{"id": "p", "on": "2026-11-02", "amount": "5", "ccy": "JPY"}])[0]["amount_minor"] == 5


@pytest.mark.parametrize("amount", ["10.505", "1,000.00", "1e3", "", "ten", "1 000"])
def test_more_places_and_what_is_no_plain_number_are_refused(amount: str) -> None:
    record = {"id": "p", "on": "2026-11-02", "amount": amount}
    assert refusals_of(PAID.replace("CURRENCY", "EUR"), [record])[0].startswith("amount_minor: ")


def test_a_decimal_comma_reads_points_between_thousands() -> None:
    mapping = PAID.replace("currency: CURRENCY", "currency: EUR, decimal: ','")
    record = {"id": "p", "on": "2026-11-02"}
    for amount, wanted in (("1.234,56", 123456), ("1234,5", 123450), ("7", 700), ("-1.234,56", None), ("12.34", None)):
        if wanted is None:
            assert refusals_of(mapping, [record | {"amount": amount}])[0].startswith("amount_minor: ")
        else:
            assert events_of(mapping, [record | {"amount": amount}])[0]["amount_minor"] == wanted


def test_a_date_is_iso_or_has_a_format() -> None:
    mapping = PAID.replace("CURRENCY", "EUR")
    formatted = mapping.replace("as: date", "as: date, format: '%d.%m.%Y'")
    record = {"id": "p", "amount": "5"}
    assert events_of(formatted, [record | {"on": "02.11.2026"}])[0]["occurred_on"] == "2026-11-02"
    assert refusals_of(mapping, [record | {"on": "2026-02-30"}, record | {"on": "02.11.2026"}]) == [
        "occurred_on: '2026-02-30' is no day that there is",
        "occurred_on: '02.11.2026' is no date YYYY-MM-DD",
    ]


def test_a_field_that_is_missing_is_named() -> None:
    assert refusals_of(CALL, [{"start": 1792000000, "end": 1792000000}]) == ["call_id: is missing"]
