"""`kpi-stream alerts` on a real broker, and what it says of wrong words without one."""

import asyncio
import csv
import io
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from stream.cli.tables_shown import print_rows
from tests.cli.conftest import Command
from tests.publish.records import alert

FIRST, SECOND, THIRD = "9f2c" + 28 * "0", "77aa" + 28 * "1", "77ab" + 28 * "2"


@pytest.fixture
def holding(config: Path, broker: str, topic_prefix: str) -> Path:
    """A configuration whose topics hold three alerts: two fire, one has ended."""
    later = {"fired_at": "2026-11-02T02:00:00Z", "rule": "paid_late.critical", "severity": "critical"}
    records = [
        alert(FIRST),
        alert(SECOND, entity="t-4", at="2026-11-02T02:00:00Z", **later),
        alert(THIRD, entity="t-5"),
        alert(THIRD, entity="t-5", state="resolved", at="2026-11-02T01:22:00Z"),
    ]
    asyncio.run(_send(broker, f"{topic_prefix}.alerts.v1", records))
    return config


async def _send(broker: str, topic: str, records: list[tuple[bytes, bytes]]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=broker)
    await producer.start()
    try:
        for key, value in records:
            await producer.send_and_wait(topic, value, key)
    finally:
        await producer.stop()


def listed(command: Command, config: Path, state: str = "all") -> dict[str, dict[str, Any]]:
    ran = command("alerts", "list", "--state", state, "--format", "json", "--config", config)
    assert ran.code == 0, ran.error
    return {row["alert_id"]: row for row in map(orjson.loads, ran.out.splitlines())}


@pytest.mark.broker
def test_what_people_do_stands_for_whoever_looks_next(
    command: Command, holding: Path, broker: str, topic_prefix: str
) -> None:
    def alerts(*arguments: object) -> str:
        ran = command("alerts", *arguments, "--config", holding)
        assert ran.code == 0, ran.error
        return ran.out

    assert list(listed(command, holding, "open")) == [SECOND, FIRST]  # the latest first
    assert alerts("ack", "9f2c", "--by", "Li Na", "--note", "trunk") == (
        f"Li Na has {FIRST}: connect_rate_low, team t-3 at main\n"
    )
    alerts("ack", THIRD, "--by", "Wang")
    alerts("judge", SECOND, "--false", "--by", "Wang")
    alerts("judge", THIRD, "--true")
    name = alerts(
        "silence", "--match", "rule=paid_late,site=main", "--for", "2h", "--by", "Li", "--why", "works"
    ).strip()
    # Whatever else lies in the topic stops nobody.
    asyncio.run(_send(broker, f"{topic_prefix}.alertactions.v1", [(b"?", b"{"), (b"?", b"")]))

    found = listed(command, holding)
    assert {each: (row["taken_by"], row["note"]) for each, row in found.items()} == {
        FIRST: ("Li Na", "trunk"), SECOND: (None, ""), THIRD: ("Wang", ""),
    }  # fmt: skip
    assert {each: row["judged"] for each, row in found.items()} == {FIRST: None, SECOND: False, THIRD: True}
    assert {each: row["silence"] for each, row in found.items()} == {FIRST: None, SECOND: name, THIRD: None}
    shown = command("alerts", "list", "--config", holding)
    assert "2 records cannot be read" in shown.error
    assert "Li Na" in shown.out
    assert name in alerts("silences")
    for rule, known in (("paid_late.critical", True), ("paid_lately", False)):
        match = f"rule={rule},site=oslo"
        ran = command("alerts", "silence", "--match", match, "--for", "1h", "--why", "w", "--config", holding)
        assert "it covers 0 of the alerts" in ran.error
        assert (f"has a rule {rule!r}" in ran.error) is not known
    (low, late) = csv.DictReader(io.StringIO(alerts("report", "--from", "2026-11-02", "--format", "csv")))
    assert (low["rule"], low["episodes"], low["acknowledged_share"]) == ("connect_rate_low", "2", "1.0")
    assert (low["resolve_median_ms"], low["resolve_p90_ms"], low["true_share"]) == ("600000", "600000", "1.0")
    assert int(low["acknowledge_median_ms"]) >= 0
    assert (late["rule"], late["acknowledged"], late["true_share"]) == ("paid_late.critical", "0", "0.0")
    assert late["resolve_median_ms"] == ""
    assert "paid_late" not in alerts("report", "--to", "2026-11-02T02:00:00Z")

    alerts("unack", FIRST)
    alerts("unsilence", name)
    found = listed(command, holding)
    assert (found[FIRST]["taken_by"], found[SECOND]["silence"]) == (None, None)
    assert name not in alerts("silences")
    for arguments, why in (
        (("ack", "beef"), "there is no alert beef"),
        (("ack", "77a"), "there is no alert 77a"),
        (("judge", "no-such", "--true"), "there is no alert no-such"),
        (("unack", FIRST), f"nobody has alert {FIRST}"),
        (("unsilence", "s-2"), "there is no silence s-2"),
        (("unsilence", name), f"silence {name} is over since"),
    ):
        ran = command("alerts", *arguments, "--config", holding)
        unreadable, said = ran.error.splitlines()
        assert (ran.code, ran.out, "2 records" in unreadable) == (1, "", True)
        assert why in said


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("judge", "9f2c"), "--true or --false is required"),
        (("ack", "9f2c", "--by", "a|b"), "by: "),
        (("ack", "9f2c", "--note", "x" * 2_001), "note: "),
        (("silence", "--match", "rule", "--for", "2h", "--why", "w"), "--match: 'rule' is not like"),
        (("silence", "--match", "team=t-3", "--for", "2h", "--why", "w"), "match.team"),
        (("silence", "--match", "rule=a,rule=b", "--for", "2h", "--why", "w"), "--match: rule is given twice"),
        (("silence", "--match", "rule=a", "--why", "w"), "--for or --until is required"),
        (("silence", "--match", "rule=a", "--for", "2 hours", "--why", "w"), "--for: '2 hours' is not a duration"),
        (("silence", "--match", "rule=a", "--until", "2020-01-01T00:00:00Z", "--why", "w"), "must lie in the future"),
        (("report", "--from", "2026-13-01"), "--from: "),
        (("report", "--from", "2026-11-02", "--to", "2026-11-02"), "--to: must be after --from"),
        (("list", "--state", "gone"), "--state"),
    ],
)
def test_a_wrong_word_is_named_in_one_line_before_kafka_is_asked(
    command: Command, tmp_path: Path, arguments: tuple[str, ...], why: str
) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("kafka: {bootstrap_servers: '127.0.0.1:1'}")
    ran = command("alerts", *arguments, "--config", file)
    assert (ran.code, ran.out) == (2, "")
    assert why in ran.error
    assert ran.error.count("\n") == 1


def test_a_table_has_ratios_to_six_decimals_and_csv_all_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"value": value} for value in (2 / 11, 0.0, 26_176_700.0, 3, None)]
    print_rows(rows, ("value",), "table")
    assert capsys.readouterr().out.split() == ["value", "0.181818", "0", "26176700", "3", "-"]
    print_rows(rows[:2], ("value",), "csv")
    assert capsys.readouterr().out.split() == ["value", str(2 / 11), "0.0"]
