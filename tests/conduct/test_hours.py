"""Hours and quiet hours, and where the debtor lives (conduct 2)."""

from __future__ import annotations

from typing import Any

import pytest

from stream.conduct.rule import Hours, Quiet
from tests.conduct.builders import all_breaches, book, dial, found, limit, lives
from tests.worlds import events as e

DAY = Hours(8 * 60, 21 * 60)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-02T13:59:59.999Z", ["k"]),  # 07:59:59.999 in Chicago
        ("2026-03-02T14:00:00Z", []),
        ("2026-03-03T02:59:59.999Z", []),  # 20:59:59.999
        ("2026-03-03T03:00:00Z", ["k"]),
    ],
)
def test_hours_hold_their_first_millisecond_and_not_their_end(at: str, expected: list[str]) -> None:
    assert found(DAY, [dial(at, "k", ended_at="2026-03-03T04:00:00Z")]) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-08T12:59:59.999Z", ["k"]),  # the clock was put forward in the night: 08:00 is an hour earlier
        ("2026-03-08T13:00:00Z", []),
        ("2026-11-01T13:59:59.999Z", ["k"]),  # and back
        ("2026-11-01T14:00:00Z", []),
    ],
)
def test_hours_follow_the_clock_when_it_is_changed(at: str, expected: list[str]) -> None:
    assert found(DAY, [dial(at, "k")]) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-01T06:29:59.999Z", []),  # 01:29:59.999, the first time
        ("2026-11-01T06:30:00Z", ["k"]),
        ("2026-11-01T07:00:00Z", []),  # 01:00, the second time
        ("2026-11-01T07:30:00Z", ["k"]),
        ("2026-03-08T07:59:59.999Z", ["k"]),  # 01:59:59.999, and then 03:00
        ("2026-03-08T08:00:00Z", ["k"]),
    ],
)
def test_in_the_night_of_a_clock_change_the_wall_decides(at: str, expected: list[str]) -> None:
    assert found(Hours(0, 90), [dial(at, "k")]) == expected


def test_hours_to_midnight_are_open_until_its_last_millisecond() -> None:
    whole = Hours(0, 24 * 60)
    assert found(whole, [dial("2026-03-03T05:59:59.999Z", "k"), dial("2026-03-03T06:00:00Z", "n")]) == []
    assert found(Hours(12 * 60, 24 * 60), [dial("2026-03-03T06:00:00Z", "n")]) == ["n"]


@pytest.mark.parametrize("channel", ["sms", "email", "chat", "letter"])
def test_letters_have_no_hours(channel: str) -> None:
    raws = [e.message("2026-03-02T08:00:00Z", "m", channel=channel)]
    assert found(DAY, raws) == ([] if channel == "letter" else ["m"])
    assert found(Hours(480, 1260, frozenset({"call"})), raws) == []


