"""One outage is one card and one message, not seven: by the shipped rules, from events to a webhook and the board."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from stream.cli.main import run
from stream.facts.instant import instant_text
from stream.publish.choices import Choice
from stream.publish.latest_records import LatestRecords
from stream.publish.snapshot import snapshot
from stream.publish.view import View
from tests.deploy.expressions import DEPLOY
from tests.forward.receiver import receiving
from tests.forward.test_webhook import bench
from tests.worlds import events as make

TEAMS = [f"t-{number}" for number in range(1, 8)]
BEGIN_MS, STEP_MS, MINUTE_MS = 1_793_588_400_000, 5_000, 60_000
QUIET_MIN, OUTAGE_MIN, AFTER_MIN = 20, 15, 40


def floor() -> Iterator[make.Raw]:
    """Seven teams dial; three of ten get through, but for a quarter of an hour in which none does."""
    for n in range((QUIET_MIN + OUTAGE_MIN + AFTER_MIN) * MINUTE_MS // STEP_MS):
        minute = n * STEP_MS / MINUTE_MS
        down = QUIET_MIN <= minute < QUIET_MIN + OUTAGE_MIN
        for place, team in enumerate(TEAMS):
            outcome = "human" if not down and (n + 3 * place) % 10 < 3 else "failed"
            at = instant_text(BEGIN_MS + n * STEP_MS)
            yield make.call(
                at, f"{team}-{n}", debtor_id=f"{team}-d-{n}", team_id=team, agent_id=f"a-{place}", outcome=outcome
            )


def records_of_an_outage(config: str, folder: Path) -> list[tuple[bytes, bytes]]:
    """What the rules of a shipped configuration make of it: the records of alerts, by their ids."""
    file, out = folder / "events.jsonl", folder / "numbers"
    file.write_bytes(b"\n".join(make.lines(list(floor()))))
    assert run(["replay", "--config", str(DEPLOY / config), "--input", str(file), "--out", str(out)]) == 0
    lines = (out / "alerts.jsonl").read_bytes().splitlines()
    return [(orjson.loads(line)["alert_id"].encode(), line) for line in lines]


@pytest.mark.parametrize("config", ["local/demo.yaml", "compose/kpi-stream.yaml"])
async def test_an_outage_of_a_site_is_one_card_and_one_message(config: str, tmp_path: Path) -> None:
    records = records_of_an_outage(config, tmp_path)
    fired = [record for _, line in records if (record := orjson.loads(line))["state"] == "firing"]
    assert {record["entity"] for record in fired if record["rule"] == "connect_rate_low"} == set(TEAMS)

    latest, cards = LatestRecords({}), set()
    for _, line in records:
        latest.on_alert(line)
        data = snapshot(latest, [], View("main", Choice("now", "rolling_15m", False, "now", "now")), [])
        cards |= {alert["id"] for alert in data["alerts"] if alert["state"] == "firing" and not alert["muted"]}
    async with receiving() as receiver, bench(receiver, tmp_path) as of:
        of.take(*records)
        await of.done()
        told = [post.json for post in receiver.posts if post.json["state"] != "pending"]
    assert [(each["rule"], each["entity"], each["state"]) for each in told] == [
        ("lines_down", "main", "firing"), ("lines_down", "main", "resolved"),
    ]  # fmt: skip
    assert cards == {told[0]["alert_id"]}
