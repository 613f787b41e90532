"""aiokafka's consumer, with a fetcher that unpacks batches by batch.py.

Everything that reads a topic takes the consumer from here (a test looks for other imports).
"""

from aiokafka import AIOKafkaConsumer
from aiokafka.consumer import fetcher

from stream.wire.batch import WireRecords

# The one place where aiokafka turns what a broker sent into batches, and it has no other hook (ADR 0040).
fetcher.MemoryRecords = WireRecords

__all__ = ["AIOKafkaConsumer"]
