"""`kpi-stream forward` on a real broker: killed, restarted, silenced, to a real HTTP server and a real Alertmanager."""

import asyncio
import contextlib
import os
import signal
import sys
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiokafka import AIOKafkaProducer

from stream.cli.forward import SECRET_VARIABLE
from stream.forward.alertmanager import alerts_url
from stream.forward.forwarder import Forwarder, Wish
from stream.forward.payload import webhook_headers
from stream.forward.posting import Poster
from stream.forward.refused import RefusedFile
from stream.forward.silences import Silences
from stream.forward.webhook import Webhook
from stream.kafka.topics import create_topics
from stream.publish.reading import read_alert
from stream.settings import Settings, load
from tests.deploy.prometheus import notifying
from tests.forward.receiver import Receiver, receiving, until
from tests.forward.test_alertmanager import Held, bench
from tests.forward.test_webhook import episode, in_order
from tests.publish.records import alert

pytestmark = pytest.mark.broker

KPI_STREAM = str(Path(sys.executable).with_name("kpi-stream"))


@pytest.fixture
async def settings(broker: str, topic_prefix: str) -> Settings:
    """Of topics that are there, those of two partitions."""
    kafka = {"BOOTSTRAP_SERVERS": broker, "TOPIC_PREFIX": topic_prefix, "GROUP": topic_prefix, "PARTITIONS": "2"}
    found = load(environ={f"KPI_STREAM_KAFKA__{key}": text for key, text in kafka.items()})
    await asyncio.to_thread(create_topics, found)
    return found


@pytest.fixture
def config(tmp_path: Path, settings: Settings) -> Path:
    kafka = settings.kafka
    file = tmp_path / "c.yaml"
    section = {"bootstrap_servers": kafka.bootstrap_servers, "topic_prefix": kafka.topic_prefix, "partitions": 2}
    file.write_bytes(orjson.dumps({"kafka": section | {"group": kafka.group, "session_timeout": "6s"}}))
    return file


async def publish(settings: Settings, *records: tuple[bytes, bytes]) -> None:
    """In one transaction, as a worker does."""
    kafka = settings.kafka
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, transactional_id=f"{kafka.topic_prefix}-t")
    await producer.start()
    try:
        async with producer.transaction():
            for key, value in records:
                await producer.send_and_wait(f"{kafka.topic_prefix}.alerts.v1", value, key)
    finally:
        await producer.stop()


@contextlib.asynccontextmanager
async def forwarding(
    config: Path, *arguments: str, kill: bool = False, code: int = 0, secret: str = "s3cret"
) -> AsyncIterator[Path]:
    """The command as a process, as long as the context lasts; gives the file of what it says."""
    log = config.parent / f"forward-{os.urandom(4).hex()}.log"
    with log.open("wb") as written:
        process = await asyncio.create_subprocess_exec(
            KPI_STREAM, "forward", *arguments, "--config", str(config),
            "--refused", str(config.parent / "refused.jsonl"), stdout=written, stderr=written,
            env=os.environ | {SECRET_VARIABLE: secret},
        )  # fmt: skip
        try:
            yield log
        finally:
            with contextlib.suppress(ProcessLookupError):
                if not code:  # else it ends by itself
                    process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
            ended = await asyncio.wait_for(process.wait(), 60)
    assert ended == (-signal.SIGKILL if kill else code), log.read_text()


async def silence(config: Path, match: str) -> None:
    arguments = ("--match", match, "--for", "1h", "--why", "works", "--config", str(config))
    process = await asyncio.create_subprocess_exec(KPI_STREAM, "alerts", "silence", *arguments)
    assert await asyncio.wait_for(process.wait(), 60) == 0


