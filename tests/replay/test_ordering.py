"""Events in the order of `occurred_at`, whatever fits into memory."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream.replay.ordering import occurred_at_ms, ordered
from stream.replay.reading import Raw


def event(second: int, name: str = "e") -> bytes:
    return f'{{"type":"survey","event_id":"{name}","occurred_at":"2026-11-02T00:00:{second:02}Z"}}'.encode()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    seconds=st.lists(st.tuples(st.integers(0, 59), st.sampled_from("abc")), max_size=60),
    run_bytes=st.sampled_from([1, 200, 1000, 10**9]),
)
def test_the_order_depends_on_the_set_of_lines_and_not_on_what_fits_into_memory(
    tmp_path: Path, seconds: list[tuple[int, str]], run_bytes: int
) -> None:
    raws = [Raw(event(*each), "f", 1) for each in seconds]
    found = [value for _, value, _, _ in ordered(raws, tmp_path, run_bytes)]
    assert found == sorted((raw.value for raw in raws), key=lambda value: (occurred_at_ms(value), value))
    assert list(tmp_path.iterdir()) == []


def test_place_and_value_come_through_a_run_on_disk(tmp_path: Path) -> None:
    raws = [Raw(event(2), "f", 7), Raw(event(1), "g", 9)]
    first, second = ordered(raws, tmp_path, run_bytes=1)
    assert first[1:] == (event(1), "g", 9)
    assert second[1:] == (event(2), "f", 7)


def test_what_is_no_event_comes_first(tmp_path: Path) -> None:
    raws = [Raw(event(1), "f", 1), Raw(b"{", "f", 2), Raw(b'{"occurred_at":"2026"}', "f", 3)]
    assert [at_ms for at_ms, *_ in ordered(raws, tmp_path)][:2] == [0, 0]


def test_the_instant_is_that_of_the_event_also_where_the_quick_way_fails(tmp_path: Path) -> None:
    odd = b'{"occurred_at":"2026-11-02t00:00:01.0009z","x":1}'
    assert occurred_at_ms(odd) == occurred_at_ms(event(1))
    assert occurred_at_ms(b'{"occurred_at":5}') == 0
