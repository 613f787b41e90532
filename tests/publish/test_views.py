"""However many look at however many views: one is made at a time, each has its turn, and places are limited."""

import asyncio
import threading
from collections import Counter

import pytest

from stream.publish import views
from stream.publish.views import FORGOTTEN_S, KEPT_S, MOST_VIEWS, BusyError, Views


class Board:
    """Makes `view n`, n counting up, unless it is held; its clock stands until it is moved."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(views, "REST", 0)
        self._patch = monkeypatch
        self._patience(10)
        self.now_s = 100.0
        self.made: list[str] = []
        self.at_once = 0
        self.open = threading.Event()
        self.open.set()
        self.views: Views[str] = Views(self._make, clock=lambda: self.now_s)

    def _make(self, view: str) -> bytes:
        self.at_once += 1
        assert self.at_once == 1
        self.made.append(view)
        assert self.open.wait(10)
        self.at_once -= 1
        return f"{view} {self.made.count(view)}".encode()

    def _patience(self, seconds: float) -> None:
        self._patch.setattr(views, "WAIT_S", seconds)
        self._patch.setattr(views, "FIRST_WAIT_S", seconds)

    def hold(self) -> None:
        """Nothing is made until `release`, and nobody waits long."""
        self.open.clear()
        self._patience(0.2)

    def release(self) -> None:
        self.open.set()
        self._patience(10)

    async def looks(self, *views: str) -> list[bytes]:
        return list(await asyncio.gather(*(self.views.body(view) for view in views)))


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Board:
    return Board(monkeypatch)


async def test_fifty_who_look_at_one_view_get_one_body_and_a_newer_one_half_a_second_later(board: Board) -> None:
    assert set(await board.looks(*["a"] * 50)) == {b"a 1"}
    board.now_s += KEPT_S - 0.001
    assert await board.looks("a") == [b"a 1"]
    board.now_s += 0.001
    assert set(await board.looks(*["a"] * 50)) == {b"a 2"}
    await board.views.close()


async def test_a_page_that_shows_something_gets_the_body_before_when_a_new_one_takes_long(board: Board) -> None:
    await board.looks("a", "b")
    board.now_s += 1
    board.hold()
    assert await board.looks("a", "b") == [b"a 1", b"b 1"]
    with pytest.raises(BusyError, match="try again"):
        await board.views.body("c")
    board.release()
    await asyncio.sleep(0.1)
    assert await board.looks("a", "b", "c") == [b"a 2", b"b 2", b"c 1"]
    await board.views.close()


async def test_every_view_has_its_turn_however_often_another_is_asked_for(board: Board) -> None:
    names = [f"v{n}" for n in range(20)]
    for _ in range(5):
        await board.looks(*names, *["v0"] * 100)
        board.now_s += KEPT_S
    assert Counter(board.made) == dict.fromkeys(names, 5)
    await board.views.close()


async def test_who_looks_keeps_the_place_and_who_comes_when_all_are_taken_is_told_so(board: Board) -> None:
    names = [f"v{n}" for n in range(MOST_VIEWS)]
    await board.looks(*names)
    board.now_s += FORGOTTEN_S
    with pytest.raises(BusyError, match=f"{MOST_VIEWS} different views are being looked at: choose one"):
        await board.views.body("one more")
    await board.looks(*names[1:])
    board.now_s += 0.001  # nobody has asked for the first for more than ten seconds
    assert await board.looks("one more") == [b"one more 1"]
    assert await board.looks(names[1]) != []
    with pytest.raises(BusyError):
        await board.views.body(names[0])
    await board.views.close()


async def test_a_view_that_nobody_looked_at_for_a_while_is_not_shown_as_it_was(board: Board) -> None:
    await board.looks("a")
    board.now_s += FORGOTTEN_S + 1
    board.hold()
    with pytest.raises(BusyError):
        await board.views.body("a")
    board.release()
    await board.views.close()


async def test_an_error_reaches_who_looks_and_stops_nothing(board: Board) -> None:
    fails = {"bad"}

    def make(view: str) -> bytes:
        if view in fails:
            raise ValueError(view)
        return view.encode()

    of: Views[str] = Views(make)
    with pytest.raises(ValueError, match="bad"):
        await of.body("bad")
    assert await of.body("good") == b"good"
    fails.clear()
    assert await of.body("bad") == b"bad"
    await of.close()
