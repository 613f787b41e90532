"""What a mapping says of its input (feeds 1): each sentence of the page."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from stream.feeds.loading import MappingError, load
from tests.feeds.runs import CALL, RECORD, events_of, refusals_of, results, with_field

ROWS = """
feed: rows
input: {INPUT}
events:
  - type: case
    fields:
      case_id: case
      debtor_id: debtor
      occurred_at: {path: at, as: epoch_s}
      change: {value: placed}
      portfolio_id: {path: book, none: [none]}
"""


def rows(given: str) -> str:
    return ROWS.replace("INPUT", given)


def of(mapping: str, lines: Sequence[object]) -> list[tuple[object, object]]:
    return [(event["case_id"], event.get("portfolio_id")) for event in events_of(mapping, lines)]


def test_an_array_gives_its_items() -> None:
    assert [
        event["call_id"] for event in events_of(CALL, [[RECORD, RECORD | {"id": "c2"}], RECORD | {"id": "c3"}])
    ] == [
        "c1",
        "c2",
        "c3",
    ]


def test_a_byte_order_mark_carriage_returns_and_blank_lines_are_skipped() -> None:
    line = json.dumps(RECORD).encode()
    assert len(events_of(CALL, [b"\xef\xbb\xbf" + line + b"\r", b"", b"\r", b"  "])) == 1


def test_records_holds_several_records_of_one_value_and_null_holds_none() -> None:
    mapping = CALL.replace("input:", 'records: "calls[]"\ninput:')
    assert len(events_of(mapping, [{"calls": [RECORD, RECORD | {"id": "c2"}]}, {"calls": None}, {}])) == 2


def test_a_refused_one_of_several_records_is_shown_as_its_own_json() -> None:
    mapping = CALL.replace("input:", 'records: "calls[]"\ninput:')
    events, refused = results(mapping, [{"calls": [RECORD, {"id": "c2", "start": "x"}]}])
    assert len(events) == 1
    assert (json.loads(refused[0].value), refused[0].raw) == ({"id": "c2", "start": "x"}, False)


def test_records_that_are_no_list_refuse_the_value() -> None:
    mapping = CALL.replace("input:", "records: calls\ninput:")
    assert refusals_of(mapping, [{"calls": 5}]) == ["records: 5 is no list"]


def test_csv_is_rfc_4180_and_an_empty_text_is_null() -> None:
    mapping = rows("format: csv, columns: [case, debtor, at, book]")
    assert of(mapping, ['"a,""1""",d,1792000000,\r', 'b,d,1792000000,""', '"c\nd",d,1792000000,x'][:2]) == [
        ('a,"1"', None),
        ("b", None),
    ]


def test_a_row_of_another_length_is_malformed() -> None:
    mapping = rows("format: csv, columns: [case, debtor, at, book]")
    _, refused = results(mapping, ["a,d,1", "a,d,1792000000,x,y"])
    assert [(each.reason, each.detail.partition(";")[0]) for each in refused] == [
        ("malformed", "is a row of 3 fields"),
        ("malformed", "is a row of 5 fields"),
    ]


def test_csv_may_have_another_delimiter() -> None:
    assert of(rows("format: csv, delimiter: ';', columns: [case, debtor, at, book]"), ["a;d;1792000000;x,y"]) == [
        ("a", "x,y")
    ]


def test_delimited_has_no_quotes_and_missing_columns_are_null_and_further_ones_left_out() -> None:
    mapping = rows("format: delimited, delimiter: '||', columns: [case, debtor, at, book]")
    lines: list[object] = ['"a"||d||1792000000', "b||d||1792000000||x||y", "c||d||1792000000||"]
    assert of(mapping, lines) == [('"a"', None), ("b", "x"), ("c", None)]


@pytest.mark.parametrize("given", ["format: delimited, delimiter: '|'", "format: delimited, columns: [a]"])
def test_delimited_requires_delimiter_and_columns(given: str) -> None:
    with pytest.raises(MappingError, match=r"rows.yaml: input\.(columns|delimiter): is missing"):
        load(rows(given), "rows.yaml")


def test_form_is_a_url_encoded_body_a_line_and_plus_is_a_space() -> None:
    assert of(rows("format: form"), ["case=a+%C3%A9&debtor=d&at=1792000000&book="]) == [("a é", None)]


def test_a_value_that_is_not_of_the_format_is_malformed() -> None:
    _, refused = results(rows("format: form"), [b"hello", b"a=%ff"])
    assert [each.reason for each in refused] == ["malformed", "malformed"]
    _, refused = results(CALL, [b"{", b'{"id": NaN}', b"\xff", b'{"a": 1} x'])
    assert [each.reason for each in refused] == ["malformed"] * 4


