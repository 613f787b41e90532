"""A webhook that fails in every way gets each alert, in order; a real HTTP server answers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web

from stream.facts.instant import instant_ms
from stream.forward import posting
from stream.forward.place import PartitionPlace, said
from stream.forward.posting import Poster
from stream.forward.refused import RefusedFile
from stream.forward.silences import Silences
from stream.forward.webhook import Webhook, WebhookChannel
from stream.publish.reading import read_alert
from tests.forward.receiver import Receiver, Time, ok, receiving, until
from tests.publish.records import AS_OF, alert


class Bench:
    """A webhook's channel for one partition, without Kafka."""

    def __init__(self, url: str, poster: Poster, file: RefusedFile, place: PartitionPlace, silences: Silences) -> None:
        self.said: list[str] = []
        self.failures: list[BaseException] = []
        self.place, self.silences = place, silences
        self.webhook = Webhook(url, poster, silences, file, None)
        self.channel = WebhookChannel(self.webhook, place, self.failures.append)
        self._offset = place.offset

    def take(self, *records: tuple[bytes, bytes]) -> None:
        for _, value in records:
            self.channel.take(self._offset, read_alert(value), value)
            self._offset += 1

    async def done(self) -> None:
        await until(lambda: not self.place.waiting or bool(self.failures))
        assert not self.failures


@contextlib.asynccontextmanager
async def bench(
    receiver: Receiver, tmp_path: Path, time: Time | None = None, now: str = AS_OF, place: PartitionPlace | None = None
) -> AsyncIterator[Bench]:
    lines: list[str] = []
    clock = (time or Time()).clock
    with RefusedFile(tmp_path / "refused.jsonl") as file:
        async with Poster(receiver.url, lines.append, clock) as poster:
            of = Bench(receiver.url, poster, file, place or PartitionPlace(0, "x"), Silences(lambda: instant_ms(now)))
            of.said = lines
            yield of
            await of.channel.close()


def episode(number: int, states: tuple[str, ...] = ("firing", "resolved")) -> list[tuple[bytes, bytes]]:
    return [alert(f"{number:04x}", state) for state in states]


def silence(of: Bench, until: str = "2026-11-02T03:00:00Z", **match: str) -> None:
    body = {"action": "silence", "id": "s", "by": "Li", "at": AS_OF, "note": "", "until": until, "match": match}
    of.silences.handlings.put(b"s", orjson.dumps(body))


def in_order(taken: list[str]) -> bool:
    """Whether of each alert the end came after the beginning, and each once."""
    return len(set(taken)) == len(taken) and all(
        taken.index(key.replace("resolved", "firing")) < taken.index(key) for key in taken if "resolved" in key
    )


async def test_every_record_is_posted_once_as_it_is(tmp_path: Path) -> None:
    async with receiving() as receiver, bench(receiver, tmp_path) as of:
        records = [record for number in range(30) for record in episode(number, ("pending", "firing", "resolved"))]
        of.take(*records)
        await of.done()
        assert sorted(post.body for post in receiver.posts) == sorted(value for _, value in records)
        assert in_order(receiver.taken)
        assert (of.webhook.told.posted, of.place.offset, of.said) == (90, 90, [])


async def test_a_receiver_that_is_down_for_a_minute_gets_each_alert_in_order(tmp_path: Path) -> None:
    receiver, time = Receiver(), Time()
    async with bench(receiver, tmp_path, time) as of:
        of.take(*[record for number in range(20) for record in episode(number)])
        await until(lambda: time.at > 1_060)
        assert (receiver.posts, of.place.offset) == ([], 0)
        await receiver.start()
        try:
            await of.done()
        finally:
            await receiver.stop()
        assert len(receiver.taken) == 40
        assert in_order(receiver.taken)
        assert ["trying again" in line for line in of.said] == [True, False]
        assert not any("t0ps3cret" in line for line in of.said)
        assert max(time.waits) <= posting.LONGEST_SECONDS


