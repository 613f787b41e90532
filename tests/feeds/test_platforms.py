"""What becomes of each platform's records in `kpi-stream replay`: late debtors, transfers, redeliveries, clock changes.

A file of samples lies beside a scenario (samples/NAME.txt), whose numbers were worked out by hand from the records.
"""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest

from stream.feeds.adjustment import Adjustments
from tests.feeds.shipped import JOINED, NAMES, SAMPLES, Sample, canonical, given, of_sample, own_sample
from tests.scenarios.checks import check_outcomes
from tests.scenarios.doors import DOORS
from tests.scenarios.scenario import Scenario, load
from tests.worlds.replayed import replayed

WITH_HEADER = {"five9_call_log", "payments_csv", "vicidial_agent_log", "vicidial_log"}


def scenario_of(name: str) -> Scenario:
    return load(SAMPLES / f"{name}.txt")


def kpis(name: str, lines: list[bytes], folder: Path) -> bytes:
    """kpi.jsonl of a replay under the scenario's configuration."""
    return replayed(scenario_of(name).config, [b"".join(line + b"\n" for line in lines)], folder).kpi_bytes


def told_anew(one: Sample, order: random.Random) -> list[bytes]:
    """Each line of the file twice, in another order. What is joined keeps within some lines of its place.

    A join waits for `after` of event time; a row that comes later than that begins a conversation of its own.
    """
    values = one.values()
    head = values[:1] if one.name in WITH_HEADER else []
    rows = [row for row in values[len(head) :] for _ in range(2)]
    apart = 12 if one.name in JOINED else len(rows)
    blocks = [rows[at : at + apart] for at in range(0, len(rows), apart)]
    for block in blocks:
        order.shuffle(block)
    return [*head, *(row for block in blocks for row in block)]


@pytest.mark.parametrize("door", ["oracle", "replay"])
@pytest.mark.parametrize("name", NAMES)
def test_a_platforms_records_have_the_numbers_that_were_worked_out_by_hand(
    name: str, door: str, tmp_path: Path
) -> None:
    scenario = scenario_of(name)
    assert scenario.title
    assert scenario.expectations
    lines = of_sample(own_sample(name)).lines()
    check_outcomes(scenario, {None: DOORS[door](scenario.config, lines, tmp_path)})


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_is_run_twice_has_the_same_numbers(name: str, tmp_path: Path) -> None:
    lines = of_sample(own_sample(name)).lines()
    assert kpis(name, lines + lines, tmp_path / "twice") == kpis(name, lines, tmp_path / "once")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", NAMES)
def test_deliveries_repeated_and_in_any_order_have_the_same_numbers(name: str, seed: int, tmp_path: Path) -> None:
    one = own_sample(name)
    anew = given(name, told_anew(one, random.Random(seed)), Adjustments(zone=one.zone))
    told = of_sample(one)
    numbers = kpis(name, told.lines(), tmp_path / "told")
    assert kpis(name, anew.lines(), tmp_path / "anew") == numbers
    assert kpis(name, told.lines() + anew.lines(), tmp_path / "both") == numbers


def with_settings(name: str, settings: Adjustments) -> list[dict[str, object]]:
    told = given(name, own_sample(name).values(), settings)
    return told.read()


def test_what_was_refused_is_a_call_when_its_code_is_mapped() -> None:
    dials = with_settings("vicidial_log", Adjustments(results={"outcome": {"PROMES": "human"}}))
    assert [(e["outcome"], e["agent_id"]) for e in dials if e["call_id"] == "1772961200.8"] == [("human", "6101")]
    rows = with_settings("asterisk_cdr", Adjustments("Europe/Lisbon", results={"direction": {"ramais": "outbound"}}))
    assert [(e["direction"], e["agent_id"]) for e in rows if e["call_id"] == "1792837800.50"] == [("outbound", "305")]
    faxes = with_settings(
        "five9_call_log", Adjustments("America/Los_Angeles", results={"direction": {"Fax blast": "outbound"}})
    )
    assert [e["outcome"] for e in faxes if e["call_id"] == "7008"] == ["machine"]


