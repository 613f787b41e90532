"""A program that reads alerts: each change of each alert has its effect once, whatever is repeated or restarted.

    python alert_consumer.py alerts.sqlite localhost:9092 collections.alerts.v1

It keeps a table `alert` with every alert as it is now, and `told` with what somebody should be told, a line for each.
What it has read, what came of it and how far it is are one transaction of one file: after a crash nothing is missing
and nothing is there twice. It ends at the end of the topic: run it from a timer.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from typing import Any

from aiokafka import AIOKafkaConsumer

TABLES = """
CREATE TABLE IF NOT EXISTS alert (alert_id TEXT PRIMARY KEY, state TEXT, rule TEXT, site TEXT, entity TEXT, at TEXT);
CREATE TABLE IF NOT EXISTS told (alert_id TEXT, state TEXT, line TEXT, PRIMARY KEY (alert_id, state));
CREATE TABLE IF NOT EXISTS place (partition INTEGER PRIMARY KEY, next INTEGER);
"""


def opened(file: str) -> sqlite3.Connection:
    """The file with its tables."""
    database = sqlite3.connect(file)
    database.executescript(TABLES)
    return database


def take(database: sqlite3.Connection, record: dict[str, Any]) -> None:
    """Takes one record. Taken again, or after its alert has ended, it changes nothing."""
    key = record["alert_id"], record["state"]
    ended = database.execute("SELECT 1 FROM alert WHERE alert_id = ? AND state = 'resolved'", key[:1]).fetchone()
    if ended:
        return
    row = (*key, record["rule"], record["site"], record["entity"], record["at"])
    database.execute("INSERT OR REPLACE INTO alert VALUES (?, ?, ?, ?, ?, ?)", row)
    if record["state"] == "firing" and record.get("muted"):
        return  # another alert speaks for it
    begun = database.execute("SELECT 1 FROM told WHERE alert_id = ?", key[:1]).fetchone()
    if record["state"] == "pending" or (record["state"] == "resolved" and not begun):
        return  # who was told of no beginning need not be told of an end
    where = f"{record['entity']} at {record['site']}"
    line = f"{record['at']} {record['severity']} {record['state']}: {where}, {record['reason']}"
    database.execute("INSERT OR IGNORE INTO told VALUES (?, ?, ?)", (*key, line))


async def read(database: sqlite3.Connection, servers: str, topic: str) -> int:
    """Reads from where the file is to the end of the topic; gives the number of records."""
    # Records of transactions that were not committed are not there for us.
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=servers, isolation_level="read_committed")
    await consumer.start()
    try:
        partitions = consumer.assignment()  # without a group: all partitions of the topic
        starts, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
        places = dict(database.execute("SELECT partition, next FROM place"))
        for each in partitions:
            consumer.seek(each, max(starts[each], places.get(each.partition, 0)))
        number = 0
        while any([await consumer.position(each) < ends[each] for each in partitions]):
            for each, records in (await consumer.getmany(timeout_ms=500)).items():
                with database:  # one transaction: the records, what came of them, and the place
                    for record in records:
                        if record.value is not None:
                            take(database, json.loads(record.value))
                    database.execute(
                        "INSERT OR REPLACE INTO place VALUES (?, ?)", (each.partition, records[-1].offset + 1)
                    )
                number += len(records)
        return number
    finally:
        await consumer.stop()


def main(file: str, servers: str, topic: str) -> None:
    database = opened(file)
    number = asyncio.run(read(database, servers, topic))
    (firing,) = database.execute("SELECT count(*) FROM alert WHERE state = 'firing'").fetchone()
    sys.stdout.write(f"{number} records read, {firing} alerts fire\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
