"""How long is waited before the next attempt."""

from itertools import islice

from stream.backoff import backoff_seconds


def test_each_wait_is_twice_the_one_before_and_none_is_above_the_longest() -> None:
    assert list(islice(backoff_seconds(), 6)) == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    assert list(islice(backoff_seconds(5.0, 3.0), 2)) == [3.0, 3.0]
