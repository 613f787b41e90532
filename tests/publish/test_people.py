"""Scores, agents' states and names, as read from the topics and a file."""

import random
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from stream.publish.people import People
from stream.settings.board import NamesOfIds
from tests.publish.people_records import agent_now, payout, score

DAY = date(2026, 11, 2)


def told(*records: tuple[bytes, bytes]) -> People:
    people = People()
    for key, value in records:
        people.on_score(key, value)
    return people


def points(people: People, day: date = DAY, entity: str = "a-017") -> str | None:
    card = people.card("main", "agent", entity, "card_agent", day)
    return None if card is None else card.score


@given(st.lists(st.integers(1, 6), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_of_a_score_the_highest_revision_counts_in_any_order(revisions: list[int], shuffled: random.Random) -> None:
    records = [score(points=f"{revision}.0000", revision=revision) for revision in revisions]
    shuffled.shuffle(records)
    assert points(told(*records)) == f"{max(revisions)}.0000"


def test_a_table_shows_the_latest_period_that_has_begun() -> None:
    october = score(points="1.0000", start="2026-10-01", end="2026-11-01")
    december = score(points="3.0000", start="2026-12-01", end="2027-01-01")
    people = told(october, score(points="2.0000"), december)
    assert points(people) == "2.0000"
    assert points(people, date(2026, 12, 1)) == "3.0000"


def test_only_two_periods_of_a_scheme_are_kept() -> None:
    people = told(*(score(points=f"{n}.0000", start=f"2026-{n:02}-01") for n in range(1, 12)))
    assert points(people, date(2026, 9, 30)) is None
    assert points(people, date(2026, 10, 1)) == "10.0000"


def test_a_trial_never_stands_in_a_table_and_a_newer_version_does() -> None:
    people = told(score(points="1.0000"), score(points="9.0000", version=3, trial=True))
    assert points(people) == "1.0000"
    people.on_score(*score(points="2.0000", version=2))
    assert points(people) == "2.0000"
    assert [record["version"] for record in people.records("main", "agent", "a-017", DAY)] == [3, 2, 1]


def test_a_score_that_nobody_has_any_more_is_gone() -> None:
    key, value = score()
    people = told((key, value))
    people.on_score(key, None)
    assert points(people) is None
    assert people.unreadable == 0


def test_scorecards_stand_before_what_is_paid() -> None:
    people = told(payout(), score())
    kinds = [record["kind"] for record in people.records("main", "agent", "a-017", DAY)]
    assert kinds == ["scorecard", "payout"]


def test_what_cannot_be_read_is_counted_and_left_out() -> None:
    people = told((b"card|x", b"{}"), (score()[0], b"not JSON"))
    people.on_agent(b"{}")
    people.on_agent(agent_now(since="yesterday"))
    assert people.unreadable == 4
    assert points(people) is None
    assert people.agents("main") == []


def test_an_agent_does_what_was_said_last_and_nothing_once_all_is_taken_back() -> None:
    people = People()
    people.on_agent(agent_now(state="wrap", revision=2))
    people.on_agent(agent_now(state="on_call", revision=1))
    assert [said.state for said in people.agents("main")] == ["wrap"]
    people.on_agent(agent_now(state=None, since=None, team=None, revision=3))
    assert people.agents("main") == []


def test_an_agents_team_is_that_of_the_latest_state_else_that_of_the_file() -> None:
    people = People()
    people.names = NamesOfIds({}, {"a-017": "t-9", "a-018": "t-9"})
    people.on_agent(agent_now("a-017", team="t-3"))
    assert [people.team_of("main", agent) for agent in ("a-017", "a-018", "a-019")] == ["t-3", "t-9", None]