def test_a_disposition_of_ones_own_beats_the_agent() -> None:
    settings = Adjustments("America/Los_Angeles", results={"outcome": {"Will pay Friday": "machine"}})
    assert [e["outcome"] for e in with_settings("five9_call_log", settings) if e["call_id"] == "7006"] == ["machine"]


def test_a_status_of_ones_own_is_the_state_that_it_is_mapped_to() -> None:
    settings = Adjustments(results={"state": {"Team meeting": "meeting"}})
    states = [e["state"] for e in with_settings("amazon_connect_agents", settings) if e["agent_id"] == "eve"]
    assert states == ["break", "meeting", "available"]


def test_the_debtor_comes_from_where_it_is_said_to_be() -> None:
    settings = Adjustments("Europe/Lisbon", paths={"debtor_id": "item.src"})
    told = with_settings("asterisk_cdr", settings)
    assert [e["debtor_id"] for e in told if e["call_id"] == "1792836000.20/2"] == ["912000009"]
    settings = Adjustments(paths={"debtor_id": "Attributes.case_id"})
    told = with_settings("amazon_connect_contacts", settings)
    assert {e["debtor_id"] for e in told if e["call_id"] == "k-1" and "debtor_id" in e} == {"C-7"}


def test_two_pbxs_with_the_same_unique_ids_keep_their_calls_apart() -> None:
    here = with_settings("asterisk_queue_log", Adjustments(id_prefix="lx-"))
    there = with_settings("asterisk_queue_log", Adjustments(id_prefix="po-"))
    assert not {canonical(e) for e in here if e["type"] == "call"} & {canonical(e) for e in there}
    legs = {e["call_id"]: e for e in here if e["type"] == "call"}
    assert legs["lx-1772787660.10/2"]["transferred_from"] == "lx-1772787660.10"
    assert legs["lx-1772787660.10/2"]["agent_id"] == "Rita Alves"


def test_a_corrected_mapping_replaces_what_the_former_revision_gave() -> None:
    first = {e["call_id"]: e for e in with_settings("vicidial_log", Adjustments())}
    again = {e["call_id"]: e for e in with_settings("vicidial_log", Adjustments(revision=2))}
    assert {call: e["version"] for call, e in again.items()} == dict.fromkeys(first, 1002)


def test_a_late_debtor_takes_back_the_call_that_had_none_whichever_comes_first(tmp_path: Path) -> None:
    lines = of_sample(own_sample("amazon_connect_contacts")).lines()
    told = [json.loads(line) for line in lines]
    assert sum(event["call_id"] == "k-1" and "debtor_id" not in event for event in told) > 1
    assert kpis("amazon_connect_contacts", lines[::-1], tmp_path / "back") == kpis(
        "amazon_connect_contacts", lines, tmp_path / "forth"
    )


NOBODY = ("anonymous", "Anonymous", "ANONYMOUS", "unknown", "Unknown", "restricted", "private", "null", "")
DEBTORS = {
    "amazon_connect_contacts": "D-7",
    "freeswitch_cdr": "D-32",
    "genesys_conversations": "oc-1",
    "payments_csv": "D-2",
    "twilio_taskrouter": "D-61",
    "vicidial_log": "502",
}


@pytest.mark.parametrize("nobody", NOBODY)
@pytest.mark.parametrize("name", DEBTORS)
def test_a_debtor_of_no_name_is_nobody_and_has_no_case(name: str, nobody: str) -> None:
    debtor = DEBTORS[name].encode()
    values = [
        re.sub(rb'(?<=[",2])' + debtor + rb'(?=["%,])', nobody.encode(), value) for value in own_sample(name).values()
    ]
    assert values != own_sample(name).values()
    told = given(name, values, Adjustments())
    assert not {event.get("debtor_id") for event in told.read()} & {DEBTORS[name], *NOBODY}
    assert all("debtor_id" in event for event in told.read() if "case_id" in event)
    before = given(name, own_sample(name).values(), Adjustments())
    if name == "payments_csv":
        assert len(told.refused) > len(before.refused)
    else:
        assert len(told.refused) == len(before.refused)
        assert {event["call_id"] for event in told.read() if "call_id" in event} == {
            event["call_id"] for event in before.read() if "call_id" in event
        }
