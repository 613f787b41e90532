"""What `feed check` finds (feeds 8): each sentence of the page, through the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stream.cli.main import run as kpi_stream
from tests.feeds.runs import CALL, RECORD, with_field


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs `feed check` on a mapping, with files of these records: (exit code, stdout, stderr)."""

    def run(mapping: str, records: list[Any] | None = None, *options: str) -> tuple[int, str, str]:
        file = tmp_path / "m.yaml"
        file.write_text(mapping)
        arguments = ["feed", "check", str(file), *options]
        if records is not None:
            data = tmp_path / "in.json"
            data.write_text("".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in records))
            arguments.insert(3, str(data))
        code = kpi_stream(arguments)
        out, err = capsys.readouterr()
        return code, out, err.replace(f"{tmp_path}/", "")

    return run


FIELD = "events[0].fields"


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        (CALL.replace("feed: test\n", ""), "feed: is missing"),
        (CALL.replace("feed: test", "fed: test"), "feed: is missing"),
        (CALL + "extra: 1\n", "extra: there is no such key"),
        (CALL.replace("format: json", "format: xml"), "input.format: 'xml' is none of json, csv, delimited, form"),
        (CALL.replace("type: call", "type: phone"), "events[0].type: 'phone' is none of call, payment"),
        (with_field("callid", "id"), f"{FIELD}.callid: call has no such field; did you mean call_id?"),
        (with_field("talk_ms", "{path: x, as: second}"), f"{FIELD}.talk_ms.as: 'second' is none of text, lower"),
        (with_field("talk_ms", "{path: x, as: [text, nope]}"), f"{FIELD}.talk_ms.as"),
        (with_field("talk_ms", "{pth: x}"), f"{FIELD}.talk_ms.pth: there is no such key; did you mean path?"),
        (with_field("talk_ms", "{as: hms}"), f"{FIELD}.talk_ms: exactly one of value and path is wanted"),
        (with_field("talk_ms", "{path: x, value: 1}"), f"{FIELD}.talk_ms: exactly one of value and path is wanted"),
        (CALL.replace("json}", "json, zone: Mars}"), "input.zone: there is no time zone 'Mars'"),
        (with_field("ended_at", "{path: x, as: iso, zone: Lisbon}"), f"{FIELD}.ended_at.zone: there is no time zone"),
        (with_field("talk_ms", "nope(x)"), f"{FIELD}.talk_ms.path: there is no function nope"),
        (with_field("talk_ms", "'a |'"), f"{FIELD}.talk_ms.path: 'a |' is no JMESPath"),
        (CALL.replace("      call_id: id\n", ""), f"{FIELD}.call_id: is missing: call requires it"),
        (with_field("ended_at", "{path: x, as: local}"), f"{FIELD}.ended_at.format: is missing: local needs it"),
        (
            with_field("ended_at", "{path: x, as: local, format: '%H'}"),
            f"{FIELD}.ended_at.zone: is missing: local needs it",
        ),
        (with_field("outcome", "{path: x, map: {A: humn}}"), f"{FIELD}.outcome.map.A: 'humn' is none of"),
        (with_field("outcome", "{path: x, map: {A: human}, else: x}"), f"{FIELD}.outcome.else: 'x' is none of"),
        (with_field("outcome", "{path: x, default: x}"), f"{FIELD}.outcome.default: 'x' is none of"),
        (with_field("outcome", "{value: x}"), f"{FIELD}.outcome.value: 'x' is none of"),
        (with_field("talk_ms", "{path: x, default: -1}"), f"{FIELD}.talk_ms.default: -1 is below 0"),
        (with_field("agent_id", "{path: x, match: '('}"), f"{FIELD}.agent_id.match: '(' is no regular expression"),
        (with_field("agent_id", "{path: x, match: 'a'}"), f"{FIELD}.agent_id.match: 'a' has no group"),
        (with_field("agent_id", "{path: x, else: y}"), f"{FIELD}.agent_id.else: needs `map`"),
        (
            with_field("queue_ms", "{path: x, as: hms, minus: {path: y, as: iso}}"),
            f"{FIELD}.queue_ms.minus: an instant cannot",
        ),
        (CALL.replace("type: call", "type: call\n    leg_ids: id"), "events[0].leg_ids: is for a call with `each`"),
        (
            CALL.replace("type: call", "type: call\n    also_void: maybe"),
            "events[0].also_void: 'maybe' is no true or false",
        ),
        (
            CALL.replace("input:", "join: {by: x, time: y, after: soon}\ninput:"),
            "join.after: 'soon' is no span such as 30s",
        ),
        ("feed: [", "line "),
        ("", "is no mapping"),
    ],
)
def test_a_wrong_mapping_is_one_line_with_file_key_and_reason(check: Any, mapping: str, said: str) -> None:
    code, out, err = check(mapping)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"kpi-stream: m.yaml: {said}")


def test_money_needs_a_currency_that_there_is(check: Any) -> None:
    paid = """
feed: bank
input: {format: json}
events:
  - type: payment
    fields: {payment_id: id, debtor_id: d, occurred_on: on, amount_minor: {path: a, as: minor}, currency: CURRENCY}
"""
    code, _, err = check(paid.replace(", currency: CURRENCY", ""))
    assert (code, err.split(": ", 2)[2]) == (
        2,
        "events[0].fields.amount_minor.currency: is missing: minor needs it, or the event a currency\n",
    )
    code, _, err = check(paid.replace("CURRENCY", "{value: EUX}"))
    assert "events[0].fields.currency.value: there is no currency 'EUX'" in err
    code, _, err = check(paid.replace("as: minor", "as: minor, currency: EUX").replace("CURRENCY", "c"))
    assert "events[0].fields.amount_minor.currency: there is no currency 'EUX'" in err
    code, _, err = check(paid.replace("debtor_id: d, ", "").replace("CURRENCY", "c"))
    assert "events[0].fields.debtor_id: is required" in err


