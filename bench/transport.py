"""Records a second into an empty agent: Faust's own transport beside the bulk transport, on a real broker.

    .venv/bin/python bench/transport.py --bootstrap 127.0.0.1:9092 [--records 1000000] [--stock-records 50000]

The topic `bench-transport-<pid>` is made (four partitions, values of 210 bytes, lz4) and deleted afterwards. Each side
runs in a process of its own; CPU is that process's user and system time from the first batch to the last.
"""

import argparse
import asyncio
import multiprocessing
import os
import tempfile
import time
from typing import Any, cast

import faust
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from yarl import URL

from stream.kafka.bulk import BulkConsumer, BulkSchema, BulkTransport

PARTITIONS = 4


async def fill(bootstrap: str, topic: str, records: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, PARTITIONS, 1)])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, compression_type="lz4", max_batch_size=262_144)
    await producer.start()
    for partition in range(PARTITIONS):
        batch, sent, waiting = producer.create_batch(), 0, []
        while sent < records // PARTITIONS:
            value = b'{"type":"call","event_id":"%012d"' % sent + b" " * 176 + b"}"
            if batch.append(timestamp=None, key=b"d-%d" % (sent % 5000), value=value) is None:
                waiting.append(await producer.send_batch(batch, topic, partition=partition))
                batch = producer.create_batch()
                continue
            sent += 1
        waiting.append(await producer.send_batch(batch, topic, partition=partition))
        await asyncio.gather(*waiting)
    await producer.stop()


def app_of(bootstrap: str, topic: str, bulk: bool) -> tuple[faust.App, Any]:
    app = faust.App(
        f"bench-{bulk}-{os.getpid()}",
        broker=f"kafka://{bootstrap}",
        store="memory://",
        web_enabled=False,
        topic_disable_leader=True,
        stream_wait_empty=False,
        table_standby_replicas=1,
        datadir=tempfile.mkdtemp(),
        consumer_auto_offset_reset="earliest",
    )
    if not bulk:
        return app, app.topic(topic, value_serializer="raw")
    app.transport = BulkTransport([URL(f"kafka://{bootstrap}")], app).configure({"bootstrap_servers": bootstrap}, 50)
    return app, app.topic(topic, schema=BulkSchema(), maxsize=4, acks=False)


async def consume(bootstrap: str, topic: str, records: int, bulk: bool) -> tuple[float, float, int]:
    app, source = app_of(bootstrap, topic, bulk)
    done = asyncio.get_running_loop().create_future()
    began: list[float] = []
    seen = 0

    @app.agent(source)
    async def swallow(stream: Any) -> None:
        nonlocal seen
        async for item in stream:
            seen += len(item.records) if bulk else 1
            if not began:
                began.extend((time.perf_counter(), time.process_time(), seen))
            if seen >= records and not done.done():
                counted = int(seen - began[2])  # from the first delivery on, which is not counted itself
                done.set_result((time.perf_counter() - began[0], time.process_time() - began[1], counted))

    if bulk:

        async def start(_: Any, assigned: Any, **__: Any) -> None:
            consumer = app.consumer
            assert isinstance(consumer, BulkConsumer)
            await consumer.open_partitions(dict.fromkeys(assigned, (0, 1)))

        app.on_partitions_assigned.connect(cast("Any", start))

    await app.start()
    result = await done
    await app.stop()
    return result  # type: ignore[no-any-return]


def measure(name: str, bootstrap: str, topic: str, records: int, bulk: bool) -> None:
    seconds, cpu, seen = asyncio.run(consume(bootstrap, topic, records, bulk))
    print(f"{name:6} {seen / seconds:>9,.0f} records/s  {cpu / seen * 1e6:6.2f} us of CPU a record  ({seen:,} records)")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--bootstrap", default="127.0.0.1:9092")
    arguments.add_argument("--records", type=int, default=1_000_000)
    arguments.add_argument("--stock-records", type=int, default=50_000)
    asked = arguments.parse_args()
    topic = f"bench-transport-{os.getpid()}"
    asyncio.run(fill(asked.bootstrap, topic, asked.records))
    for name, records, bulk in (("bulk", asked.records, True), ("stock", asked.stock_records, False)):
        worker = multiprocessing.get_context("spawn").Process(
            target=measure, args=(name, asked.bootstrap, topic, records, bulk)
        )
        worker.start()
        worker.join()
    asyncio.run(drop(asked.bootstrap, topic))


async def drop(bootstrap: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.delete_topics([topic])
    await admin.close()


if __name__ == "__main__":
    main()
