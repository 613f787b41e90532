"""Dead letters as a user sees them (contract 1 and 2): each bad record once, unchanged, with its reason."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from stream.facts.instant import instant_text
from stream.kafka.names import Names
from stream.kafka.topics import create_topics
from tests.kafka.records import call, debtor_of
from tests.kafka.workers import WorkerProcess, committed, configured, produce, until_counted

pytestmark = [pytest.mark.broker, pytest.mark.timeout(150)]

CODECS = (None, "gzip", "snappy", "lz4", "zstd")
PARTITIONS = 4
D = debtor_of(1, PARTITIONS)
KEY = D.encode()

Bad = tuple[str, bytes | None, bytes | None, int | None]
"""(reason, key, value, partition or that of the key)."""


def good(number: int, **fields: object) -> bytes:
    return call(number, number * 1_000, D, **fields)


def with_raw(field: bytes) -> bytes:
    """A good event with one more field as it stands."""
    return good(900)[:-1] + b"," + field + b"}"


def bad_records() -> list[Bad]:
    late = instant_text(time.time_ns() // 1_000_000 + 6 * 60_000)
    malformed = [
        b"", b" \n", b"\xef\xbb\xbf" + good(901), good(902)[:-1], good(903) + b"x", with_raw(b'"x":NaN'),
        with_raw(b'"x":-Infinity'), with_raw(b'"x":"\xff"'), with_raw(b'"x":"\xed\xa0\x80"'), b"\x00" * 64,
        b"[" * 10_000, with_raw(b'"x":"\x01"'),
    ]  # fmt: skip
    invalid = [
        b"{}", b"[]", b"7", b"null", b'"call"', good(910, type="telegram"), good(911, talk_ms=100.0),
        good(912, talk_ms=2**53), good(913, talk_ms=-1), good(914, talk_ms="60"), good(915, recorded="yes"),
        good(916, event_id=""), good(917, call_id="x" * 257), good(918, call_id="a|b"), good(919, call_id="a\u00a0b"),
        good(920).replace(b'"c-920"', b'"\\ud800"'), good(921, occurred_at="2024-01-01T12:00:60Z"),
        good(922, occurred_at="2024-01-01T12:00:00"), good(923, debtor_id=None, case_id="c-1"),
        good(924, occurred_at=late), good(925).replace(b'"talk_ms": 1000', b'"talk_ms": ' + b"9" * 5_000),
    ]  # fmt: skip
    misrouted: list[Bad] = [
        ("misrouted", None, good(930), None), ("misrouted", b"", good(931), None),
        ("misrouted", KEY + b"\xff", good(932), None), ("misrouted", KEY + b" ", good(933), None),
        ("misrouted", KEY, good(934), 3), ("misrouted", b"a-1", good(935), None),
    ]  # fmt: skip
    return [
        *(("malformed", KEY, value, None) for value in malformed),
        *(("invalid", KEY, value, None) for value in invalid),
        *misrouted,
        ("oversized", KEY, with_raw(b'"x":"%s"' % (b"x" * 20_000)), None),
        ("oversized", None, b"x" * 20_000, None),
        ("conflict", KEY, good(0, talk_ms=7, event_id="e-"), None),
        ("conflict", KEY, good(1, talk_ms=7, event_id="e-1000"), None),
    ]


async def test_each_bad_record_is_dead_lettered_once_unchanged_and_says_why_and_where_it_lay(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    config, settings = configured(broker, topic_prefix, tmp_path, limits={"record_bytes": 16_384})
    await asyncio.to_thread(create_topics, settings)
    names = Names(topic_prefix, topic_prefix)
    inbound = names.inbound[0]
    soon = instant_text(time.time_ns() // 1_000_000 + 4 * 60_000)
    fits = with_raw(b'"x":""').replace(b"e-900", b"e-905").replace(b"c-900", b"c-905")
    fits = fits.replace(b'"x":""', b'"x":"%s"' % (b"x" * (16_384 - len(fits)))) + b"\n"  # a newline does not count
    fine = [*(good(n) for n in range(10)), fits, good(906, occurred_at=soon)]
    await produce(broker, inbound, [(KEY, value) for value in fine])
    bad = bad_records()
    wanted = {(key, value): reason for reason, key, value, _ in bad}
    for number, (_, key, value, partition) in enumerate(bad):
        headers = [("trace", b"%d" % number), ("reason", b"the producer's own"), ("trace", b"\xff\x00")]
        codec = CODECS[number % len(CODECS)]
        await produce(broker, inbound, [(key, value)], codec=codec, partition=partition, headers=headers)
    async with WorkerProcess(config) as worker:
        await worker.ready()
        await until_counted(settings, "dials", "site", {"main": len(fine)})
        await worker.counts('collections_deadletters_total{reason="conflict"}', 2)
        letters = await committed(broker, names.deadletter)
        assert len(letters) == len(bad) == len(wanted)
        origin = {(str(r.partition), str(r.offset)): r for r in await committed(broker, inbound)}
        for letter in letters:
            said = dict(letter.headers[-5:])
            assert [name for name, _ in letter.headers[-5:]] == ["reason", "detail", "topic", "partition", "offset"]
            assert said["topic"].decode() == inbound
            came = origin.pop((said["partition"].decode(), said["offset"].decode()))
            assert (letter.key, letter.value) == (came.key, came.value)
            assert letter.headers[:-5] == came.headers
            assert said["detail"]
            assert wanted[letter.key, letter.value] == said["reason"].decode(), (letter.value, said)
        assert {_detail(letter) for letter in letters if _is(letter, "conflict")} == {
            "this event counts; event_id 'e-0', which came before it, does not",
            "event_id 'e-1' counts, this event does not",
        }


def _is(letter: Any, reason: str) -> bool:
    return bool(dict(letter.headers[-5:])["reason"] == reason.encode())


def _detail(letter: Any) -> str:
    return str(dict(letter.headers[-5:])["detail"].decode())
