"""Who owns our partitions once the broker refuses a producer of ours: another worker, or still this one (ADR 0045)."""

import asyncio
from collections.abc import Callable
from enum import Enum

from aiokafka.errors import KafkaError, KafkaTimeoutError

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
    members = {member[0] for response in responses for group in response.groups for member in group[5]}
    if member_id in members:
        return Standing.MEMBER
    return Standing.SUCCEEDED if members else Standing.ALONE


def is_lost(error: KafkaError) -> bool:
    """Whether the work of a commit that failed so may be done again from the last commit, if the partition is still
    ours: the broker refuses the producer, gave no answer in time, or has no leader for a partition."""
    return isinstance(error, (*FENCED, KafkaTimeoutError)) or bool(error.retriable)


def given_up(timeout_ms: int) -> str:
    """Says, for a person, what has become of a transaction that took too long."""
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
        if found is not Standing.UNKNOWN:
            break
        await asyncio.sleep(PAUSE_SECONDS)
        found = await standing(settings, member_id())
    lost = given_up(settings.kafka.transaction_timeout_ms)
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
