"""The ACLs that `kpi-stream topics acls` prints, at a real broker with an authorizer: they suffice, each is used, and
without one of them a worker says which."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiokafka import TopicPartition

from stream.cli.main import run
from stream.kafka.acls import PROGRAMS, Acl, least_acls
from stream.kafka.authorized import missing_acls
from stream.kafka.names import Names
from stream.kafka.topics import admin_client, create_topics
from stream.settings import Settings, load
from stream.worker.purge import purge
from tests.kafka.guarded import GuardedBroker, allow, as_logged
from tests.kafka.scored import SCHEMES, live_scores, measurement
from tests.kafka.test_live_is_replay import send
from tests.kafka.test_live_scores import simulated
from tests.kafka.workers import WorkerProcess, committed, configured, produce

pytestmark = pytest.mark.timeout(240)

CONDUCT = {
    "rules": [
        {"rule": "calls_per_day", "kind": "frequency", "per": "debtor", "counts": "attempts", "limit": 1,
         "window": {"days": 1, "local": True}},
    ],
}  # fmt: skip
ALERTS = {
    "alerts": [
        {"rule": "any", "kpi": "dials", "level": "site", "window": "day", "above": 0, "min_denominator": 0},
    ],
}
LESS = ("group", "topic", "transactional")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedBroker]:
    with GuardedBroker(tmp_path_factory.mktemp("guarded") / "kafka", [*PROGRAMS, *LESS]) as broker:
        yield broker


def settings_for(guarded: GuardedBroker, folder: Path, user: str | None, **sections: Any) -> tuple[Path, Settings]:
    """A configuration with the topics of `prefix` = "acl"; `user` None: of somebody who may do anything."""
    kafka = {"patience": "500ms"} | ({} if user is None else guarded.login(user))
    config, _ = configured(guarded.bootstrap, "acl", folder, **({"kafka": kafka} | sections))
    return config, load(config, {})


@pytest.mark.broker
async def test_a_worker_needs_what_is_listed_and_nothing_else(guarded: GuardedBroker, tmp_path: Path) -> None:
    sections = SCHEMES | ALERTS | {"conduct": CONDUCT, "publish": {"every": "100ms", "scores_every": "100ms"}}
    sections |= {"time": {"idle_advance": False, "idle_after": "2s", "grace": "0s"}}
    _, free = settings_for(guarded, tmp_path, None, **sections)
    config, settings = settings_for(guarded, tmp_path, "worker", **sections)
    names = Names("acl", "acl")
    await asyncio.to_thread(create_topics, free)
    acls = least_acls("worker", settings)
    await allow(free, "worker", acls)
    events = await asyncio.to_thread(simulated, tmp_path, config)
    entity = next(event["entity"] for event in events if event.get("measurement_id") == "m-0")
    debtor = next(event["debtor_id"] for event in events if event.get("debtor_id") is not None)
    async with WorkerProcess(config, topics=False) as worker:
        await worker.ready()
        await send(free, events)
        await produce(guarded.bootstrap, names.inbound[0], [(b"d-1", b"no event")])
        await until_written(guarded, names.deadletter, names.alerts, names.agents, names.conduct)
        async with asyncio.timeout(60):
            while not any(not score["provisional"] for score in (await live_scores(free)).values()):  # noqa: ASYNC110
                await asyncio.sleep(0.3)
        await send(free, [measurement(0, entity=entity, numerator=99, version=2)])  # of a day that is final
        await until_written(guarded, names.scoreledger)
        await erased(guarded, tmp_path, debtor, free, sections)
    async with WorkerProcess(config, topics=False) as worker:  # it restores what the first one wrote
        await worker.ready()
        await worker.logs('"event": "open"', times=8)
    await purge(settings, {TopicPartition(names.deltas, partition): 1 for partition in range(4)})
    decisions = guarded.decisions("worker")
    assert {each for each in decisions if each[0] == "Denied"} == set()
    allowed = {each[1:] for each in decisions}
    assert [acl for acl in acls if not any(as_logged(acl, *each) for each in allowed)] == []


async def erased(guarded: GuardedBroker, folder: Path, debtor: str, free: Settings, sections: dict[str, Any]) -> None:
    """Erases a debtor as a user who may do that alone, and what the authorizer says of it."""
    config, settings = settings_for(guarded, folder, "erase", **sections)
    acls = least_acls("erase", settings)
    await allow(free, "erase", acls)
    asked = ["erase", debtor, "--by", "anna", "--yes", "--wait", "90", "--config", str(config)]
    assert await asyncio.to_thread(run, asked) == 0
    decisions = guarded.decisions("erase")
    assert {each for each in decisions if each[0] == "Denied"} == set()
    allowed = {each[1:] for each in decisions}
    assert [acl for acl in acls if not any(as_logged(acl, *each) for each in allowed)] == []


async def until_written(guarded: GuardedBroker, *topics: str) -> None:
    deadline = time.monotonic() + 90
    while empty := [topic for topic in topics if not await committed(guarded.bootstrap, topic)]:
        assert time.monotonic() < deadline, f"nothing is written to {empty}"
        await asyncio.sleep(0.3)


@pytest.mark.broker
@pytest.mark.parametrize(
    ("user", "without", "said"),
    [
        ("group", Acl("group", "acl", "literal", "Read"), "lacks the ACL Read on group acl: "),
        (
            "topic",
            Acl("topic", "acl.kpi.v1", "literal", "Write"),
            "lacks the ACL Write on topic acl.kpi.v1 (and 1 more): ",
        ),
        (
            "transactional",
            Acl("transactional-id", "acl.acl-2-", "prefixed", "Write"),
            "lacks an ACL on the transactional id acl.acl-2-",
        ),
    ],
)
async def test_a_worker_without_one_of_them_ends_with_2_and_says_which(
    guarded: GuardedBroker, tmp_path: Path, user: str, without: Acl, said: str
) -> None:
    _, free = settings_for(guarded, tmp_path, None)
    config, settings = settings_for(guarded, tmp_path, user)
    await asyncio.to_thread(create_topics, free)
    acls = least_acls("worker", settings)
    assert without in acls
    await allow(free, user, [acl for acl in acls if acl != without])
    async with WorkerProcess(config, topics=False) as worker:
        assert await worker.ends(60) == 2
        assert f"user '{user}' {said}" in worker.log
        assert "kpi-stream topics acls --program worker" in worker.log
        assert "Traceback" not in worker.log


@pytest.mark.broker
async def test_what_metadata_tells_is_what_is_missing_one_by_one(guarded: GuardedBroker, tmp_path: Path) -> None:
    _, free = settings_for(guarded, tmp_path, None)
    _, settings = settings_for(guarded, tmp_path, "board")
    await asyncio.to_thread(create_topics, free)
    acls = least_acls("board", settings)
    async with admin_client(settings) as admin:
        assert await missing_acls(admin, "board", settings) == acls
        for count, acl in enumerate(acls, 1):
            await allow(free, "board", [acl])
            async with asyncio.timeout(60):
                while await missing_acls(admin, "board", settings) != acls[count:]:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)


@pytest.mark.broker
async def test_a_broker_without_an_authorizer_lacks_nothing(broker: str, topic_prefix: str, tmp_path: Path) -> None:
    _, settings = configured(broker, topic_prefix, tmp_path)
    await asyncio.to_thread(create_topics, settings)
    async with admin_client(settings) as admin:
        for program in PROGRAMS:
            assert await missing_acls(admin, program, settings) == []


def test_a_program_is_given_nothing_that_its_configuration_does_not_use(tmp_path: Path) -> None:
    plain = least_acls("worker", load(None, {}))
    assert Acl("topic", "collections.conduct.v1", "literal", "Write") not in plain
    assert Acl("topic", "collections.scores.v1", "literal", "Write") not in plain
    assert not [acl for acl in least_acls("board", load(None, {})) if acl.operation not in ("Read", "Write")]
    config = tmp_path / "c.yaml"
    config.write_text(yaml.safe_dump({"conduct": CONDUCT}))
    assert Acl("topic", "collections.conduct.v1", "literal", "Write") in least_acls("worker", load(config, {}))
