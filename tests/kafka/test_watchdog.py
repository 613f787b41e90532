"""Laws of the watchdog (live 1)."""

import threading
import time
from typing import Any

import pytest

from deploy.local.broker import free_port
from stream.kafka.exits import Exit
from stream.worker import watchdog
from stream.worker.watchdog import Stalls, Watchdog, any_answers


def test_what_does_not_move_for_longer_than_the_limit_is_named() -> None:
    stalls = Stalls(60)
    assert stalls.find({"calls-3": 7}, 0) == []
    assert stalls.find({"calls-3": 7}, 60) == []
    assert stalls.find({"calls-3": 7}, 61) == ["calls-3"]


def test_what_moves_or_rests_in_between_is_not() -> None:
    stalls = Stalls(60)
    stalls.find({"moves": 1, "rests": 1}, 0)
    stalls.find({"moves": 2}, 50)
    assert stalls.find({"moves": 2, "rests": 1}, 100) == []
    assert stalls.find({"moves": 2, "rests": 1}, 111) == ["moves"]


class Ends:
    """Records how the worker would have ended."""

    def __init__(self) -> None:
        self.reasons: list[tuple[Exit, str]] = []
        self.seen = threading.Event()

    def __call__(self, code: Exit, reason: str) -> None:
        self.reasons.append((code, reason))
        self.seen.set()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "EVERY_SECONDS", 0.02)


def run(dog: Watchdog, ends: Ends, *, beating: bool, seconds: float = 2.0) -> bool:
    dog.start()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not ends.seen.wait(0.02):
        if beating:
            dog.beat()
    dog.stop()
    return ends.seen.is_set()


def test_a_loop_that_stands_still_ends_the_worker(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "LOOP_SECONDS", 0.3)
    ends = Ends()
    assert run(Watchdog(dict, "127.0.0.1:1", ends, 60), ends, beating=False)
    assert ends.reasons[0][0] is Exit.RESTART
    assert "loop" in ends.reasons[0][1]


def test_a_stall_with_a_broker_there_ends_the_worker_by_name(quick: None, unused_server: Any) -> None:
    ends = Ends()
    assert run(Watchdog(lambda: {"calls-3": 7}, unused_server, ends, 0.2), ends, beating=True)
    assert ends.reasons[0] == (Exit.RESTART, "no progress for 0 s: calls-3")


def test_a_stall_without_a_broker_is_waited_for(quick: None) -> None:
    ends = Ends()
    dog = Watchdog(lambda: {"calls-3": 7}, f"127.0.0.1:{free_port()}", ends, 0.1)
    assert not run(dog, ends, beating=True, seconds=1)


def test_a_stall_of_what_is_excused_is_named_and_waited_for(quick: None, unused_server: Any) -> None:
    ends = Ends()
    dog = Watchdog(lambda: {"calls-3": 7}, unused_server, ends, 0.1, lambda: {"calls-3"})
    assert not run(dog, ends, beating=True, seconds=1)
    assert dog.standing["calls-3"] > 0.1


def test_any_of_several_servers_is_enough(unused_server: str) -> None:
    assert any_answers(f"127.0.0.1:{free_port()}, {unused_server}")
    assert not any_answers(f"127.0.0.1:{free_port()}")


@pytest.fixture
def unused_server() -> Any:
    import socket

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