@pytest.mark.parametrize(
    ("zones", "zone", "assumed"),
    [
        ([], "America/Chicago", True),
        ([lives("2026-03-01T00:00:00Z", "Asia/Tokyo")], "Asia/Tokyo", False),
        ([lives("2026-03-02T15:00:00Z", "Asia/Tokyo")], "Asia/Tokyo", False),  # at that very instant
        ([lives("2026-03-02T15:00:00.001Z", "Asia/Tokyo")], "America/Chicago", True),
        ([lives("2026-03-01T00:00:00Z", "Mars/Olympus")], "America/Chicago", True),
        ([lives("2026-03-01T00:00:00Z", "asia/tokyo")], "America/Chicago", True),
        ([lives("2026-03-01T00:00:00Z", None)], "America/Chicago", True),
        ([lives("2026-03-01T00:00:00Z", "Asia/Tokyo", void=True)], "America/Chicago", True),
        # A later event without a zone changes nothing, nor does one that names none that exists.
        ([lives("2026-03-01T00:00:00Z", "Asia/Tokyo"), lives("2026-03-02T00:00:00Z", None, "q")], "Asia/Tokyo", False),
        ([lives("2026-03-01T00:00:00Z", "Asia/Tokyo"), lives("2026-03-02T00:00:00Z", "X", "q")], "Asia/Tokyo", False),
        # Of one instant the greater event_id.
        ([lives("2026-03-01T00:00:00Z", "Asia/Tokyo", "a"), lives("2026-03-01T00:00:00Z", "UTC", "b")], "UTC", False),
        # The contact's own case goes before a later event of another; without one, any will do.
        (
            [lives("2026-03-01T00:00:00Z", "UTC"), lives("2026-03-02T00:00:00Z", "Asia/Tokyo", "b", case_id="c2")],
            "UTC", False,
        ),
        ([lives("2026-03-02T00:00:00Z", "Asia/Tokyo", "b", case_id="c2")], "Asia/Tokyo", False),
    ],
)  # fmt: skip
def test_the_debtors_zone(zones: list[e.Raw], zone: str, assumed: bool) -> None:
    (breach,) = all_breaches(Hours(1, 2), [*zones, dial("2026-03-02T15:00:00Z", "k")])
    assert (breach.zone, breach.zone_assumed) == (zone, assumed)


@pytest.mark.parametrize(("site", "zone"), [("two", "Europe/London"), ("nowhere", "UTC"), (None, "America/Chicago")])
def test_without_a_zone_it_is_the_sites(site: str | None, zone: str) -> None:
    (breach,) = all_breaches(Hours(0, 1), [dial("2026-03-02T15:00:00Z", "k", site_id=site)])
    assert (breach.zone, breach.zone_assumed, breach.credit.site) == (zone, True, site or "main")


@pytest.mark.parametrize(
    ("hours", "at", "expected"),
    [
        (("12:00", "13:00"), "2026-03-02T17:59:59.999Z", []),  # 11:59:59.999
        (("12:00", "13:00"), "2026-03-02T18:00:00Z", ["k"]),
        (("12:00", "13:00"), "2026-03-02T18:59:59.999Z", ["k"]),
        (("12:00", "13:00"), "2026-03-02T19:00:00Z", []),
        (("22:00", "08:00"), "2026-03-03T03:59:59.999Z", []),  # 21:59:59.999
        (("22:00", "08:00"), "2026-03-03T04:00:00Z", ["k"]),
        (("22:00", "08:00"), "2026-03-03T13:59:59.999Z", ["k"]),
        (("22:00", "08:00"), "2026-03-03T14:00:00Z", []),
        (("07:00", "07:00"), "2026-03-02T18:00:00Z", ["k"]),
    ],
)
def test_quiet_hours(hours: tuple[str, str], at: str, expected: list[str]) -> None:
    wish = limit("quiet_hours", "2026-01-01T00:00:00Z", hours=[*hours])
    assert found(Quiet(), [wish, dial(at, "k")]) == expected


@pytest.mark.parametrize(
    ("fields", "concerned"),
    [
        ({}, True),
        ({"case_id": "c1"}, True),
        ({"case_id": "c2"}, False),
        ({"number_id": "n1"}, True),
        ({"number_id": "n2"}, False),
        ({"until": "2026-03-02T15:00:00Z"}, False),
        ({"until": "2026-03-02T15:00:00.001Z"}, True),
        ({"from": "2026-03-02T15:00:00Z"}, True),
        ({"from": "2026-03-02T15:00:00.001Z"}, False),
        ({"void": True}, False),
    ],
)
def test_quiet_hours_are_in_force_and_concern_the_contact(fields: dict[str, Any], concerned: bool) -> None:
    wish = limit("quiet_hours", "2026-01-01T00:00:00Z", hours=["00:00", "00:00"]) | fields
    raws = [wish, dial("2026-03-02T15:00:00Z", "k")]
    assert found(Quiet(), raws) == (["k"] if concerned else [])
    assert found(book(Quiet(frozenset({"sms"}))), raws) == []