@pytest.mark.parametrize("status", [500, 502, 503, 429])
async def test_one_that_answers_an_error_is_asked_again_later_and_later(tmp_path: Path, status: int) -> None:
    time = Time()
    answer = lambda number: web.Response(status=status) if number < 7 else ok()  # noqa: E731
    async with receiving(answer) as receiver, bench(receiver, tmp_path, time) as of:
        of.take(*episode(1))
        await of.done()
        assert [post.key for post in receiver.posts] == ["0001:firing"] * 8 + ["0001:resolved"]
        assert time.waits == [1, 2, 4, 8, 16, 30, 30]
        assert len({post.body for post in receiver.posts[:8]}) == 1


async def test_one_that_has_too_much_to_do_is_left_alone_for_as_long_as_it_asks(tmp_path: Path) -> None:
    time = Time()
    answers = {0: web.Response(status=429, headers={"Retry-After": "17"}), 1: ok(), 2: ok()}
    async with receiving(lambda number: answers.get(number, ok())) as receiver, bench(receiver, tmp_path, time) as of:
        of.take(*episode(1, ("firing",)))
        await of.done()
        assert (time.waits, receiver.taken) == ([17], ["0001:firing"])
        of.take(*episode(2, ("firing",)))
        await of.done()
        assert time.waits == [17]


@pytest.mark.parametrize(
    ("asked", "waits"),
    [("Thu, 01 Jan 1970 00:17:10 GMT", 30), ("999999999", 3_600), ("soon", 1), ("Thu, 01 Jan 1970 00:00:00 GMT", None)],
)
async def test_it_may_ask_by_a_date_and_not_for_ever(tmp_path: Path, asked: str, waits: float | None) -> None:
    time = Time()
    answer = lambda n: web.Response(status=503, headers={"Retry-After": asked}) if n == 0 else ok()  # noqa: E731
    async with receiving(answer) as receiver, bench(receiver, tmp_path, time) as of:
        of.take(*episode(1, ("firing",)))
        await of.done()
        assert time.waits == ([] if waits is None else [waits])


@pytest.mark.parametrize("status", [400, 401, 404, 410, 422, 302])
async def test_what_it_refuses_goes_into_a_file_and_the_next_record_is_posted(tmp_path: Path, status: int) -> None:
    answer = lambda number: web.Response(status=status, text="no such ticket") if number == 0 else ok()  # noqa: E731
    async with receiving(answer) as receiver, bench(receiver, tmp_path) as of:
        of.take(*episode(1))
        await of.done()
        assert [post.key for post in receiver.posts] == ["0001:firing", "0001:resolved"]
        (line,) = map(orjson.loads, (tmp_path / "refused.jsonl").read_bytes().splitlines())
        assert (line["status"], line["answer"], line["key"]) == (status, "no such ticket", "0001:firing")
        assert line["posted"] == orjson.loads(episode(1)[0][1])
        assert "t0ps3cret" not in orjson.dumps(line).decode()
        assert (of.webhook.told.refused, of.webhook.told.posted) == (1, 1)


async def test_one_that_is_slow_about_an_alert_keeps_no_other_waiting(tmp_path: Path) -> None:
    free = asyncio.Event()

    async def slow(number: int) -> web.Response:
        if number == 0:
            await free.wait()
        return web.Response()

    async with receiving(slow) as receiver, bench(receiver, tmp_path) as of:
        of.take(*episode(1))
        await until(lambda: bool(receiver.posts))
        of.take(*episode(2))
        await until(lambda: len(receiver.taken) == 2)
        assert receiver.taken == ["0002:firing", "0002:resolved"]
        assert of.place.offset == 0
        free.set()
        await of.done()
        assert in_order(receiver.taken)


async def test_one_that_does_not_answer_in_time_gets_it_again_under_the_same_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "ANSWER_SECONDS", 0.3)
    never = asyncio.Event()

    async def hangs_once(number: int) -> web.Response:
        if number == 0:
            await never.wait()
        return web.Response()

    async with receiving(hangs_once) as receiver, bench(receiver, tmp_path) as of:
        of.take(*episode(1, ("firing",)))
        await of.done()
        never.set()
        assert [post.key for post in receiver.posts] == ["0001:firing"] * 2
        assert any("no answer in 0.3 s" in line for line in of.said)


