"""Deletes the deltas that the entity stage has read and committed (live 3): no retention time deletes them."""

from collections.abc import Mapping

import structlog
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete
from aiokafka.errors import KafkaError

from stream.kafka.topics import admin_client
from stream.settings import Settings

log = structlog.get_logger(__name__)


async def purge(settings: Settings, below: Mapping[TopicPartition, int]) -> None:
    """Deletes the records below these offsets. A failure is only logged: the next call, a minute later, deletes
    them."""
    offsets = {tp: RecordsToDelete(offset) for tp, offset in below.items() if offset > 0}
    if not offsets:
        return
    try:
        async with admin_client(settings) as admin:
            await admin.delete_records(offsets, timeout_ms=10_000)
    except (KafkaError, OSError) as error:
        log.warning("deltas could not be purged", error=repr(error))
