"""Counts of debtors near and at the limits of conduct rules, for the page."""

import pickle
import random
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.conduct.standing import ConductStanding, gone
from stream.engine.debtors.findings import ConductFinding
from stream.facts.instant import instant_ms
from stream.ledger.contribution import Credit
from stream.publish import standings
from stream.publish.latest_records import LatestRecords
from stream.publish.standings import StandingCounts
from tests.publish.records import ROLLING, Record, breach, kpi, standing, value

RULE = "us_reg_f.calls_in_7_days"
CLEARS_AT = "2026-11-05T14:10:00Z"


def told(*records: Record) -> LatestRecords:
    of = LatestRecords(ROLLING)
    for record in records:
        of.on_conduct(*record)
    return of


def counts(of: LatestRecords, site: str = "main") -> dict[tuple[str, str], tuple[int, int, int]]:
    rows = of.standings.rows(site)
    return {(row["team"], row["rule"]): (row["near"], row["reached"], row["breached"]) for row in rows}


def test_debtors_are_counted_by_site_team_rule_and_state() -> None:
    of = told(
        standing("d-1"), standing("d-2"), standing("d-3", "reached"), standing("d-4", "breached"),
        standing("d-1", rule="any.other"), standing("d-5", team="t-4"), standing("d-6", site="pune"),
        standing("d-7", "clear"),
    )  # fmt: skip
    assert counts(of) == {("t-3", RULE): (2, 1, 1), ("t-3", "any.other"): (1, 0, 0), ("t-4", RULE): (1, 0, 0)}
    assert counts(of, "pune") == {("t-3", RULE): (1, 0, 0)}
    assert counts(of, "elsewhere") == {}


def test_a_debtor_with_several_cases_counts_once_in_the_worst_state() -> None:
    of = told(standing(case="c-1"), standing(case="c-2", state="reached"), standing(case="c-3"))
    assert counts(of) == {("t-3", RULE): (0, 1, 0)}
    of.on_conduct(*standing(case="c-2", state="clear", revision=2))
    assert counts(of) == {("t-3", RULE): (1, 0, 0)}
    of.on_conduct(*standing(case="c-3", team="t-4", revision=2))
    assert counts(of) == {("t-3", RULE): (1, 0, 0), ("t-4", RULE): (1, 0, 0)}


def test_one_that_is_clear_again_or_changes_team_counts_no_more_where_it_was() -> None:
    of = told(standing(), standing(state="reached", team="t-4", revision=2))
    assert counts(of) == {("t-4", RULE): (0, 1, 0)}
    of.on_conduct(*standing(state="clear", team="t-4", revision=3))
    assert counts(of) == {}


