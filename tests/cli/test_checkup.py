"""`doctor` compares this machine's clock with the broker's, as a worker does (live 2)."""

import pytest

from stream.cli.checkup import CLOCK_MS, _clock

NOW_MS = 1_704_110_400_000


@pytest.mark.parametrize(
    ("newest_ms", "status", "said"),
    [
        (NOW_MS + CLOCK_MS + 1_000, "fail", "this machine's clock is at least 61 s behind the broker's"),
        (NOW_MS + CLOCK_MS, "ok", "stamped the newest record"),
        (NOW_MS - 2_000, "ok", "stamped the newest record 2.0 s ago"),
        (NOW_MS - CLOCK_MS - 1, "ok", "nothing came in within a minute to tell more"),
        (0, "ok", "nothing came in"),
    ],
)
def test_a_clock_that_is_a_minute_behind_the_brokers_is_found(newest_ms: int, status: str, said: str) -> None:
    found = _clock(newest_ms, NOW_MS)
    assert CLOCK_MS == 60_000
    assert (found.verdict, found.subject) == (status, "clock")
    assert said in found.text
