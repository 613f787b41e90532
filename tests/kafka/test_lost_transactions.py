"""Laws of a number whose commit failed: succeeded by another worker, or only too slow (ADR 0045). No broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from aiokafka.errors import (
    InvalidProducerEpoch,
    KafkaError,
    KafkaTimeoutError,
    LeaderNotAvailableError,
    ProducerFenced,
    TopicAuthorizationFailedError,
    UnknownError,
)

from stream.kafka.exits import Exit
from stream.partition import membership
from stream.partition.membership import Standing, given_up, is_lost
from stream.settings import load
from tests.kafka.lives import Floor, order, until


def asked(monkeypatch: pytest.MonkeyPatch, *answers: Standing) -> None:
    """What the group's coordinator says when it is asked, the last one again and again."""
    left = list(answers)

    async def answer(_: object, member_id: str) -> Standing:
        assert member_id == "me"
        return left.pop(0) if len(left) > 1 else left[0]

    monkeypatch.setattr(membership, "standing", answer)
    monkeypatch.setattr(membership, "PAUSE_SECONDS", 0.0)


@pytest.mark.parametrize("failure", [ProducerFenced(), InvalidProducerEpoch()], ids=repr)
@pytest.mark.parametrize(
    ("answers", "code", "words"),
    [
        ([Standing.SUCCEEDED], Exit.FENCED, "was fenced: another worker owns it ("),
        ([Standing.UNKNOWN, Standing.SUCCEEDED], Exit.FENCED, "was fenced: another worker owns it ("),
        ([Standing.UNKNOWN], Exit.FENCED, "another worker owns it, or the broker gave up a transaction"),
        ([Standing.ALONE], Exit.RESTART, "the group has no members any more"),
    ],
    ids=str,
)
async def test_a_worker_that_can_write_no_more_says_by_what_the_group_knows_whether_it_was_succeeded(
    monkeypatch: pytest.MonkeyPatch, failure: Exception, answers: list[Standing], code: Exit, words: str
) -> None:
    asked(monkeypatch, *answers)
    floor = Floor(monkeypatch)
    floor.flags = {"fails": failure}
    floor.assign(0)
    await until(lambda: bool(floor.ends))
    ((found, reason),) = floor.ends
    assert (found, words in reason) == (code, True), reason
    assert "commits 0" not in floor.said


def sender_died_of(cause: Exception) -> KafkaError:
    """What every batch fails with once aiokafka's sender has died."""
    error = KafkaError("Unexpected error during batch delivery")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("failure", "why"),
    [(UnknownError(), "the broker failed"), (sender_died_of(UnknownError()), "the broker failed"),
     (ProducerFenced(), "kafka.transaction_timeout (2000 ms)")],
    ids=repr,
)  # fmt: skip
def test_a_lost_transaction_says_what_became_of_it(failure: KafkaError, why: str) -> None:
    assert is_lost(failure)
    assert why in given_up(2_000, failure)


@pytest.mark.parametrize(
    "failure", [TopicAuthorizationFailedError(), sender_died_of(ValueError()), KafkaError("unheard of")], ids=repr
)
def test_an_unknown_failure_is_not_taken_for_a_lost_transaction(failure: KafkaError) -> None:
    assert not is_lost(failure)


