"""What an entity's rules keep between evaluations, and over a restart (live 2 and 5)."""

from stream.alerts.rules import exact
from tests.alerts.driven import BASE, MINUTE, PANE, PLAN, Driven, calls, rule, states


def test_a_pane_is_kept_as_long_as_the_longest_rolling_window_of_the_entity_and_no_longer() -> None:
    #  08:00:20 [dials 5]     30 s: 08:00:30 to 08:01:00     2 min: 08:00:30 to 08:02:30
    short, long = (rule(rule=name, window=name, above=True, threshold=exact("4")) for name, _ in PLAN.rolling)
    driven = Driven([short, long])
    calls(driven, 1 / 3, dials=5)
    driven.advance(BASE + 2 * MINUTE)
    driven = driven.restart()
    driven.advance(BASE + 10 * MINUTE)
    assert [(each["rule"], each["state"], each["at"][11:]) for each in driven.said] == [
        ("rolling_2m", "firing", "08:00:30Z"), ("rolling_30s", "firing", "08:00:30Z"),
        ("rolling_30s", "resolved", "08:01:00Z"), ("rolling_2m", "resolved", "08:02:30Z"),
    ]  # fmt: skip
    assert driven.feeds["main|site|a"].panes == {}
    assert not any(b"|p|" in key for key in driven.state)


def test_who_was_seen_once_is_known_after_a_restart_though_nothing_fired() -> None:
    driven = Driven([rule(threshold=exact("1"))])
    calls(driven, 0, dials=1)
    driven.advance(BASE + 2 * PANE)
    driven = driven.restart()
    assert driven.said == []
    driven.advance(BASE + MINUTE)
    assert states(driven) == [("firing", "08:00:40Z")]