def test_a_right_mapping_is_said_to_be_right(check: Any) -> None:
    code, out, err = check(CALL)
    assert (code, err) == (0, "")
    assert "is right" in out


TRAP = CALL.replace("type: call", 'when: "!a.b"\n    type: call')


def test_a_warning_is_a_line_on_stderr_and_strict_ends_with_1(check: Any) -> None:
    code, _, err = check(TRAP)
    assert (code, err) == (0, "warning: events[0].when: !a. is (!a)., always null: write !(a.…)\n")
    assert check(TRAP, None, "--strict")[0] == 1


def test_the_table_says_what_became_of_the_records(check: Any) -> None:
    mapping = CALL.replace("type: call", "when: id!='skip'\n    type: call")
    records = [RECORD | {"id": f"c{at}", "spare": {"inner": at}} for at in range(5)]
    code, out, err = check(mapping, [*records, RECORD | {"id": "skip"}, RECORD | {"start": "x"}, "{"], "--show", "2")
    lines = [line.split() for line in out.splitlines()]
    assert code == 0
    assert ["8", "records"] in lines
    assert ["5", "call"] in lines
    assert sum(line[:1] == [f"test:call:c{at}:1"] for line in lines for at in range(5)) == 3
    assert ["1", "unused"] in lines
    assert ["2", "refused"] in lines
    assert ["1", "refused:", "occurred_at"] in lines
    assert ["1", "refused:", "json"] in lines
    assert any("occurred_at: 'x' is no number of seconds since 1970" in line for line in out.splitlines())
    assert ["spare.inner", "0"] in lines
    assert [json.loads(line)["call_id"] for line in out.splitlines()[-2:]] == ["c0", "c1"]
    assert err == "warning: events: 2 of 8 records are refused, over 1 %\n"


@pytest.mark.parametrize(
    ("mapping", "records", "said"),
    [
        (CALL + CALL[CALL.index("  - type") :].replace("type: call", "when: never\n    type: call"), [RECORD],
         "events[1]: no record wanted this event"),
        (with_field("agent_id", "who"), [RECORD], "events[0].fields.agent_id.path: who was null in every record"),
        (with_field("agent_id", "{path: [who, id]}"), [RECORD], "events[0].fields.agent_id.path[0]: who was null"),
        (CALL, [RECORD] * 98 + ["{", "{"], "events: 2 of 100 records are refused, over 1 %"),
        (with_field("ended_at", "end"), [RECORD | {"end": "2026-11-02 09:00:00"}], "input.zone: 1 times of ended_at"),
        (with_field("ended_at", "{path: end, as: epoch_ms}"), [RECORD], "ended_at: the numbers are refused"),
        (with_field("talk_ms", "talk"), [RECORD | {"talk": 50}], "talk_ms: at most 50 ms, in calls a thousand times"),
        (CALL, [], "input: the files hold no record"),
    ],
)  # fmt: skip
def test_what_is_doubtful_with_files_is_a_warning(check: Any, mapping: str, records: list[Any], said: str) -> None:
    code, _, err = check(mapping, records)
    assert code == 0
    assert f"warning: {said}" in err
    assert check(mapping, records, "--strict")[0] == 1


def test_what_is_not_doubtful_warns_of_nothing(check: Any) -> None:
    mapping = with_field("talk_ms", "{path: talk, as: seconds}", with_field("agent_id", "{path: [who, id]}"))
    assert check(mapping, [RECORD | {"talk": 50}, RECORD | {"who": "ann", "talk": 10}])[2] == ""


def test_rows_of_a_wrong_clock_are_a_warning(check: Any) -> None:
    joined = """
feed: joined
input: {format: json}
join: {by: id, time: {path: start, as: epoch_s}, after: 1h}
events:
  - type: bot_session
    fields:
      session_id: key
      occurred_at: {path: "rows[0].start", as: epoch_s}
      handed_over: open
      mandate_signed: {value: false}
"""
    records = [
        RECORD | {"id": name, "start": at}
        for name, at in (("a", 1792000000), ("b", 1792000001), ("w", 1799999999), ("c", 1792000002))
    ]
    assert "warning: join.ahead: clock_ahead: 1 rows" in check(joined, records)[2]


def test_the_settings_of_a_run_are_those_of_a_check(check: Any) -> None:
    mapping = with_field("outcome", "{path: o, map: {A: human}}")
    settings = ["--set-map", "outcome.B=busy", "--set-path", "agent_id=who", "--set", "site_id=lisbon"]
    settings += ["--revision", "2", "--id-prefix", "lx-"]
    code, out, err = check(mapping, [RECORD | {"o": "B", "who": "ann"}], *settings, "--show", "1")
    event = json.loads(out.splitlines()[-1])
    assert (code, err) == (0, "")
    assert [event[name] for name in ("outcome", "agent_id", "site_id", "version", "call_id")] == [
        "busy",
        "ann",
        "lisbon",
        1002,
        "lx-c1",
    ]
    assert (
        check(mapping, None, "--set", "nope=1")[2]
        == "kpi-stream: m.yaml: set nope: no event of the mapping has a field nope\n"
    )
    assert check(mapping, None, "--set-map", "outcome")[0] == 2


def test_a_missing_file_is_exit_code_1(check: Any, tmp_path: Path) -> None:
    code, out, err = check(CALL, [RECORD], str(tmp_path / "nope.json"))
    assert code == 1
    assert "nope.json: No such file" in err
    assert " call" in out
