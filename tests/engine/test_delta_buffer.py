"""Deltas of a batch: a large one is sent in parts that add up to it, and says no more than somebody asks for."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.engine.deltas import buffer as cells
from stream.engine.deltas.buffer import DeltaBuffer
from stream.engine.deltas.delta import decode_delta
from stream.facts.format import NewerFormatError
from stream.ledger.contribution import Credit
from stream.ledger.state_timeline import StateSpan
from tests.engine.deltas import grains_of, rows_of

AGENT = b"main|agent|a-1"
CREDIT = Credit("main", "t-1", "a-1")
GRAIN_MS = 10_000


def sent(batch: DeltaBuffer, key: bytes = AGENT) -> list[bytes]:
    return [value for found, value in batch.take(0) if found == key]


def test_an_entity_with_many_rows_is_sent_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "MOST_ROWS", 3)
    batch = DeltaBuffer(0, GRAIN_MS, frozenset())
    batch.add_difference({(CREDIT, "dials", grain * GRAIN_MS): 1 for grain in range(7)}, 0, None)
    parts = [list(rows_of(value)) for value in sent(batch)]
    assert [len(rows) for rows in parts] == [3, 3, 1]
    assert sum(amounts["dials"] for rows in parts for _, amounts in rows) == 7


def test_no_run_goes_from_one_part_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    #  [0, 40) [3, 43) [6, 46) ... overlap; each part alone begins and ends all of its runs, which `rows_of` asserts
    monkeypatch.setattr(cells, "MOST_ROWS", 4)
    batch = DeltaBuffer(0, GRAIN_MS, frozenset())
    wanted: Counter[int] = Counter()
    for first in range(0, 30, 3):
        batch.add_span(
            StateSpan(CREDIT, (("signed_in_ms", 1),), first * GRAIN_MS, (first + 40) * GRAIN_MS), 900_000, None
        )
        wanted.update(dict.fromkeys(range(first, first + 40), GRAIN_MS))
    parts = sent(batch)
    assert len(parts) > 3
    found: Counter[int] = Counter()
    for value in parts:
        for grain, _, amount in grains_of(value):
            found[grain] += amount
    assert found == wanted


@pytest.mark.parametrize(("watched", "known"), [(frozenset({"talk_ms"}), 0), (frozenset({"productive_ms"}), 100)])
def test_when_something_became_known_is_said_where_a_rule_reads_it(watched: frozenset[str], known: int) -> None:
    batch = DeltaBuffer(0, GRAIN_MS, watched)
    batch.add_span(StateSpan(CREDIT, (("signed_in_ms", 1), ("productive_ms", 1)), 5_000, 95_000), 100 * GRAIN_MS, None)
    batch.add_difference({(CREDIT, "productive_ms", 0): 1}, 100 * GRAIN_MS, None)
    (value,) = sent(batch)
    assert {row_known for (_, row_known, _, _), _ in rows_of(value)} == {known}


def test_time_after_its_cause_is_known_at_its_own_time_however_far_ahead() -> None:
    batch = DeltaBuffer(0, GRAIN_MS, frozenset({"productive_ms"}))
    batch.add_span(StateSpan(CREDIT, (("productive_ms", -2),), 5_000, 95_000), 4 * GRAIN_MS, None)
    (value,) = sent(batch)
    assert sorted(rows_of(value)) == [
        ((0, 4, 0, 1), {"productive_ms": -10_000}),
        ((1, 4, 0, 3), {"productive_ms": -20_000}),
        ((4, 0, 0, 5), {"productive_ms": -20_000}),
        ((9, 0, 0, 1), {"productive_ms": -10_000}),
    ]


@pytest.mark.parametrize("watched", [frozenset[str](), frozenset({"payments"})])
def test_a_watched_column_that_comes_to_nothing_is_said_to(watched: frozenset[str]) -> None:
    batch = DeltaBuffer(0, GRAIN_MS, watched)
    at = (CREDIT, "payments", 50_000)
    batch.add_difference({at: 1, (CREDIT, "recovered_minor:CNY", 50_000): 7}, 50_000, None)
    batch.add_difference({at: -1}, 50_000, None)
    (value,) = sent(batch)
    assert list(rows_of(value)) == [((5, 0, 0, 1), {"recovered_minor:CNY": 7})]
    assert decode_delta(value).zeros == ([((5, 0, 0, 1), ["payments"])] if watched else [])


def test_few_deltas_hold_the_money_of_many_currencies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "MOST_ROWS", 10)
    batch = DeltaBuffer(0, GRAIN_MS, frozenset())
    for number in range(25):
        batch.add_difference({(CREDIT, f"recovered_minor:C{number:02}", 0): 1}, 0, None)
    parts = [decode_delta(value).rows for value in sent(batch)]
    assert [len(rows) for rows in parts] == [10, 10, 5]
    assert len({currency for rows in parts for currency in rows}) == 25


def test_a_delta_of_a_newer_version_is_refused() -> None:
    batch = DeltaBuffer(0, GRAIN_MS, frozenset())
    batch.add_own("main", "t-1", "a-1", 0, ("dials",), ())
    (value,) = sent(batch)
    for newer in (value.replace(b"\x94\x03", b"\x94\x09", 1), b"\x94\x09\x00\x00\x00"):
        with pytest.raises(NewerFormatError, match="the delta has format 9, this version of kpi-stream reads up to 3"):
            decode_delta(newer)
    for broken in (b"\x80", b"\x94\x03\x00\x00\x00"):
        with pytest.raises(ValueError, match="is no delta"):
            decode_delta(broken)


def test_of_each_grain_the_last_team_that_was_named_is_said_whatever_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    named = [(10, "e1", "t-1"), (15, "e2", "t-2"), (15, "e3", "t-3"), (GRAIN_MS, "e4", "t-1"), (12, "e9", "t-9")]
    found = set()
    for order in (named, named[::-1], [*named, *named]):
        batch = DeltaBuffer(0, GRAIN_MS, frozenset())
        for at_ms, event_id, team in order:
            batch.note_team("main", "a-1", at_ms, event_id, team)
        (value,) = sent(batch)
        found.add(tuple(map(tuple, sorted(decode_delta(value).teams))))
    assert found == {((0, 15, "e3", "t-3"), (1, GRAIN_MS, "e4", "t-1"))}
    monkeypatch.setattr(cells, "MOST_ROWS", 10)
    batch = DeltaBuffer(0, GRAIN_MS, frozenset())
    for number in range(25):
        batch.note_team("main", "a-1", number * GRAIN_MS, "e", "t-1")
    assert [len(decode_delta(value).teams) for value in sent(batch)] == [10, 10, 5]


added = st.tuples(st.sampled_from(["a-1", "a-2", "a-3"]), st.integers(0, 5), st.sampled_from([1, 2, -1]))


@given(st.lists(added), st.lists(added), st.integers(1, 4), st.integers(0, 5))
def test_deltas_made_in_parts_are_those_made_at_once(
    first: list[tuple[str, int, int]], later: list[tuple[str, int, int]], most: int, parts: int
) -> None:
    def add(batch: DeltaBuffer, what: list[tuple[str, int, int]]) -> None:
        for agent, grain, amount in what:
            credit = Credit("main", "t-1", agent, None, "s-1")
            batch.add_difference({(credit, "dials", grain * GRAIN_MS): amount}, 0, None)
        if what:
            batch.note_team("main", what[0][0], 0, "e-1", "t-1")

    whole, cut = (DeltaBuffer(0, GRAIN_MS, frozenset()) for _ in range(2))
    add(whole, first)
    add(cut, first)
    for _ in range(parts):
        cut.prepare(7, most)
    if not later:
        assert cut.take(7) == whole.take(7)
        assert cut.take(7) == []
        return
    add(cut, later)
    add(whole, later)
    sums: list[Counter[tuple[str, int]]] = []
    for batch in (cut, whole):
        found: Counter[tuple[str, int]] = Counter()
        for key, value in batch.take(7):
            for (grain, _, _, length), amounts in rows_of(value):
                assert length == 1
                found[key.decode(), grain] += amounts.get("dials", 0)
        sums.append(Counter({place: amount for place, amount in found.items() if amount}))
    assert sums[0] == sums[1]
    assert cut.take(7) == []