async def test_at_most_eight_posts_are_under_way(tmp_path: Path) -> None:
    under_way = most = 0

    async def counted(_number: int) -> web.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1
        return web.Response()

    async with receiving(counted) as receiver, bench(receiver, tmp_path) as of:
        of.take(*[record for number in range(60) for record in episode(number)])
        await of.done()
        assert 2 <= most <= posting.AT_ONCE


async def test_of_a_silenced_or_muted_alert_neither_beginning_nor_end_is_posted(tmp_path: Path) -> None:
    async with receiving() as receiver, bench(receiver, tmp_path) as of:
        silence(of, entity="t-4")
        of.take(alert("1", entity="t-4"), alert("2", muted=True), alert("3"))
        of.take(*(alert(number, "resolved", entity="t-4") for number in ("1", "2", "3")))
        await of.done()
        assert receiver.taken == ["3:firing", "3:resolved"]
        assert (of.webhook.told.held_back, of.place.offset) == (4, 6)


async def test_whoever_was_told_of_the_beginning_is_told_of_the_end(tmp_path: Path) -> None:
    async with receiving() as receiver, bench(receiver, tmp_path) as of:
        of.take(alert("1"), alert("2"))
        await of.done()
        silence(of, site="main")
        of.take(alert("1", "resolved"), alert("2", "resolved", muted=True))
        await of.done()
        assert sorted(receiver.taken) == ["1:firing", "1:resolved", "2:firing", "2:resolved"]


async def test_what_nobody_was_told_of_before_a_restart_ends_silently_after_it(tmp_path: Path) -> None:
    async with receiving() as receiver:
        async with bench(receiver, tmp_path) as of:
            silence(of, site="main")
            of.take(alert("1"))
            await of.done()
            place = of.place
        again = PartitionPlace(place.offset, "x", said(place.metadata)[1])
        async with bench(receiver, tmp_path, place=again) as of:
            of.take(alert("1", "resolved"), alert("2", "resolved"))
            await of.done()
        assert receiver.taken == ["2:resolved"]


async def test_a_silence_that_comes_while_the_receiver_is_down_is_heeded(tmp_path: Path) -> None:
    receiver, time = Receiver(), Time()
    async with bench(receiver, tmp_path, time) as of:
        of.take(alert("1"), alert("2", entity="t-4"))
        await until(lambda: len(time.waits) > 4)
        silence(of, entity="t-4")
        await until(lambda: of.place.waiting == 1)
        await receiver.start()
        try:
            await of.done()
        finally:
            await receiver.stop()
        assert receiver.taken == ["1:firing"]


async def test_what_is_not_done_when_it_stops_is_done_after_it(tmp_path: Path) -> None:
    receiver = Receiver()
    records = [record for number in range(5) for record in episode(number)]
    async with bench(receiver, tmp_path) as of:
        of.take(*records)
        await until(lambda: bool(of.said))
        place = of.place
    assert place.offset == 0
    await receiver.start()
    try:
        async with bench(receiver, tmp_path, place=PartitionPlace(place.offset, "x")) as of:
            of.take(*records)
            await of.done()
    finally:
        await receiver.stop()
    assert len(receiver.taken) == 10
    assert in_order(receiver.taken)


async def test_a_file_that_cannot_be_written_is_no_reason_to_lose_an_alert(tmp_path: Path) -> None:
    async with receiving(lambda _number: web.Response(status=400)) as receiver, bench(receiver, tmp_path) as of:

        def full(_line: dict[str, Any]) -> None:
            raise OSError(28, "No space left on device", "refused.jsonl")

        of.webhook.refused.write = full  # type: ignore[assignment,method-assign]
        of.take(*episode(1, ("firing",)))
        await until(lambda: bool(of.failures))
        assert of.place.offset == 0
