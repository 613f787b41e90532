"""What the page's data say of what people did about alerts."""

from typing import Any

import orjson

from stream.facts.instant import instant_ms
from stream.publish.choices import Choice
from stream.publish.latest_records import LatestRecords
from stream.publish.snapshot import snapshot
from stream.publish.view import View
from tests.publish.records import AS_OF, ROLLING, alert, kpi, value

NOW = Choice("now", "rolling_15m", False, "now", "now")
TAKEN: dict[str, Any] = {"action": "ack", "id": "1", "by": "Li", "at": "2026-11-02T01:13:00Z", "note": "trunk down"}
SILENCE: dict[str, Any] = {
    "action": "silence", "id": "s-1", "by": "Wang", "at": AS_OF, "note": "works", "until": "2026-11-02T03:00:00Z",
    "match": {"entity": "t-4"},
}  # fmt: skip


def shown(actions: list[dict[str, Any]], *alerts: bytes, now: str = AS_OF) -> dict[str, Any]:
    of = LatestRecords(ROLLING)
    for entity in ("t-3", "t-4"):
        of.on_kpi(*kpi(value("dials", 1), level="team", entity=entity))
    for record in alerts:
        of.on_alert(record)
    for action in actions:
        of.on_action(action["id"].encode(), orjson.dumps(action))
    return snapshot(of, [], View("main", NOW), now_ms=instant_ms(now))


def test_an_alert_says_who_has_it_and_since_when() -> None:
    data = shown([TAKEN], alert("1")[1], alert("2")[1])
    found = {each["id"]: (each["taken"], each["judged"]) for each in data["alerts"]}
    assert found == {"1": ({"by": "Li", "since": TAKEN["at"], "note": "trunk down"}, None), "2": (None, None)}


def test_an_alert_that_has_ended_says_it_too_and_how_it_was_judged() -> None:
    judged = TAKEN | {"action": "judge", "true_alarm": False}
    (ended,) = shown([TAKEN, judged], alert("1")[1], alert("1", state="resolved")[1])["recent"]
    assert (ended["taken"]["by"], ended["judged"]) == ("Li", False)


def test_a_silenced_alert_says_so_and_marks_no_row_as_long_as_the_silence_lasts() -> None:
    records = [alert("1")[1], alert("2", entity="t-4")[1]]
    data = shown([SILENCE], *records)
    assert {each["id"]: each["silenced"] for each in data["alerts"]} == {
        "1": None,
        "2": {"id": "s-1", "by": "Wang", "until": SILENCE["until"], "why": "works"},
    }
    assert {row["entity"]: row["alert"] for row in data["teams"]} == {"t-3": "warning", "t-4": None}
    after = shown([SILENCE], *records, now=SILENCE["until"])
    assert [each["silenced"] for each in after["alerts"]] == [None, None]
    assert {row["entity"]: row["alert"] for row in after["teams"]} == {"t-3": "warning", "t-4": "warning"}


def test_a_muted_alert_says_so_and_marks_no_row() -> None:
    data = shown([], alert("1", muted=True)[1])
    assert [each["muted"] for each in data["alerts"]] == [True]
    assert {row["entity"]: row["alert"] for row in data["teams"]} == {"t-3": None, "t-4": None}


def test_what_is_no_action_is_counted_and_changes_nothing() -> None:
    of = LatestRecords(ROLLING)
    of.on_action(b"1", b"{}")
    assert (of.unreadable, of.handlings.of("1").by) == (1, None)
