"""What a worker does before it takes part: waits for the broker, and verifies that all topics are there and fit.

It creates no topic (ADR 0046): on a broker that came back empty it would begin from nothing as if nothing had been.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from stream.backoff import backoff_seconds
from stream.kafka.access import Denial, denial
from stream.kafka.authorized import lacking, missing_acls, refusal_of
from stream.kafka.exits import RefusedError
from stream.kafka.names import Names
from stream.kafka.topics import (
    admin_client,
    deadletter_takes,
    find_deviations,
    leaderless,
    partition_counts,
    wanted_topics,
)
from stream.settings import Settings

MISSING_SECONDS = 10.0
"""How long a topic may be unknown: one just created, or a broker just started, takes a moment."""

log = structlog.get_logger(__name__)


class DeniedError(Exception):
    """The broker has let nobody in for kafka.patience, and waiting cannot help. One line that names the key."""


@dataclass(frozen=True)
class CheckedTopics:
    """Our topics as the broker has them. `partitions`: topic -> its partition count. `deadletter_bytes`: the largest
    record that the dead-letter topic takes. `leaderless`: (topic, partition) of those without a leader."""

    partitions: Mapping[str, int]
    deadletter_bytes: int
    leaderless: frozenset[tuple[str, int]] = frozenset()


async def prepare_topics(settings: Settings, waits: Callable[[str], None] = lambda _: None) -> CheckedTopics:
    """Returns our topics once all are there and fit together.

    Waits for a broker that does not answer for as long as it takes; each attempt logs a line, and `waits` gets the
    reason. DeniedError: the broker answers but has refused us for kafka.patience. TopicsError: the broker does not
    describe a topic. RefusedError: a topic is missing, or partition counts do not fit together. SettingsError: a file
    of a certificate or secret is gone.
    """
    waits_seconds = backoff_seconds()
    denied_since: float | None = None
    while True:
        try:
            return await _prepare(settings)
        except (KafkaError, OSError, TimeoutError, _LackingError) as error:
            met = _unauthorized(error, settings) or await denial(settings)
            why, now = met.text if met is not None else _line(error), time.monotonic()
            denied_since = (denied_since or now) if met is not None and met.final else None
            if denied_since is not None and now - denied_since >= settings.kafka.patience_ms / 1000:
                raise DeniedError(f"{why} (for kafka.patience)") from error
            waits(f"the broker cannot be reached: {why}")
            wait = next(waits_seconds)
            log.warning("the broker cannot be reached", why=why, error=_line(error), retry_in_s=wait)
        if denied_since is not None:
            wait = min(wait, max(settings.kafka.patience_ms / 1000 - (time.monotonic() - denied_since), 0.1))
        await asyncio.sleep(wait)


class _LackingError(Exception):
    """An ACL is missing. One line that names it."""


def _unauthorized(error: BaseException, settings: Settings) -> Denial | None:
    text = str(error) if isinstance(error, _LackingError) else refusal_of(error, "worker", settings)
    return None if text is None else Denial(f"{settings.kafka.bootstrap_servers}: {text}", final=True)


async def _prepare(settings: Settings) -> CheckedTopics:
    async with admin_client(settings) as admin:
        if acls := await missing_acls(admin, "worker", settings):
            raise _LackingError(lacking(acls, "worker", settings))
        names = [topic.name for topic in wanted_topics(settings)]
        counts = await _counts_of(admin, names)
        deviations = await find_deviations(admin, settings)
        room_bytes = await deadletter_takes(admin, settings)
        lost = await leaderless(admin)
    for deviation in deviations:
        log.warning("topic deviates", what=deviation)
    ours = {name: counts[name] for name in names}
    check_counts(settings, ours)
    return CheckedTopics(ours, room_bytes, lost)


async def _counts_of(admin: AIOKafkaAdminClient, names: Sequence[str]) -> Mapping[str, int]:
    """Partition counts, once all these topics are there. RefusedError: one is still missing after ten seconds."""
    until = time.monotonic() + MISSING_SECONDS
    while missing := [name for name in names if name not in (counts := await partition_counts(admin))]:
        if time.monotonic() >= until:
            raise RefusedError(are_missing(missing, len(names)))
        await asyncio.sleep(0.5)
    return counts


def are_missing(missing: Sequence[str], of: int) -> str:
    """Why a worker does not start without these topics, in one line. `of`: how many there should be."""
    if len(missing) == of:
        return (
            f"there is no topic {missing[0]}, and none of the others: `kpi-stream topics create` makes them; if they "
            f"were there before, the broker came back empty, and everything would be counted from nothing"
        )
    more = f" (nor {', '.join(missing[1:3])}{' ...' if len(missing) > 3 else ''})" if len(missing) > 1 else ""
    return (
        f"there is no topic {missing[0]}{more}, though others are there: `kpi-stream topics create` makes what is "
        f"missing; if it was there before, what it held is gone"
    )


def check_counts(settings: Settings, counts: Mapping[str, int]) -> None:
    """RefusedError, in one line that names the topic, if the partition counts do not fit together (contract 1)."""
    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    first = names.inbound[0]
    for topic, same_as in (
        *((topic, first) for topic in names.inbound),
        (names.ledger, first),
        (names.erasures, first),
        (names.windows, names.deltas),
    ):
        if counts[topic] != counts[same_as]:
            raise RefusedError(
                f"{topic} has {counts[topic]} partitions and {same_as} has {counts[same_as]}: they must have as many"
            )


def check_unchanged(before: Mapping[str, int], now: Mapping[str, int]) -> None:
    """RefusedError if a topic has more or fewer partitions than when the worker started (live 1)."""
    for topic, count in before.items():
        if now.get(topic, count) != count:
            raise RefusedError(has_changed(topic, count, now[topic]))


def has_changed(topic: str, before: int, now: int) -> str:
    """Why a worker stops when the partition count of a topic has changed, in one line."""
    return f"{topic} had {before} partitions and now has {now}: growing goes live by backfill and hand-over"


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