@pytest.mark.parametrize(
    "failure",
    [ProducerFenced(), KafkaTimeoutError(), LeaderNotAvailableError(), sender_died_of(UnknownError())],
    ids=repr,
)
async def test_a_number_whose_transaction_took_too_long_begins_anew_from_its_last_commit_and_writes_less(
    monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    asked(monkeypatch, Standing.UNKNOWN, Standing.MEMBER)
    floor = Floor(monkeypatch)
    floor.assign(0, 1)
    await floor.serves(0, 1)
    first = floor.works[1, 0]
    rows = first.pace.rows
    floor.said.clear()
    first.fails = failure
    await floor.until("read 0")
    assert order(floor.said, "shut 0", "lets go 0", "fenced 0", "restores 0 from 0", "read 0") == [
        "shut 0", "lets go 0", "fenced 0", "restores 0 from 0", "read 0",
    ]  # fmt: skip
    again = floor.works[1, 0]
    assert again is not first
    assert again.pace.rows == rows // 2
    assert not [said for said in floor.said if said.endswith(" 1")]
    assert floor.ends == []
    await floor.roster.revoke()


async def test_a_group_that_is_empty_while_the_broker_reads_its_members_ends_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked(monkeypatch, Standing.ALONE, Standing.ALONE, Standing.MEMBER)
    floor = Floor(monkeypatch)
    floor.assign(0)
    await floor.serves(0)
    floor.said.clear()
    floor.works[1, 0].fails = ProducerFenced()
    await floor.until("restores 0 from 0", "read 0")
    assert floor.ends == []
    await floor.roster.revoke()


@pytest.mark.parametrize(
    ("code", "members", "found"),
    [
        (0, ["me", "other"], Standing.MEMBER),
        (0, ["other"], Standing.SUCCEEDED),
        (0, [], Standing.ALONE),
        (14, [], Standing.UNKNOWN),
        (16, [], Standing.UNKNOWN),
    ],
    ids=["member", "succeeded", "alone", "the coordinator is loading", "not the coordinator"],
)
async def test_what_a_coordinator_says_while_it_does_not_know_is_no_answer(
    monkeypatch: pytest.MonkeyPatch, code: int, members: list[str], found: Standing
) -> None:
    group = (code, "kpi-stream", "", "", "", [(member, "", "", b"", b"") for member in members])

    class Admin:
        async def describe_consumer_groups(self, _: list[str]) -> list[SimpleNamespace]:
            return [SimpleNamespace(groups=[group])]

    @asynccontextmanager
    async def admin_client(_: object) -> AsyncIterator[Admin]:
        yield Admin()

    monkeypatch.setattr(membership, "admin_client", admin_client)
    assert await membership.standing(load(None, {}), "me") is found


async def test_a_number_that_loses_one_transaction_after_the_other_ends_the_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked(monkeypatch, Standing.MEMBER)
    floor = Floor(monkeypatch)
    floor.flags = {"fails": ProducerFenced()}
    floor.assign(0)
    await until(lambda: bool(floor.ends))
    ((code, reason),) = floor.ends
    assert code is Exit.RESTART
    assert "kafka.transaction_timeout" in reason


async def test_what_a_lost_transaction_held_is_not_kept_for_a_number_that_is_revoked_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked(monkeypatch, Standing.MEMBER)
    stuck = asyncio.Event()
    fences = 0

    async def hook(asked: str, _: int) -> None:
        nonlocal fences
        if asked == "fence" and (fences := fences + 1) == 2:
            await stuck.wait()

    floor = Floor(monkeypatch, hook=hook)
    floor.assign(0)
    await floor.serves(0)
    dirty = floor.works[1, 0]
    dirty.fails = ProducerFenced()
    await until(lambda: fences == 2)
    await floor.roster.revoke()
    floor.said.clear()
    floor.assign(0)
    await floor.until("restores 0 from 0", "read 0")
    assert floor.works[1, 0] is not dirty
    await floor.roster.revoke()


async def test_a_commit_that_takes_long_is_waited_for_and_gets_on_while_batches_are_acknowledged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A worker slows down, it does not stop: whether anything moves is for the watchdog to say."""
    go = asyncio.Event()

    async def hook(asked: str, _: int) -> None:
        if asked == "commit":
            await go.wait()

    floor = Floor(monkeypatch, hook=hook)
    floor.flags = {"is_due": True}
    floor.assign(0)
    await floor.until("commits 0")
    (number,) = floor.roster.tasks
    number._commit_began -= 100.0
    number._work()
    assert floor.ends == []
    before = floor.roster.moving()
    number._writer.answers += 1
    assert floor.roster.moving().keys() == before.keys() == {"commit of debtor partition 0"}
    assert floor.roster.moving() != before
    go.set()
    await floor.until("committed 0")
    await floor.roster.revoke()
    assert floor.ends == []
