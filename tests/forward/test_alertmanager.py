"""What is posted to Alertmanager, by a server that stands in for it; the real one is in test_real_alertmanager.py."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import orjson
import pytest
from aiohttp import web

from stream.facts.instant import instant_ms
from stream.forward.alertmanager import EVERY_SECONDS, Alertmanager, AlertmanagerChannel, alerts_url
from stream.forward.place import PartitionPlace, said
from stream.forward.posting import Poster
from stream.forward.refused import RefusedFile
from stream.forward.silences import Silences
from stream.publish.reading import read_alert
from tests.forward.receiver import Receiver, Time, ok, receiving, until
from tests.publish.records import AS_OF, alert


class Bench:
    """A channel for one partition, without Kafka."""

    def __init__(self, of: Alertmanager, place: PartitionPlace) -> None:
        self.of, self.place, self.failures = of, place, list[BaseException]()
        self.channel: AlertmanagerChannel = of.open(place, self.failures.append)
        self._offset = place.offset

    def take(self, *records: tuple[bytes, bytes]) -> None:
        for _, value in records:
            self.channel.take(self._offset, read_alert(value), value)
            self._offset += 1

    def silence(self, end: str = "2026-11-02T03:00:00Z", **match: str) -> None:
        body = {"action": "silence", "id": "s", "by": "Li", "at": AS_OF, "until": end, "match": match}
        self.of.silences.handlings.put(b"s", orjson.dumps(body))

    async def done(self) -> None:
        await until(lambda: not self.place.waiting or bool(self.failures))
        assert not self.failures


@contextlib.asynccontextmanager
async def bench(
    receiver: Receiver | str,
    tmp_path: Path,
    time: Time,
    begin: bool = True,
    held: Sequence[str] = (),
    first: bool = False,
) -> AsyncIterator[Bench]:
    clock, url = time.clock, receiver if isinstance(receiver, str) else receiver.url
    with RefusedFile(tmp_path / "refused.jsonl") as file:
        async with Poster(url, lambda _line: None, clock) as poster:
            started = time.at
            silences = Silences(lambda: instant_ms(AS_OF) + round(1_000 * (time.at - started)))
            place = PartitionPlace(0, "x", held, first=first)
            of = Bench(Alertmanager(url, poster, silences, file, clock), place)
            if begin:
                of.channel.begin()
            yield of
            await of.channel.close()


def told(receiver: Receiver) -> list[list[tuple[str, bool]]]:
    """Of every post: (entity, whether it has ended) of its alerts."""
    return [[(each["labels"]["entity"], "endsAt" in each) for each in post.json] for post in receiver.posts]


class Held(Time):
    """Time that passes only by `minute`."""

    sleepers = 0

    async def _sleep(self, seconds: float) -> None:
        end = self.at + seconds
        self.sleepers += 1
        try:
            await until(lambda: self.at >= end)
        finally:
            self.sleepers -= 1

    async def minute(self) -> None:
        """Lets a minute pass, once somebody waits for it."""
        await until(lambda: self.sleepers > 0)
        self.at += EVERY_SECONDS


async def test_a_change_is_posted_at_once_and_what_fires_again_each_minute(tmp_path: Path) -> None:
    time = Held()
    async with receiving() as receiver, bench(receiver, tmp_path, time) as of:
        of.take(alert("1"), alert("2", entity="t-4"), alert("3", "pending", entity="t-5"))
        await of.done()
        assert told(receiver) == [[("t-3", False), ("t-4", False)]]
        await time.minute()
        await until(lambda: len(receiver.posts) == 2)
        await time.minute()
        await until(lambda: len(receiver.posts) == 3)
        assert told(receiver)[1:] == [[("t-3", False), ("t-4", False)]] * 2
        of.take(alert("1", "resolved"))
        await of.done()
        assert told(receiver)[3] == [("t-3", True)]
        await time.minute()
        await until(lambda: len(receiver.posts) == 5)
        assert told(receiver)[4] == [("t-4", False)]


async def test_changes_of_an_alert_are_posted_one_after_the_other(tmp_path: Path) -> None:
    async with receiving() as receiver, bench(receiver, tmp_path, Held()) as of:
        of.take(alert("1"), alert("2", entity="t-4"), alert("1", "resolved"), alert("2", "resolved", entity="t-4"))
        await of.done()
        assert told(receiver) == [[("t-3", False), ("t-4", False)], [("t-3", True), ("t-4", True)]]


async def test_an_end_has_the_labels_of_the_beginning_though_its_rule_has_others_now(tmp_path: Path) -> None:
    async with receiving() as receiver, bench(receiver, tmp_path, Held()) as of:
        of.take(alert("1", labels={"desk": "a"}), alert("1", "resolved", labels={"desk": "b"}, severity="critical"))
        await of.done()
        begins, ends = (post.json[0]["labels"] for post in receiver.posts)
        assert begins == ends


async def test_after_a_restart_what_still_fires_is_posted_again_and_nothing_that_has_ended(tmp_path: Path) -> None:
    async with receiving() as receiver, bench(receiver, tmp_path, Held(), begin=False) as of:
        for _, value in (alert("1"), alert("2", entity="t-4"), alert("2", "resolved", entity="t-4")):
            of.channel.remember(read_alert(value))
        of.channel.begin()
        await until(lambda: bool(receiver.posts))
        of.take(alert("1", "resolved"))
        await of.done()
        assert told(receiver) == [[("t-3", False)], [("t-3", True)]]


async def test_what_nobody_was_told_of_before_a_restart_ends_silently_after_it(tmp_path: Path) -> None:
    async with receiving() as receiver:
        async with bench(receiver, tmp_path, Held()) as of:
            of.silence(site="main")
            of.take(alert("1"))
            await of.done()
            held = said(of.place.metadata)[1]
        async with bench(receiver, tmp_path, Held(), begin=False, held=held) as of:
            of.channel.remember(read_alert(alert("1")[1]))
            of.silence(site="main")
            of.channel.begin()
            of.take(alert("1", "resolved"), alert("2", "resolved", entity="t-4"))
            await of.done()
        assert told(receiver) == [[("t-4", True)]]


async def test_one_that_is_down_hears_of_each_change_in_order(tmp_path: Path) -> None:
    receiver, time = Receiver(), Time()
    async with bench(receiver, tmp_path, time) as of:
        of.take(alert("1"), alert("1", "resolved"), alert("2", entity="t-4"))
        await until(lambda: time.at > 1_060)
        await receiver.start()
        try:
            await of.done()
        finally:
            await receiver.stop()
    assert [each for post in told(receiver) for each in post][:3] == [("t-3", False), ("t-3", True), ("t-4", False)]


async def test_silenced_and_muted_ones_are_not_posted_until_the_silence_is_over(tmp_path: Path) -> None:
    time = Held()
    async with receiving() as receiver, bench(receiver, tmp_path, time) as of:
        of.silence(end="2026-11-02T01:18:00Z", entity="t-4")  # 40 s after now
        of.take(alert("1"), alert("2", entity="t-4"), alert("3", muted=True, entity="t-5"))
        await of.done()
        assert told(receiver) == [[("t-3", False)]]
        await time.minute()
        await until(lambda: len(receiver.posts) == 2)
        assert told(receiver)[1] == [("t-3", False), ("t-4", False)]
        of.silence(site="main")
        of.take(*(alert(n, "resolved", entity=e) for n, e in (("1", "t-3"), ("2", "t-4"), ("3", "t-5"))))
        await of.done()
        assert told(receiver)[2:] == [[("t-3", True), ("t-4", True)]]


async def test_one_that_is_silenced_while_it_fires_goes_on_and_ends_when_it_ends(tmp_path: Path) -> None:
    """An Alertmanager that hears no more of an alert says that it is over; a silence is no end."""
    time = Held()
    async with receiving() as receiver:
        async with bench(receiver, tmp_path, time) as of:
            of.take(alert("1"))
            await of.done()
            of.silence(site="main")
            of.take(alert("2", entity="t-4"))
            await of.done()
            for minutes in range(1, 7):
                await time.minute()
                await until(lambda n=minutes + 1: len(receiver.posts) == n)  # type: ignore[misc]
            assert told(receiver) == [[("t-3", False)]] * 7
            said_so = [post.json[0]["annotations"].get("silenced") for post in receiver.posts]
            assert said_so == [None, *["until 2026-11-02T03:00:00Z by Li: "] * 6]
            held = said(of.place.metadata)[1]
        async with bench(receiver, tmp_path, Held(), begin=False, held=held) as of:  # a restart changes nothing of it
            of.silence(site="main")
            for _, value in (alert("1"), alert("2", entity="t-4")):
                of.channel.remember(read_alert(value))
            of.channel.begin()
            await until(lambda: len(receiver.posts) == 8)
            of.take(alert("1", "resolved"), alert("2", "resolved", entity="t-4"))
            await of.done()
        assert told(receiver)[7:] == [[("t-3", False)], [("t-3", True)]]


async def test_what_was_never_sent_and_is_silenced_stays_so(tmp_path: Path) -> None:
    async with receiving() as receiver, bench(receiver, tmp_path, Held(), begin=False, first=True) as of:
        of.silence(site="main")
        of.channel.remember(read_alert(alert("1")[1]))
        of.channel.begin()
        of.take(alert("2", site="pune"))
        await of.done()
        assert {each["labels"]["site"] for post in receiver.posts for each in post.json} == {"pune"}


async def test_one_that_it_refuses_keeps_no_other_from_being_told_and_is_not_posted_again(tmp_path: Path) -> None:
    time = Held()

    def refuses(number: int) -> web.Response:
        entities = [entity for entity, _ in told(receiver)[number]]
        return web.Response(status=400, text="bad label") if "t-4" in entities else ok()

    async with receiving() as receiver, bench(receiver, tmp_path, time) as of:
        receiver.answer = refuses
        of.take(alert("1"), alert("2", entity="t-4"), alert("3", entity="t-5"))
        await of.done()
        assert [post.status for post in receiver.posts] == [400, 200, 400, 200]
        await time.minute()
        await until(lambda: len(receiver.posts) == 5)
        assert told(receiver)[4] == [("t-3", False), ("t-5", False)]
    (line,) = map(orjson.loads, (tmp_path / "refused.jsonl").read_bytes().splitlines())
    assert (line["key"], line["status"], line["answer"]) == ("2:firing", 400, "bad label")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://am:9093", "http://am:9093/api/v2/alerts"),
        ("http://am:9093/", "http://am:9093/api/v2/alerts"),
        ("https://ops.example.org/am", "https://ops.example.org/am/api/v2/alerts"),
        ("http://am:9093/api/v2/alerts", "http://am:9093/api/v2/alerts"),
    ],
)
def test_its_address_is_the_one_that_people_know(url: str, address: str) -> None:
    assert alerts_url(url) == address