@given(st.lists(st.sampled_from(range(1, 7)), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_repetitions_and_old_revisions_change_nothing(revisions: list[int], shuffled: random.Random) -> None:
    """One revision never has two contents, so any order with any repetitions counts the content of the highest."""
    states = ("clear", "near", "reached", "breached")
    records = [standing(state=states[r % 4], team=f"t-{r % 3}", revision=r) for r in revisions]
    shuffled.shuffle(records)
    assert counts(told(*records)) == counts(told(standing(
        state=states[max(revisions) % 4], team=f"t-{max(revisions) % 3}", revision=max(revisions)
    )))  # fmt: skip


def test_a_standing_is_over_at_the_instant_it_clears_and_not_a_millisecond_before() -> None:
    of = told(standing())
    clears_ms = instant_ms(CLEARS_AT)
    of.standings.advance("pune", clears_ms)
    of.standings.advance("main", clears_ms - 1)
    assert counts(of) == {("t-3", RULE): (1, 0, 0)}
    of.standings.advance("main", clears_ms)
    assert counts(of) == {}
    of.on_conduct(*standing("d-8"))
    assert counts(of) == {}, "over before it came"
    assert len(of.standings) == 0, "nothing of it stays"


def test_a_site_counts_up_to_what_its_kpi_records_say() -> None:
    of = told(standing())
    of.on_kpi(*kpi(value("dials", 1), as_of="2026-11-05T14:09:50Z"))
    assert counts(of) == {("t-3", RULE): (1, 0, 0)}
    of.on_kpi(*kpi(value("dials", 1), as_of=CLEARS_AT))
    of.on_kpi(*kpi(value("dials", 1), entity="a-018", as_of="2026-11-02T01:17:20Z"))
    assert counts(of) == {}


def test_a_standing_that_lasts_longer_with_a_later_record_is_counted_until_then() -> None:
    of = told(standing(), standing(clears_at="2026-11-06T00:00:00Z", revision=2))
    of.standings.advance("main", instant_ms(CLEARS_AT))
    assert counts(of) == {("t-3", RULE): (1, 0, 0)}
    of.standings.advance("main", instant_ms("2026-11-06T00:00:00Z"))
    assert (counts(of), len(of.standings)) == ({}, 0)


def test_what_the_debtor_stage_says_of_a_standing_is_what_is_counted() -> None:
    of = LatestRecords(ROLLING)
    credit = Credit("main", "t-3", "a-1")
    at_ms = instant_ms(CLEARS_AT)
    stands = ConductStanding("any.other", "d-1", None, "n-1", "reached", 6, 6, at_ms - 1, at_ms, credit)
    for finding, revision in ((ConductFinding(stands), 1), (ConductFinding(gone(stands)), 2)):
        of.on_conduct(*finding.encoded(revision, "live"))
        assert counts(of) == ({("t-3", "any.other"): (0, 1, 0)} if revision == 1 else {})
    assert of.unreadable == 0


def test_breaches_are_passed_over_and_what_cannot_be_read_is_counted() -> None:
    of = told(breach(), standing())
    assert of.unreadable == 0
    for key, body in ((b"S|d|r|", b"not JSON"), (b"S|d", None), (None, b"{}")):
        of.on_conduct(key, body)
    of.on_conduct(*standing("d-8", clears_at=None))
    assert of.unreadable == 4
    assert counts(of) == {("t-3", RULE): (1, 0, 0)}


@given(st.lists(st.tuples(
    st.sampled_from(["d-1", "d-2"]), st.sampled_from(["c-1", "c-2"]), st.sampled_from(["near", "reached", "clear"]),
    st.sampled_from(["t-1", "t-2"]), st.sampled_from(["main", "pune"]), st.integers(1, 4),
), max_size=20), st.integers(0, 5))  # fmt: skip
def test_counts_are_those_of_the_records_that_last_counted_at_once(
    told_of: list[tuple[str, str, str, str, str, int]], hour: int
) -> None:
    """Brute force: the last record of each key, those that have not cleared, each debtor once in the worst state."""
    records = {}
    of = StandingCounts()
    for revision, (debtor, case, state, team, site, clears) in enumerate(told_of, 1):
        clears_at = f"2026-11-02T0{clears}:00:00Z"
        of.put(standing(debtor, state, clears_at, revision, case, team=team, site=site)[1])
        records[debtor, case] = (state, instant_ms(clears_at), team, site)
    as_of_ms = instant_ms(f"2026-11-02T0{hour}:00:00Z")
    for site in ("main", "pune"):
        of.advance(site, as_of_ms)
        worst: dict[tuple[str, str], str] = {}
        for (debtor, _), (state, clears_ms, team, at) in records.items():
            if at == site and state != "clear" and clears_ms > as_of_ms:
                worst[debtor, team] = max(state, worst.get((debtor, team), ""))  # "reached" sorts after "near"
        expected = {team: [0, 0] for _, team in worst}
        for (_, team), state in worst.items():
            expected[team][state == "reached"] += 1
        assert {row["team"]: [row["near"], row["reached"]] for row in of.rows(site)} == expected


def test_a_standing_holds_no_more_than_a_few_hundred_bytes_however_long_its_ids() -> None:
    of = StandingCounts()
    of.put(standing()[1])
    tracemalloc.start()
    try:
        for n in range(20_000):
            of.put(standing(f"{n:0100}")[1])
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(of) == 20_001
    assert held / 20_000 < 400


@pytest.mark.parametrize("revision", [0, (1 << 63) - 1])
def test_revisions_from_none_to_the_highest_are_held(revision: int) -> None:
    of = told(standing(revision=revision), standing(state="reached", revision=max(0, revision - 1)))
    assert counts(of) == {("t-3", RULE): (0, 1, 0) if revision == 0 else (1, 0, 0)}


def test_of_many_that_are_over_at_once_a_part_ends_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standings, "MOST_ENDED", 3)
    of = told(*(standing(f"d-{n}") for n in range(8)))
    left: list[int] = []
    of.standings.advance("main", instant_ms(CLEARS_AT))
    while not left or left[-1]:
        left.append(len(of.standings))
        of.standings.tidy()
    assert left == [5, 2, 0]
    assert counts(of) == {}


def test_the_standings_of_a_debtor_who_was_erased_count_no_more_and_a_later_one_does() -> None:
    of = told(standing("d-1", case="c-1"), standing("d-1", "reached", case="c-2"), standing("d-2"))
    for case in ("c-1", "c-2"):
        key, _ = standing("d-1", case=case)
        of.on_conduct(key, None)
    assert counts(of) == {("t-3", RULE): (1, 0, 0)}
    of.on_conduct(*standing("d-1", "breached", case="c-1", revision=9))
    assert counts(of) == {("t-3", RULE): (1, 0, 1)}
    assert not of.unreadable


def test_who_is_counted_can_be_asked_where_ids_are_kept_and_nowhere_else() -> None:
    records = [
        standing("d-2"), standing("d-1"), standing("d-1", case="c-8", clears_at="2026-11-06T00:00:00Z"),
        standing("d-3", "reached"), standing("d-4", team="t-4"),
        standing("d-5", "reached", case="c-1"), standing("d-5", "near", case="c-2"),
    ]  # fmt: skip
    kept, counted = LatestRecords(ROLLING, debtors=True), LatestRecords(ROLLING)
    for record in records:
        kept.on_conduct(*record)
        counted.on_conduct(*record)
    near = kept.standings.debtors("main", "t-3", RULE, "near")
    assert near == [("d-1", instant_ms("2026-11-06T00:00:00Z")), ("d-2", instant_ms(CLEARS_AT))]
    assert [debtor for debtor, _ in kept.standings.debtors("main", "t-3", RULE, "reached")] == ["d-3", "d-5"]
    assert kept.standings.debtors("main", "t-3", "any.other", "near") == []
    assert counted.standings.debtors("main", "t-3", RULE, "near") == []
    assert b"d-1" not in pickle.dumps((counted.standings._held, counted.standings._groups, counted.standings._ids))


CHANGES = st.tuples(
    st.sampled_from(["d-1", "d-2"]),
    st.sampled_from(["c-1", "c-2"]),
    st.sampled_from(["clear", "near", "reached", "breached", "deleted"]),
)


@given(st.lists(CHANGES, max_size=12))
def test_as_many_can_be_named_as_are_counted_and_a_deleted_record_is_none(changes: list[tuple[str, str, str]]) -> None:
    of = LatestRecords(ROLLING, debtors=True)
    for revision, (debtor, case, state) in enumerate(changes, 1):
        if state == "deleted":
            of.on_conduct(standing(debtor, case=case)[0], None)
        else:
            of.on_conduct(*standing(debtor, state, case=case, revision=revision))
    found = counts(of).get(("t-3", RULE), (0, 0, 0))
    named = [len(of.standings.debtors("main", "t-3", RULE, state)) for state in ("near", "reached", "breached")]
    assert tuple(named) == found
    assert of.unreadable == 0
    of.standings.advance("main", instant_ms("2030-01-01T00:00:00Z"))
    assert (len(of.standings), of.standings._ids) == (0, {})
