"""What a row of the call log becomes, trap by trap, and the published reference numbers from the real file."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from functools import cache
from pathlib import Path

import pytest

from stream.importers import CannotImport, Event, Torn, in_time_order
from stream.windows.zone import load_zone
from tests.importers.rows import CALL, UNQUEUED, UNSERVED, call_log, imported, one_call, written

FILE = "anonymous_bank_1999_02_calls.tsv"


def test_a_served_row_is_a_conversation_of_its_server(tmp_path: Path) -> None:
    assert one_call(tmp_path) == {
        "type": "call",
        "version": 1,
        "event_id": "990201-AA0101-34536",
        "occurred_at": "1999-02-01T06:09:16Z",
        "site_id": "main",
        "team_id": "PS",
        "agent_id": "TOVA",
        "debtor_id": "23317894",
        "call_id": "990201-AA0101-34536",
        "direction": "inbound",
        "outcome": "human",
        "ended_at": "1999-02-01T06:12:00Z",
        "queue_ms": 5_000,
        "talk_ms": 154_000,
    }


def test_the_site_is_the_one_asked_for(tmp_path: Path) -> None:
    (event,), _ = imported("anonymous-bank", call_log(tmp_path, {}), "haifa")
    assert event["site_id"] == "haifa"


def test_phantom_rows_are_dropped(tmp_path: Path) -> None:
    events, torn = imported("anonymous-bank", call_log(tmp_path, {"outcome": "PHANTOM"}, {}))
    assert (len(events), torn) == (1, [])


def test_who_hangs_up_in_the_queue_abandons_and_the_call_ends_there(tmp_path: Path) -> None:
    event = one_call(tmp_path, outcome="HANG", **UNSERVED)
    assert (event["outcome"], event["ended_at"]) == ("abandoned", "1999-02-01T06:09:27Z")
    assert "agent_id" not in event


def test_who_hangs_up_before_the_queue_ends_the_call_in_the_voice_unit(tmp_path: Path) -> None:
    event = one_call(tmp_path, outcome="HANG", **UNSERVED, **UNQUEUED)
    assert (event["ended_at"], event["queue_ms"]) == ("1999-02-01T06:09:22Z", 0)


def test_an_agent_row_without_a_server_is_abandoned(tmp_path: Path) -> None:
    event = one_call(tmp_path, server="NO_SERVER")
    assert event["outcome"] == "abandoned"
    assert "agent_id" not in event


def test_a_served_row_without_service_time_is_still_a_conversation(tmp_path: Path) -> None:
    event = one_call(tmp_path, **UNSERVED | {"server": "TOVA"})
    assert (event["outcome"], event["talk_ms"], event["ended_at"]) == ("human", 0, "1999-02-01T06:09:27Z")


def test_negative_durations_are_nothing(tmp_path: Path) -> None:
    event = one_call(tmp_path, q_time=-3, ser_time=-1)
    assert (event["queue_ms"], event["talk_ms"]) == (0, 0)


def test_a_clock_that_runs_back_a_minute_is_not_the_next_day(tmp_path: Path) -> None:
    event = one_call(tmp_path, vru_exit="8:08:20", vru_time=-56, outcome="HANG", **UNSERVED, **UNQUEUED)
    assert event["ended_at"] == event["occurred_at"]


@pytest.mark.parametrize(
    ("changes", "ended_at"),
    [
        ({"ser_start": "23:58:30", "ser_exit": "0:00:30", "ser_time": 120}, "1999-02-01T22:00:30Z"),
        ({"q_exit": "0:00:26", "q_time": 57, "outcome": "HANG", **UNSERVED}, "1999-02-01T22:00:26Z"),
        ({"ser_start": "23:58:30", "ser_exit": "0:00:00", "ser_time": 90}, "1999-02-01T22:00:00Z"),
    ],
    ids=["in service", "in the queue", "to the second"],
)
def test_a_call_that_crosses_midnight_ends_on_the_next_day(
    tmp_path: Path, changes: dict[str, object], ended_at: str
) -> None:
    event = one_call(tmp_path, vru_entry="23:58:21", vru_exit="23:58:31", **changes)
    assert event["ended_at"] == ended_at


def test_an_unknown_customer_is_the_row_itself(tmp_path: Path) -> None:
    assert one_call(tmp_path, customer_id=0)["debtor_id"] == "990201-AA0101-34536"


def test_calls_of_one_number_on_other_lines_or_days_are_other_calls(tmp_path: Path) -> None:
    path = call_log(tmp_path, {}, {"vru+line": "AA0102"}, {"date": "990202"})
    events, _ = imported("anonymous-bank", path)
    assert len({event["call_id"] for event in events}) == 3


@pytest.mark.parametrize("change", [{"date": "990230"}, {"vru_entry": "25"}, {"q_time": "x"}, {"outcome": "LOST"}])
def test_a_row_that_makes_no_sense_is_named_and_the_others_are_read(tmp_path: Path, change: dict[str, object]) -> None:
    path = call_log(tmp_path, {}, change, {"call_id": 2})
    events, torn = imported("anonymous-bank", path)
    assert len(events) == 2
    assert [str(line).startswith(f"{path}:3: ") for line in torn] == [True]


def test_a_row_cut_short_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "calls.tsv", ["\t".join(CALL), "AA0101\t34536\t0"])
    events, torn = imported("anonymous-bank", path)
    assert (events, [line.line for line in torn]) == ([], [2])


def test_another_file_is_refused_in_one_line(tmp_path: Path) -> None:
    path = written(tmp_path / "other.csv", ["a,b", "1,2"])
    with pytest.raises(CannotImport, match=r"other\.csv:1: the header is not "):
        imported("anonymous-bank", path)


def test_a_missing_file_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(CannotImport, match=r"none\.tsv: No such file"):
        imported("anonymous-bank", tmp_path / "none.tsv")


def test_time_order_keeps_the_file_order_within_an_instant(tmp_path: Path) -> None:
    path = call_log(tmp_path, {"vru_entry": "8:09:17"}, {"call_id": 1}, {"call_id": 2})
    ordered = in_time_order(imported("anonymous-bank", path)[0])
    assert [str(event) for event in ordered] == [str(event) for event in _sorted_by_hand(path)]


def _sorted_by_hand(path: Path) -> list[Event]:
    late, first, second = imported("anonymous-bank", path)[0]
    return [first, second, late]


def local(instant: str) -> datetime:
    """What the clock of the bank showed."""
    return datetime.fromisoformat(instant).astimezone(load_zone("Asia/Jerusalem"))


@cache
def _read(path: Path) -> tuple[list[Event], list[Torn]]:
    return imported("anonymous-bank", path)


@pytest.fixture
def february(shared_data: Path) -> list[Event]:
    events, torn = _read(shared_data / FILE)
    assert not torn
    return events


@pytest.mark.shared_data
def test_the_real_file_gives_its_reference_numbers(february: list[Event]) -> None:
    served = [event for event in february if event["outcome"] == "human"]
    assert len(february) == len({event["call_id"] for event in february}) == 33_066
    assert len(served) == 26_671
    assert sum(event["talk_ms"] for event in served) == 4_775_034_000
    assert all("agent_id" in event for event in served)
    assert Counter(event["outcome"] for event in february)["abandoned"] == 5_904 + 491
    assert sum(event["outcome"] == "abandoned" and event["queue_ms"] == 0 for event in february) >= 1_972


@pytest.mark.shared_data
def test_the_real_file_gives_its_six_busiest_agents(february: list[Event]) -> None:
    talk: dict[str, list[int]] = defaultdict(list)
    for event in february:
        if "agent_id" in event:
            talk[event["agent_id"]].append(event["talk_ms"])
    busiest = sorted(talk.items(), key=lambda item: -len(item[1]))[:6]
    means = [(agent, len(times), round(sum(times) / len(times) / 1000, 1)) for agent, times in busiest]
    assert means == [
        ("IDIT", 1_957, 122.6),
        ("YIFAT", 1_904, 154.4),
        ("YITZ", 1_794, 173.8),
        ("AVNI", 1_739, 256.5),
        ("KAZAV", 1_697, 191.4),
        ("TOVA", 1_682, 153.1),
    ]
    assert len(talk) == 24


@pytest.mark.shared_data
def test_no_real_call_ends_before_it_starts_or_a_day_later_than_its_parts_say(february: list[Event]) -> None:
    lengths = [
        (datetime.fromisoformat(event["ended_at"]) - datetime.fromisoformat(event["occurred_at"])).total_seconds()
        for event in february
    ]
    assert min(lengths) == 0
    assert max(lengths) < 3 * 3600
    overnight = [event for event in february if local(event["ended_at"]).date() != local(event["occurred_at"]).date()]
    # 16 end service after midnight with a start before it, 2 hang up in the queue, 4 are answered after midnight.
    assert len(overnight) == 22


@pytest.mark.shared_data
def test_the_incident_of_3_february_is_in_its_local_hour(february: list[Event]) -> None:
    hour = [event for event in february if local(event["occurred_at"]).strftime("%d %H") == "03 13"]
    assert len(hour) == 494
    assert sum(event["outcome"] == "abandoned" for event in hour) >= 418
