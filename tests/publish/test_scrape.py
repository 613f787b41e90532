"""Whoever asks and however often: one text at a time, in its own thread, and rests between them."""

import asyncio
import gzip
import threading
from collections.abc import Callable
from itertools import count

import pytest

from stream.publish.scrape import ASKED_S, KEPT_S, REST, Scrape


class Held:
    """Makes texts `1`, `2`, ..., each when it is let go."""

    def __init__(self) -> None:
        self.made = count(1)
        self.begun = 0
        self.gate = threading.Semaphore(0)

    def __call__(self, _openmetrics: bool) -> bytes:
        self.begun += 1
        assert self.gate.acquire(timeout=60)
        return b"%d" % next(self.made)


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(10_000):
        if holds():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it did not come true")


async def test_all_who_ask_while_a_text_is_made_get_that_one_and_the_loop_turns_meanwhile() -> None:
    held = Held()
    scrape = Scrape(held)
    asking = [asyncio.create_task(scrape.body(zipped=n % 2 == 0)) for n in range(50)]
    await until(lambda: held.begun == 1)
    held.gate.release(2)
    bodies = await asyncio.gather(*asking)
    assert {gzip.decompress(body) if n % 2 == 0 else body for n, body in enumerate(bodies)} == {b"1"}
    assert held.begun == 1
    scrape.close()


async def test_a_text_is_kept_for_nineteen_times_its_work_but_five_seconds_at_most() -> None:
    now_s, worked_s, takes_s, made = 0.0, 0.0, 0.1, count(1)

    def make(_openmetrics: bool) -> bytes:
        nonlocal worked_s
        worked_s += takes_s
        return b"%d" % next(made)

    scrape = Scrape(make, clock=lambda: now_s, cpu=lambda: worked_s)
    assert await scrape.body() == b"1"
    now_s += REST * takes_s - 0.001
    assert await scrape.body() == b"1"
    now_s += 0.001
    takes_s = 3.0
    assert await scrape.body() == b"2"
    now_s += KEPT_S
    assert await scrape.body() == b"3"
    scrape.close()


async def test_an_error_is_for_those_who_waited_and_the_next_request_tries_again() -> None:
    texts = iter([b"", b"well"])

    def make(_openmetrics: bool) -> bytes:
        return next(texts) or bytes(int("not a number"))

    scrape = Scrape(make)
    found = await asyncio.gather(scrape.body(), scrape.body(), return_exceptions=True)
    assert [type(error) for error in found] == [ValueError, ValueError]
    assert await scrape.body() == b"well"
    scrape.close()


async def test_a_request_that_goes_away_does_not_take_the_text_from_the_others() -> None:
    held = Held()
    scrape = Scrape(held)
    gone, stays = asyncio.create_task(scrape.body()), asyncio.create_task(scrape.body())
    await until(lambda: held.begun == 1)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    held.gate.release()
    assert await stays == b"1"
    scrape.close()


async def test_each_form_is_made_only_for_as_long_as_somebody_asks_for_it() -> None:
    now_s, made = 0.0, list[bool]()

    def make(openmetrics: bool) -> bytes:
        made.append(openmetrics)
        return b"o" if openmetrics else b"p"

    scrape = Scrape(make, clock=lambda: now_s, cpu=lambda: 0.0)
    assert (await scrape.body(), await scrape.body(openmetrics=True)) == (b"p", b"o")
    assert gzip.decompress(await scrape.body(zipped=True, openmetrics=True)) == b"o"
    now_s += ASKED_S + KEPT_S
    made.clear()
    assert await scrape.body(openmetrics=True) == b"o"
    assert made == [True]
    scrape.close()
