"""A simulated outage reaches people by both ways, once each, and resolves: through the metrics page, a real Prometheus
and a real Alertmanager to a webhook, and through `forward` to another."""

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from stream.cli.main import run
from stream.settings import load
from tests.deploy.expressions import DEPLOY
from tests.deploy.prometheus import free_port, notifying, running
from tests.deploy.test_notifications import SETTINGS, told, until, worker
from tests.deploy.test_one_outage import floor
from tests.forward.receiver import receiving
from tests.forward.test_webhook import bench
from tests.worlds import events as make

pytestmark = [pytest.mark.prometheus, pytest.mark.timeout(240)]

OUTAGE = [("lines_down", "main", "firing"), ("lines_down", "main", "resolved")]


def records_of_an_outage(folder: Path) -> list[tuple[bytes, bytes]]:
    """What the shipped rules make of seven teams whose lines are down for a quarter of an hour."""
    file, out = folder / "events.jsonl", folder / "numbers"
    file.write_bytes(b"\n".join(make.lines(list(floor()))))
    command = ["replay", "--config", str(DEPLOY / "local/demo.yaml"), "--input", str(file), "--out", str(out)]
    assert run(command) == 0
    return [
        (orjson.loads(line)["alert_id"].encode(), line) for line in (out / "alerts.jsonl").read_bytes().splitlines()
    ]


async def test_an_outage_reaches_a_webhook_by_prometheus_and_by_forward_once_each_and_resolves(
    program: Callable[[str], str], tmp_path: Path
) -> None:
    records = records_of_an_outage(tmp_path)
    states = [(record["state"], record["level"]) for _, line in records for record in [orjson.loads(line)]]
    end = states.index(("resolved", "site"))
    assert states.count(("firing", "team")) == 7
    settings, port = load(environ=SETTINGS), free_port()
    async with (
        told() as (webhook, notified),
        receiving() as receiver,
        bench(receiver, tmp_path) as forward,
        notifying(program("prometheus-alertmanager"), tmp_path / "alertmanager", webhook) as alertmanager,
        running(
            program("prometheus"), tmp_path / "prometheus", [f"127.0.0.1:{port}"], alertmanager=alertmanager
        ) as prometheus,
        worker(settings, port) as of,
    ):
        of.collector.on_committed(0, [], records[:end])
        forward.take(*records[:end])
        await prometheus.until('ALERTS{alertname=~"CollectionsKpi.*",alertstate="firing"}', bool)
        await until(lambda: bool(notified), 30)
        of.collector.on_committed(0, [], records[end:])
        forward.take(*records[end:])
        await forward.done()
        await until(lambda: any(status == "resolved" for status, _, _ in notified), 30)
        await prometheus.until('ALERTS{alertname=~"CollectionsKpi.*",alertstate="firing"}', lambda found: found == [])
        posts = [post.json for post in receiver.posts if post.json["state"] != "pending"]
    assert [(each["rule"], each["entity"], each["state"]) for each in posts] == OUTAGE
    assert [(status, entity) for status, entity, _ in notified] == [("firing", "main"), ("resolved", "main")]
    assert len({since for _, _, since in notified}) == 1
