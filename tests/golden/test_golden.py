"""Laws of state at rest: what any version wrote is read as what it meant; what a newer one wrote is refused."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from stream.facts.fact import KINDS
from stream.facts.format import Format, NewerFormatError
from stream.facts.identity import expected_key
from stream.ledger.store import record
from stream.partition.positions import decode
from stream.windows.exact import RECORD, dumps, loads
from tests.golden import world
from tests.golden.files import (
    HERE,
    MEANING,
    VERSIONS,
    WRITERS,
    facts_in,
    offsets_in,
    path_of,
    read,
    said_after,
    sorted_json,
)

KNOWN: dict[str, Any] = orjson.loads(MEANING.read_bytes()) if MEANING.exists() else {}
FILES = sorted(HERE.glob("*.jsonl"))


def sorted_keys(records: list[world.Record]) -> list[world.Record]:
    """The same, with the keys of JSON in order."""
    return [(key, sorted_json(value) if value and value[:1] == b"{" else value) for key, value in records]


def test_there_is_a_file_of_every_version_and_no_other() -> None:
    wanted = {path_of(kind, version) for kind, last in VERSIONS.items() for version in range(1, last + 1)}
    assert set(FILES) == wanted


@pytest.mark.parametrize("kind", WRITERS)
def test_the_file_of_the_version_that_is_written_is_byte_for_byte_what_is_written(kind: str) -> None:
    """Not so? A format has changed: see tests/golden/__main__.py. The order of the columns in a sum is any. The states
    of alerts that lie in the windows topic have a format and a file of their own."""
    kept, made = read(path_of(kind, VERSIONS[kind])), WRITERS[kind]()
    if kind == "windows":
        kept, made = ([pair for pair in pairs if not world.is_alert(pair[0])] for pairs in (kept, made))
    assert sorted_keys(kept) == sorted_keys(made)


@pytest.mark.parametrize("path", [path for path in FILES if path.name.startswith("ledger")], ids=lambda path: path.stem)
def test_a_ledger_of_any_version_holds_the_same_facts_and_knows_every_event_of_them(path: Path) -> None:
    records, facts = read(path), world.facts_of(int(path.stem.partition("-")[2]))
    found = facts_in(records)
    assert found == {name: fact for name, fact in KNOWN["facts"].items() if name in found}
    one = world.stage1()
    for key, value in records:
        one.restore(key, value)
    assert {one.apply(fact).kind for fact in facts} == {"duplicate"}
    assert len(found) == len({(expected_key(fact), record.identity(fact)) for fact in facts})
    assert one.take().state == []


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.name.startswith("windows")], ids=lambda path: path.stem
)
def test_windows_of_any_version_go_on_with_the_same_numbers_and_alerts(path: Path) -> None:
    """A version knows the measures of its time: what it goes on with is its own, and stays what it is."""
    assert said_after(read(path)) == KNOWN["after"][path.stem]


def test_alerts_of_the_first_version_go_on_under_rules_that_have_not_changed() -> None:
    windows = read(path_of("windows", 2))
    first = [(key, value) for key, value in windows if world.is_alert(key)]
    assert read(path_of("alerts", 1)) == first
    assert all(value is None or b'"f":1' in value for _, value in first)
    found = [json.loads(value) for value in said_after(windows)["alerts"].values()]
    assert {(each["rule"], each["entity"], each["reason"] == "rule changed") for each in found} == {
        ("calls_low", "t-1", False), ("dials_high", "t-1", False),
        ("calls_low", "unassigned", True),  # no rule looks at it any more that does not name it
    }  # fmt: skip


def test_alerts_of_the_second_version_keep_teams_cooldowns_and_who_inhibits_from_afar() -> None:
    two, at_ms = world.stage2(world.LATER_RULES), world.AT_MS + 1_000_000
    fresh = loads(dict(world.stage2(world.LATER_RULES).tick(0).state)[b"c"] or b"")
    two.restore(b"c", dumps({**fresh, "as_of": at_ms, "greatest": at_ms, "evaluated": at_ms}))
    for key, value in read(path_of("alerts", 2)):
        two.restore(key, value)
    feeds = two._store.feeds
    opened = {(text, alert): each for text, feed in feeds.items() for alert, each in feed.opened.items()}
    assert {(text, alert, each.status.state.value) for (text, alert), each in opened.items()} == {
        ("main|agent|a-1", "agent_high", "inactive"), ("main|agent|a-1", "mine", "pending"),
        ("north|agent|a-2", "agent_high", "inactive"), ("main|site|main", "site_high", "firing"),
    }  # fmt: skip
    cooling = opened["main|agent|a-1", "agent_high"]
    assert cooling.status.resolved_at_ms == world.AT_MS + 910_000
    assert (cooling.card.inhibited_by, cooling.card.where, cooling.card.labels["runbook"]) == (
        ("site_high",), "site", "https://example.org"
    )  # fmt: skip
    assert feeds["main|agent|a-1"].team == (world.AT_MS, "e-call", "t-1")
    found = [json.loads(value) for value in world.after(two)["alerts"].values()]
    assert [(each["rule"], each["site"], each["state"]) for each in found] == [("site_high", "main", "resolved")]


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.name.startswith("offsets")], ids=lambda path: path.stem
)
def test_offsets_of_any_version_say_the_same(path: Path) -> None:
    assert orjson.loads(orjson.dumps(offsets_in(read(path)))) == KNOWN["offsets"]


def test_offsets_of_the_first_version_have_said_nothing_of_agents_and_later_ones_know_how_far_they_are() -> None:
    files = [path for path in FILES if path.name.startswith("offsets")]
    found = {path.stem: [decode(value or b"").agents for _, value in read(path)] for path in files}
    assert found == {"offsets-1": [(0, False)], "offsets-2": [(world.AT_MS + 13, True)]}


def test_the_world_leaves_every_kind_of_record_behind() -> None:
    kinds = {key.split(b"|")[0] for key, _ in world.windows()}
    assert kinds == {b"w", b"v", b"p", b"f", b"a", b"c"}
    alerts = {key.split(b"|")[4] for key, _ in world.windows() if key.startswith(b"a|")}
    assert alerts == {b"p", b"q", b"s", b"t"}
    assert {name.partition("|")[2][0] for name in KNOWN["facts"]} == {kind.LETTER for kind in KINDS}
    after = KNOWN["after"][f"windows-{VERSIONS['windows']}"]
    numerators = [each["numerator"] for value in after["kpis"].values() for each in json.loads(value)["kpis"]]
    assert max(numerators) >= 2**63
    assert any(len(said) > 1 for said in KNOWN["facts"].values())
    states = {orjson.loads(value)["state"] for value in after["alerts"].values()}
    assert states == {"resolved"}


def test_what_a_newer_version_wrote_is_refused_naming_both() -> None:
    refused = r"has format 9, this version of kpi-stream reads up to"
    key, value = world.ledger()[0]
    with pytest.raises(NewerFormatError, match=rf"the ledger record {refused} {VERSIONS['ledger']}"):
        world.stage1().restore(key, b"\x09" + (value or b"")[1:])
    with pytest.raises(NewerFormatError, match=rf"the record {refused} 1"):
        world.stage2().restore(b"c", b'{"f":9}')
    with pytest.raises(NewerFormatError, match=rf"the windows record {refused} {VERSIONS['windows']}"):
        world.stage2().restore(b"w|main|team|t-1|day|0", b"\x81\xa1f\x09")
    with pytest.raises(NewerFormatError, match=rf"the record {refused} 1"):
        loads(dumps({"f": 9, "sum": 2**70}))
    with pytest.raises(NewerFormatError, match=rf"the offset record {refused} {VERSIONS['offsets']}"):
        decode(b'{"f":9}')


def test_a_former_version_is_upgraded_step_by_step() -> None:
    third = Format[dict[str, Any]](
        "sum", 3, {1: lambda old: {"f": 2, "sum": old["total"]}, 2: lambda old: {**old, "f": 3, "unit": "ms"}}
    )
    assert loads(b'{"f":1,"total":5}', third) == {"f": 3, "sum": 5, "unit": "ms"}
    assert loads(b'{"f":-2,"sum":36893488147419103232}', third) == {"f": 3, "sum": 2**65, "unit": "ms"}
    assert loads(b'{"f":3,"sum":5}', third) == {"f": 3, "sum": 5}


def test_a_version_without_a_way_to_it_is_an_error_of_the_program() -> None:
    with pytest.raises(ValueError, match="an upgrade from each version before 2"):
        Format[bytes]("sum", 2)


@pytest.mark.parametrize("value", [b"{}", b'{"f":0}', b'{"f":"1"}', b'{"f":null}'])
def test_what_has_no_version_is_no_record(value: bytes) -> None:
    with pytest.raises(ValueError, match="the record has no format"):
        loads(value, RECORD)