@pytest.mark.timeout(180)
async def test_a_webhook_hears_of_every_alert_in_order_whatever_is_killed(config: Path, settings: Settings) -> None:
    async def slowly(_number: int) -> web.Response:
        await asyncio.sleep(0.05)
        return web.Response()

    receiver = Receiver(slowly)
    try:
        # It is down, and when it is up what posts to it is killed in the middle of it.
        async with forwarding(config, "--webhook", receiver.url, kill=True) as log:
            await publish(settings, *[record for number in range(20) for record in episode(number)])
            await until(lambda: "trying again" in log.read_text())
            assert "t0ps3cret" not in log.read_text()
            await receiver.start()
            await until(lambda: len(receiver.taken) > 10)
        await silence(config, "entity=t-9")
        async with forwarding(config, "--webhook", receiver.url):
            await until(lambda: len(set(receiver.taken)) == 40)
            await publish(settings, alert("aaaa", entity="t-9"), alert("bbbb"), alert("cccc", muted=True))
            await until(lambda: "bbbb:firing" in receiver.taken)
        assert in_order(list(dict.fromkeys(receiver.taken)))
        for post in receiver.posts:
            signed = webhook_headers(read_alert(post.body), post.body, b"s3cret")
            assert post.headers["X-Signature-256"] == signed["X-Signature-256"]
        # Of what nobody was told nobody is told the end.
        await publish(settings, *(alert(name, "resolved", entity="t-9") for name in ("aaaa", "bbbb", "cccc")))
        async with forwarding(config, "--webhook", receiver.url):
            await until(lambda: "bbbb:resolved" in receiver.taken)
        told = list(dict.fromkeys(receiver.taken))
        assert [key for key in told if key[:4] in ("aaaa", "bbbb", "cccc")] == ["bbbb:firing", "bbbb:resolved"]
        async with forwarding(config, "--webhook", f"{receiver.url}2", code=1) as log:
            await until(lambda: "forwards to another address" in log.read_text())
    finally:
        await receiver.stop()


@pytest.mark.timeout(180)
async def test_two_share_the_partitions_and_one_takes_over_what_the_other_leaves(
    settings: Settings, tmp_path: Path
) -> None:
    async with receiving() as receiver, AsyncExitStack() as stack:
        file = stack.enter_context(RefusedFile(tmp_path / "refused.jsonl"))
        running: list[tuple[Forwarder, Webhook, asyncio.Event, asyncio.Task[None]]] = []

        async def start() -> None:
            poster = await stack.enter_async_context(Poster(receiver.url, lambda _line: None))
            silences, stopped = Silences(), asyncio.Event()
            webhook = Webhook(receiver.url, poster, silences, file, None)
            forwarder = Forwarder(settings, Wish(f"{settings.kafka.group}.two"), webhook, silences)
            running.append((forwarder, webhook, stopped, asyncio.create_task(forwarder.run(stopped))))

        async def told_of(numbers: range) -> None:
            await publish(settings, *[record for number in numbers for record in episode(number)])
            await until(lambda: len(set(receiver.taken)) == 2 * numbers.stop)

        await start()
        await told_of(range(20))
        await start()
        await until(lambda: [len(each._open) for each, *_ in running] == [1, 1])
        await told_of(range(20, 60))
        assert all(webhook.told.posted for _, webhook, *_ in running)
        for number in (1, 0):  # the later one leaves, then the first one
            _, _, stopped, task = running[number]
            stopped.set()
            await asyncio.wait_for(task, 60)
            if number:
                await told_of(range(60, 80))
        assert in_order(list(dict.fromkeys(receiver.taken)))
        assert len(set(receiver.taken)) == 160


async def alerts_of(alertmanager: str) -> list[dict[str, Any]]:
    """What an Alertmanager holds as firing."""

    def ask() -> Any:
        with urllib.request.urlopen(f"http://{alertmanager}/api/v2/alerts", timeout=60) as answer:
            return orjson.loads(answer.read())

    return list(await asyncio.to_thread(ask))


async def until_alerts(alertmanager: str, entities: set[str]) -> list[dict[str, Any]]:
    for _ in range(600):
        found = await alerts_of(alertmanager)
        if {each["labels"]["entity"] for each in found} == entities:
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(f"{await alerts_of(alertmanager)} are not those of {entities}")


