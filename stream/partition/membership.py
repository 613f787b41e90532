"""Who owns our partitions once the broker refuses a producer of ours: another worker, or still this one (ADR 0045)."""

import asyncio
from collections.abc import Callable
from enum import Enum

from aiokafka.errors import KafkaError, KafkaTimeoutError, UnknownError

from stream.kafka.exits import Exit
from stream.kafka.topics import admin_client
from stream.kafka.writer import FENCED
from stream.settings import Settings

ASK_SECONDS = 5.0
ASK_TIMES = 6
PAUSE_SECONDS = 1.0


class Standing(Enum):
    """What the group's coordinator says of one member."""

    MEMBER = "it is a member of the group"
    SUCCEEDED = "it is none any more, and others are"
    ALONE = "it is none any more, and nobody else is"
    UNKNOWN = "there was no answer"


async def standing(settings: Settings, member_id: str) -> Standing:
    """What the group says of the member with this id. Never raises, and takes five seconds at most."""
    try:
        async with asyncio.timeout(ASK_SECONDS), admin_client(settings) as admin:
            responses = await admin.describe_consumer_groups([settings.kafka.group])
    except (KafkaError, OSError, TimeoutError):
        return Standing.UNKNOWN
    groups = [group for response in responses for group in response.groups]
    if any(group[0] for group in groups):
        return Standing.UNKNOWN  # a coordinator that still reads the group, or has just lost it, names no members
    members = {member[0] for group in groups for member in group[5]}
    if member_id in members:
        return Standing.MEMBER
    return Standing.SUCCEEDED if members else Standing.ALONE


def is_lost(error: BaseException | None) -> bool:
    """Whether the work of a commit that failed so may be done again from the last commit, if the partition is still
    ours: the broker refuses the producer, gave no answer in time, has no leader for a partition, or failed itself.

    What a broker answers when it failed itself (-1, UNKNOWN_SERVER_ERROR) says nothing of whether the transaction was
    committed; the new writer's fence ends it one way or the other, and the restored state tells which. aiokafka's
    sender dies of it, and every batch fails with an error of its own whose cause it is.
    """
    if not isinstance(error, KafkaError):
        return False
    if isinstance(error, (*FENCED, KafkaTimeoutError, UnknownError)) or error.retriable:
        return True
    return is_lost(error.__cause__)


def failed_itself(error: BaseException | None) -> bool:
    """Whether the broker answered that it failed, or aiokafka's sender died of that."""
    return isinstance(error, UnknownError) or (error is not None and failed_itself(error.__cause__))


def given_up(timeout_ms: int, error: BaseException | None = None) -> str:
    """Says, for a person, what has become of a transaction that failed with `error`, or took too long."""
    if failed_itself(error):
        return "the broker failed at a transaction, for a reason that stands in its own log only"
    return (
        f"the broker gave up a transaction that stood open for longer than kafka.transaction_timeout ({timeout_ms} ms)"
    )


async def ending_of(
    error: Exception, name: str, settings: Settings, member_id: Callable[[], str]
) -> tuple[Exit, str] | None:
    """How the worker ends after a commit has failed with `error`; None: it goes on, since the partition is still its
    own. `name`: of the partition task. Asks the group for half a minute at most."""
    found = await standing(settings, member_id())
    for _ in range(ASK_TIMES - 1):
        # A broker that stood still comes back with a group that is empty for a moment, until it has read its members.
        if found not in (Standing.UNKNOWN, Standing.ALONE):
            break
        await asyncio.sleep(PAUSE_SECONDS)
        found = await standing(settings, member_id())
    lost = given_up(settings.kafka.transaction_timeout_ms, error)
    if found is Standing.SUCCEEDED:
        named = settings.kafka.group_instance_id
        twice = f"; two with the same kafka.group_instance_id ({named}) put each other out" if named else ""
        return Exit.FENCED, f"{name} was fenced: another worker owns it{twice} ({error!r})"
    if found is Standing.ALONE:
        return Exit.RESTART, (
            f"{name}: {lost}, and the group has no members any more: this worker was stopped or cut off for longer "
            f"than kafka.session_timeout"
        )
    if found is Standing.UNKNOWN and isinstance(error, FENCED):
        return Exit.FENCED, f"{name} was fenced: another worker owns it, or {lost}; no broker says which ({error!r})"
    if found is Standing.UNKNOWN:
        return Exit.RESTART, f"{name}: a commit got no answer, and no broker says whether the partition is still ours"
    return None
