"""How alerts were dealt with, per rule."""

from hypothesis import given
from hypothesis import strategies as st

from stream.alerts.handling import UNTOUCHED, Handling
from stream.alerts.report import Episode, median, p90, report


def episode(rule: str = "low", fired: int = 1_000, resolved: int | None = 5_000, **handling: object) -> Episode:
    return Episode(rule, fired, resolved, Handling(**handling) if handling else UNTOUCHED)  # type: ignore[arg-type]


def test_each_rule_is_told_of_by_its_own_episodes() -> None:
    high, low = report(
        [
            episode("low", by="Li", since_ms=3_000, true_alarm=True),
            episode("low", resolved=None, true_alarm=False),
            episode("high", resolved=2_000),
        ],
        None,
        None,
    )
    assert (low.rule, low.episodes, low.acknowledged, low.acknowledge_ms, low.resolve_ms) == (
        "low",
        2,
        1,
        [2_000],
        [4_000],
    )
    assert (low.judged, low.true_alarms) == (2, 1)
    assert (high.rule, high.episodes, high.acknowledged, high.judged, high.resolve_ms) == ("high", 1, 0, 0, [1_000])


def test_an_episode_belongs_to_the_span_in_which_it_began_to_fire() -> None:
    fired = [episode(fired=at) for at in (999, 1_000, 1_999, 2_000)]
    (of,) = report(fired, 1_000, 2_000)
    assert of.episodes == 2
    assert report(fired, 3_000, None) == []


def test_who_took_it_on_before_it_fired_needed_no_time() -> None:
    (of,) = report([episode(fired=1_000, by="Li", since_ms=400)], None, None)
    assert of.acknowledge_ms == [0]


def test_the_middle_and_nine_in_ten() -> None:
    assert (median([]), p90([])) == (None, None)
    assert (median([7]), p90([7])) == (7, 7)
    assert (median([1, 9, 5]), median([1, 4])) == (5, 2)
    assert (p90(list(range(1, 11))), p90(list(range(1, 12)))) == (9, 10)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=50))
def test_nine_in_ten_do_not_exceed_p90(values: list[int]) -> None:
    found = p90(values)
    assert found in values
    assert 10 * sum(value <= found for value in values) >= 9 * len(values)
    assert 10 * sum(value < found for value in values) < 9 * len(values)