def test_fields_whose_text_is_json_are_read_in_the_value_and_in_its_records() -> None:
    mapping = with_field("agent_id", "custom.agent").replace("{format: json}", "{format: json, json: [custom, extra]}")
    mapping = mapping.replace("input:", 'records: "extra.calls"\ninput:')
    record = RECORD | {"custom": json.dumps({"agent": "ann"})}
    assert events_of(mapping, [{"extra": json.dumps({"calls": [record]})}])[0]["agent_id"] == "ann"


def test_a_text_that_is_no_json_refuses_the_record() -> None:
    mapping = CALL.replace("{format: json}", "{format: json, json: [custom]}")
    assert refusals_of(mapping, [RECORD | {"custom": "{"}, RECORD | {"custom": None}]) == [
        "custom: '{' is no JSON, as `input.json` says"
    ]


def test_a_text_that_is_no_json_refuses_its_own_record_alone() -> None:
    mapping = CALL.replace("{format: json}", "{format: json, json: [custom]}").replace(
        "input:", "records: calls\ninput:"
    )
    events, refused = results(mapping, [{"calls": [RECORD | {"custom": "{"}, RECORD | {"custom": "{}"}]}])
    assert (len(events), [each.field for each in refused]) == (1, ["custom"])


def test_json_fields_are_read_in_forms_too() -> None:
    mapping = rows("format: form, json: [book]").replace("path: book", "path: book.name")
    assert of(mapping, ["case=a&debtor=d&at=1792000000&book=%7B%22name%22%3A%22x%22%7D"]) == [("a", "x")]


def test_a_refused_record_that_is_no_object_keeps_its_value() -> None:
    _, refused = results(CALL, [[[1], "x", None]])
    assert [each.value for each in refused] == [b"[1]", b'"x"', b"null"]
    _, refused = results(CALL.replace("events:", "records: calls\nevents:"), [{"calls": [5]}])
    assert [each.value for each in refused] == [b"5"]


def test_in_a_record_that_is_no_object_every_path_is_null() -> None:
    assert (
        refusals_of(CALL, ["5", '"id"', "null"])
        == ["occurred_at: is missing; call_id: is missing; ended_at: is missing"] * 3
    )


def test_integers_of_any_size_keep_their_digits() -> None:
    mapping = with_field("call_id", "{path: id, as: text}")
    event = events_of(mapping, ['{"id": 12345678901234567890123, "start": 1792000000, "end": 1792000000}'])[0]
    assert event["call_id"] == "12345678901234567890123"


@pytest.mark.parametrize(
    ("written", "meant"),
    [("NO", "NO"), ("yes", "yes"), ("2026-11-02", "2026-11-02"), ("on", "on"), ("22:00", "22:00"), ("'1'", "1")],
)
def test_only_true_and_false_are_booleans_and_dates_are_texts(written: str, meant: str) -> None:
    assert events_of(with_field("agent_id", f"{{value: {written}}}"), [RECORD])[0]["agent_id"] == meant
    assert events_of(with_field("recorded", "{value: true}"), [RECORD])[0]["recorded"] is True


def test_a_key_given_twice_is_an_error() -> None:
    with pytest.raises(MappingError, match=r"m\.yaml: line 12: 'call_id' stands twice"):
        load(CALL + "      call_id: id\n", "m.yaml")
    with pytest.raises(MappingError, match="'1' stands twice"):
        load(with_field("outcome", "{path: a, map: {1: human, '1': busy}}"), "m.yaml")


def test_nothing_is_executed() -> None:
    with pytest.raises(MappingError, match="is read as a tag"):
        load(with_field("agent_id", "!!python/object/apply:os.system ['true']"), "m.yaml")


def test_a_row_of_csv_may_hold_a_long_text() -> None:
    mapping = rows("format: csv, columns: [case, debtor, at, book, notes]")
    assert len(of(mapping, [f'a,d,1792000000,x,"{"words, " * 30_000}"'])) == 1


@pytest.mark.parametrize(
    "given", ["csv, delimiter: '\"'", 'csv, delimiter: "\\n"', 'delimited, columns: [a], delimiter: "\\r"']
)
def test_a_delimiter_that_quotes_or_ends_a_line_is_a_fault_of_the_mapping(given: str) -> None:
    with pytest.raises(MappingError, match=r"test.yaml: input.delimiter: .* cannot stand between fields"):
        load(rows(f"format: {given}"), "test.yaml")