@pytest.mark.prometheus
@pytest.mark.timeout(180)
async def test_a_real_alertmanager_tells_of_each_alert_once_and_of_its_end_whatever_is_restarted(
    config: Path, settings: Settings, program: Callable[[str], str], tmp_path: Path
) -> None:
    told: list[tuple[str, str]] = []
    binary = program("prometheus-alertmanager")
    async with receiving() as webhook:

        def notified() -> list[tuple[str, str]]:
            told[:] = [
                (each["status"], each["labels"]["entity"]) for post in webhook.posts for each in post.json["alerts"]
            ]
            return sorted(set(told))

        hook = f"http://127.0.0.1:{webhook.port}/"
        async with notifying(binary, tmp_path / "first", hook) as alertmanager:
            await silence(config, "entity=t-9")
            await publish(
                settings,
                alert("aaaa", labels={"runbook": "r"}),
                alert("bbbb", entity="t-4"),
                alert("cccc", entity="t-9"),
            )
            async with forwarding(config, "--alertmanager", f"http://{alertmanager}"):
                found = await until_alerts(alertmanager, {"t-3", "t-4"})
                await until(lambda: notified() == [("firing", "t-3"), ("firing", "t-4")])
            (first,) = (each for each in found if each["labels"]["entity"] == "t-3")
            assert first["labels"]["runbook"] == "r"
            assert first["startsAt"] == "2026-11-02T01:12:00.000Z"
            # The one that forwards is gone: nothing has ended. It ends while nobody forwards.
            await publish(settings, alert("bbbb", "resolved", entity="t-4"))
            assert {each["labels"]["entity"] for each in await alerts_of(alertmanager)} == {"t-3", "t-4"}
            async with forwarding(config, "--alertmanager", f"http://{alertmanager}"):
                await until_alerts(alertmanager, {"t-3"})
                await until(lambda: ("resolved", "t-4") in notified())
        # An Alertmanager that lost everything hears again of what fires, from one that has just come, too.
        async with (
            notifying(binary, tmp_path / "second", hook) as alertmanager,
            forwarding(config, "--alertmanager", f"http://{alertmanager}"),
        ):
            await until_alerts(alertmanager, {"t-3"})
            await publish(settings, alert("aaaa", "resolved"), alert("cccc", "resolved", entity="t-9"))
            await until_alerts(alertmanager, set())
            await until(lambda: ("resolved", "t-3") in notified())
        assert notified() == [("firing", "t-3"), ("firing", "t-4"), ("resolved", "t-3"), ("resolved", "t-4")]


@pytest.mark.prometheus
@pytest.mark.timeout(180)
async def test_a_real_alertmanager_hears_on_of_an_alert_that_is_silenced_while_it_fires(
    program: Callable[[str], str], tmp_path: Path
) -> None:
    """So it never ends it by itself, which it does with what it hears no more of."""
    time = Held()

    async def heard(alertmanager: str) -> str:
        (found,) = await alerts_of(alertmanager)
        assert found["status"]["state"] in ("active", "unprocessed")
        return str(found["updatedAt"])

    async def heard_after(alertmanager: str, before: str) -> bool:
        for _ in range(600):
            if await heard(alertmanager) != before:
                return True
            await asyncio.sleep(0.1)
        return False

    async with receiving() as webhook:
        hook = f"http://127.0.0.1:{webhook.port}/"
        async with (
            notifying(program("prometheus-alertmanager"), tmp_path / "am", hook) as alertmanager,
            bench(alerts_url(f"http://{alertmanager}"), tmp_path, time) as of,
        ):
            of.take(alert("aaaa"))
            await of.done()
            await until_alerts(alertmanager, {"t-3"})
            of.silence(site="main")
            for _ in range(2):
                before = await heard(alertmanager)
                await time.minute()
                assert await heard_after(alertmanager, before)
            (found,) = await alerts_of(alertmanager)
            assert found["annotations"]["silenced"].startswith("until 2026-11-02T03:00:00Z by Li")
            of.take(alert("aaaa", "resolved"))
            await of.done()
            await until_alerts(alertmanager, set())
            await until(lambda: any(post.json["status"] == "resolved" for post in webhook.posts))
