"""`kpi-stream erase` before it asks Kafka anything: what is missing or wrong is one line that names it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stream.cli import erase
from stream.cli.debtor_traces import Trace, naming
from stream.cli.failure import CommandError
from stream.engine.debtors.erasure import Asked, Done, NotErased, subject_of
from tests.cli.conftest import Command


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["erase"], "DEBTOR: is required, or --list"),
        (["erase", "d-7"], "--by: is required: the record says who wanted it"),
        (["erase", "d|7", "--by", "anna"], "DEBTOR: 'd|7' is not a name: 1-256 printable characters without '|'"),
        (["erase", "d-7", "--by", " "], "--by: ' ' is not a name: 1-256 printable characters without '|'"),
        (
            ["erase", "d-7", "--by", "anna", "--reason", "letter of d-7."],
            "--reason: names the debtor: it is kept for ever, and read by others",
        ),
        (["erase", "d-7", "--by", "a", "--reason", "x" * 2_001], "--reason: must be text of 2000 characters at most"),
    ],
)
def test_what_is_missing_or_wrong_is_said_before_kafka_is_asked(
    command: Command, arguments: list[str], why: str
) -> None:
    ran = command(*arguments)
    assert (ran.code, ran.out, ran.error.strip()) == (2, "", f"kpi-stream: {why}")


def test_a_name_is_found_by_itself_and_not_within_a_longer_one() -> None:
    found = naming("d-7")
    for text in (b'{"debtor_id":"d-7"}', b"d-7;x", b"of d-7.", "für d-7 ".encode()):
        assert found.search(text)
    for text in (b"d-70", b"xd-7", b"c-d-7", b"D-7"):
        assert not found.search(text)


def test_a_trace_says_how_many_of_what_since_when() -> None:
    trace = Trace("ledger", "erased")
    assert trace.row() == {
        "topic": "ledger", "records": 0, "kinds": {}, "first": None, "last": None, "becomes": "erased",
    }  # fmt: skip
    for at_ms, kind in ((2_000, "call"), (1_000, "payment"), (3_000, "call")):
        trace.add(at_ms, kind)
    row = trace.row()
    assert (row["kinds"], row["first"], row["last"]) == (
        {"call": 2, "payment": 1}, "1970-01-01T00:00:01Z", "1970-01-01T00:00:03Z",
    )  # fmt: skip


def of(**fields: Any) -> dict[str, Any]:
    salt = "5" * 32
    return {
        "id": "1" * 32, "by": "anna", "asked_at": "2026-11-02T08:00:00Z", "salt": salt,
        "subject": subject_of(salt, "d-7"), "partition": 3, "partitions": 8,
    } | fields  # fmt: skip


@pytest.mark.parametrize(
    ("kafka_says", "said"),
    [
        (Asked(**of()), "no worker has done it within 60 s: one that owns partition 3 will"),
        (NotErased(**of(done_at="2026-11-02T08:00:01Z", why="ask again")), "ask again"),
    ],
)
def test_what_is_not_done_is_no_success(kafka_says: Asked | NotErased, said: str) -> None:
    with pytest.raises(CommandError, match=said) as caught:
        erase._say(kafka_says, 60)
    assert caught.value.exit_code == 1


def test_what_is_done_is_said_and_listed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    done = Done(**of(done_at="2026-11-02T08:00:01Z", through=None, facts={"call": 2, "visit": 1}, first=None,
                     last=None, conduct=4, offsets={}))  # fmt: skip
    erase._say(done, 60)
    assert capsys.readouterr().err == (
        f"erased at 2026-11-02T08:00:01Z: 3 facts, 4 records of conduct; its record is {'1' * 32}\n"
    )
    monkeypatch.setattr("stream.cli.broker._answer", _answers)
    monkeypatch.setattr(erase, "_latest", lambda *_: {done.id: done, "2": Asked(**of(id="2" * 32))})
    from stream.settings import load

    erase._list(load(None, {}), "d-7", "table")
    table = capsys.readouterr().out.splitlines()
    assert table[0].split()[:4] == ["id", "state", "asked_at", "by"]
    assert [line.split()[1] for line in table[1:]] == ["asked", "done"]
    assert "2 call,1 visit" in table[2]
    erase._list(load(None, {}), "d-8", "json")
    assert capsys.readouterr().out == ""
    erase._list(load(None, {}), None, "json")
    assert [json.loads(line)["state"] for line in capsys.readouterr().out.splitlines()] == ["asked", "done"]


async def _answers(_: object) -> None:
    """A broker is there."""
