"""A simulated day with garbage in it, and what a reader must say of each record."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

import orjson

from bench.throughput import RATE, START_MS
from stream.partition.intake import key_partition
from stream.simulate.garbage import Garbage, made_invalid, malformed
from stream.simulate.mess import contradicted
from stream.simulate.route import Event, key_of, topic_of
from stream.simulate.scenario import batch

RECORD_BYTES = 4_096
"""`limits.record_bytes` of the measurement, so that what is too long is no more than a few kilobytes."""

FOR_FILES = ("malformed", "invalid", "oversized", "conflict", "duplicate")
KINDS = (*FOR_FILES, "misrouted")


class Sent(NamedTuple):
    """One record. `partition` None: that of its key. `said`: its dead-letter reason, `duplicate`, `superseded` or
    `accepted`."""

    topic: str
    key: bytes | None
    partition: int | None
    value: bytes
    said: str


def day(events: int, share: float, prefix: str, partitions: int, seed: int = 7) -> Iterator[Sent]:
    """So many records, of which a `share` (0-1) is garbage: any kind, each beside a good event of the day."""
    rng = Random(seed)
    left = events
    for _, event in batch(seed, START_MS, rate=RATE, events=events):
        assert not isinstance(event, Garbage)
        # The world corrects itself: of two versions of a complaint one is superseded, whichever arrives first.
        yield _good(event, prefix, "superseded" if event.get("version", 1) > 1 else "accepted")
        left -= 1
        if left and rng.random() < share / (1 - share):
            yield _bad(event, prefix, partitions, rng)
            left -= 1
        if not left:
            return


def _good(event: Event, prefix: str, said: str = "accepted") -> Sent:
    key = key_of(event)
    return Sent(topic_of(event["type"], prefix), None if key is None else key.encode(), None, orjson.dumps(event), said)


def _bad(event: Event, prefix: str, partitions: int, rng: Random) -> Sent:
    good, said = _good(event, prefix), rng.choice(KINDS)
    if said == "duplicate":
        return good._replace(said=said)
    if said == "conflict":
        return _good(contradicted(event, rng), prefix, said)
    if said == "invalid":
        return good._replace(value=orjson.dumps(made_invalid(event, rng)), said=said)
    if said == "oversized":
        return good._replace(value=orjson.dumps({**event, "note": "x" * RECORD_BYTES}), said=said)
    if said == "misrouted":
        assert good.key is not None
        wrong = (key_partition(good.key, partitions) + 1) % partitions
        keys = ((b"k" + good.key, None), (None, 0), (good.key, wrong), (good.key + b"\xff", None))
        key, partition = rng.choice(keys)
        return good._replace(key=key, partition=partition, said=said)
    noise = b"\xff" + rng.randbytes(rng.randrange(200)).replace(b"\n", b"\r")
    return good._replace(value=rng.choice((noise, bytes(malformed(event, rng)))), said=said)
