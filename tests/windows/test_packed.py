"""Packed amounts are the amounts: exact, of any sign, and the sum of two is that of both."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.windows.measures import IN_CURRENCY, MEASURES, MONEY, PLAIN, column
from stream.windows.packed import (
    FIELD_BITS,
    SHIFTS,
    Selection,
    amount_at,
    amounts_of,
    from_bytes,
    pack,
    place_of,
    to_bytes,
    unpack,
)
from stream.windows.sums import add

COLUMN = st.sampled_from(sorted(MEASURES)).flatmap(
    lambda name: st.sampled_from([column(name, "CNY"), column(name, "EUR")]) if name in MONEY else st.just(name)
)
LARGEST = 2 ** (FIELD_BITS - 1) - 1
AMOUNT = st.one_of(st.integers(-5, 5), st.integers(-LARGEST // 2, LARGEST // 2))
COLUMNS = st.dictionaries(COLUMN, AMOUNT, max_size=8)


@given(COLUMNS, COLUMNS)
def test_the_sum_of_the_packed_is_the_packed_sum(one: dict[str, int], other: dict[str, int]) -> None:
    wanted = {name: total for name in one | other if (total := one.get(name, 0) + other.get(name, 0))}
    sums = pack(one)
    add(sums, pack(other))
    assert unpack(sums) == wanted
    assert any(sums.values()) == bool(wanted)
    for name in one | other:
        currency, shift = place_of(name)
        assert amount_at(sums.get(currency, 0), shift) == wanted.get(name, 0)


@given(COLUMNS)
def test_packed_amounts_come_back_from_bytes(columns: dict[str, int]) -> None:
    assert {currency: from_bytes(to_bytes(number)) for currency, number in pack(columns).items()} == pack(columns)


@given(st.dictionaries(st.sampled_from(PLAIN), AMOUNT, max_size=8))
def test_amounts_stand_in_the_order_of_the_measures(columns: dict[str, int]) -> None:
    found = amounts_of("", pack(columns).get("", 0))
    assert found == tuple(columns.get(name, 0) for name in PLAIN)


@pytest.mark.parametrize("amount", [LARGEST, -LARGEST - 1, 2**64, 2**63, -(2**63), -1, 2**70])
@pytest.mark.parametrize("name", [PLAIN[0], PLAIN[-1]])
def test_a_field_holds_its_whole_range_and_leaves_its_neighbours_alone(name: str, amount: int) -> None:
    columns = {name: amount, "talk_ms": -1, "visits": 1}
    assert unpack(pack(columns)) == columns


def test_no_field_is_shared() -> None:
    for names in (PLAIN, IN_CURRENCY):
        assert len({SHIFTS[name] for name in names}) == len(names)
    assert set(PLAIN).isdisjoint(IN_CURRENCY)


@given(COLUMNS, st.sets(COLUMN, max_size=4))
def test_a_selection_is_what_was_selected(columns: dict[str, int], chosen: set[str]) -> None:
    select = Selection(chosen)
    found = {
        name: amount for currency, number in pack(columns).items() for name, amount in select(currency, number).items()
    }
    assert found == {name: amount for name, amount in columns.items() if name in chosen and amount}
