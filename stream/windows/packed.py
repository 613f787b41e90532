"""Sums of many measures in one integer (ADR 0006): adding, subtracting and scaling all of them is one operation.

Each measure has a field of 96 bits, in the order of `measures.py`; the amount of field i counts 2^(96 i) times. Amounts
may be negative, and a field cannot overflow: a fact's amounts are below 2^53 (contract 1), so that it would take 2^42
of the largest. Money is packed per currency.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from struct import Struct

from stream.windows.measures import IN_CURRENCY, PLAIN
from stream.windows.sums import Sums

Packed = dict[str, int]
"""Currency ("": what has none) -> packed amounts. `sums.add` and its like work on it."""

FIELD_BITS = 96
FIELD_BYTES = FIELD_BITS // 8
_HALF = 1 << FIELD_BITS - 1
_FIELD = (1 << FIELD_BITS) - 1
_HIGH_HALF = _HALF >> 64

SHIFTS = {name: FIELD_BITS * at for names in (PLAIN, IN_CURRENCY) for at, name in enumerate(names)}
"""Measure -> how far its amount is shifted to the left."""

_MOST = max(len(PLAIN), len(IN_CURRENCY))
# By number of fields. An amount is biased by half its field's range, and read as its low 64 and high 32 bits.
_BIASES = [sum(_HALF << FIELD_BITS * at for at in range(count)) for count in range(_MOST + 1)]
_READERS = [Struct("<" + "QI" * count) for count in range(_MOST + 1)]
_NOTHING = [(0,) * count for count in range(_MOST + 1)]
_NARROW = [(_HIGH_HALF,) * count for count in range(_MOST + 1)]


@lru_cache(maxsize=10_000)
def place_of(column: str) -> tuple[str, int]:
    """Currency and shift of a column. Raises KeyError if there is no such measure."""
    measure, _, currency = column.partition(":")
    return currency, SHIFTS[measure]


@lru_cache(maxsize=10_000)
def _columns(currency: str) -> tuple[str, ...]:
    return tuple(f"{name}:{currency}" for name in IN_CURRENCY) if currency else PLAIN


def pack(amounts: Mapping[str, int]) -> Packed:
    """The amounts of these columns."""
    packed: Packed = {}
    for name, amount in amounts.items():
        currency, shift = place_of(name)
        packed[currency] = packed.get(currency, 0) + (amount << shift)
    return packed


def unpack(packed: Mapping[str, int]) -> Sums:
    """The columns that are not 0."""
    sums: Sums = {}
    for currency, number in packed.items():
        if number:
            named = zip(_columns(currency), _amounts(number), strict=False)
            sums |= {name: amount for name, amount in named if amount}
    return sums


def amounts_of(currency: str, number: int) -> tuple[int, ...]:
    """The amount of every measure, in the order of `measures.py`."""
    amounts = _amounts(number)
    return amounts + _NOTHING[len(IN_CURRENCY if currency else PLAIN) - len(amounts)]


def amount_at(number: int, shift: int) -> int:
    """The amount of one measure."""
    return (number + _BIASES[shift // FIELD_BITS + 1] >> shift & _FIELD) - _HALF


class Selection:
    """Some columns, to be picked out of packed amounts."""

    __slots__ = ("_by_currency",)

    def __init__(self, columns: Iterable[str]) -> None:
        shifts: dict[str, list[tuple[str, int]]] = {}
        for name in sorted(columns):
            currency, shift = place_of(name)
            shifts.setdefault(currency, []).append((name, shift))
        self._by_currency = {currency: (*_masked(chosen), chosen) for currency, chosen in shifts.items()}

    def __call__(self, currency: str, number: int) -> Sums:
        """Those of the columns that are not 0."""
        found = self._by_currency.get(currency)
        if found is None:
            return {}
        bias, mask, nothing, chosen = found
        biased = number + bias
        if biased & mask == nothing:
            return {}
        return {name: amount for name, shift in chosen if (amount := (biased >> shift & _FIELD) - _HALF)}


def _masked(chosen: list[tuple[str, int]]) -> tuple[int, int, int]:
    """Bias of all fields up to the last, mask of the chosen ones, and what it gives when they are 0."""
    bias = _BIASES[max(shift for _, shift in chosen) // FIELD_BITS + 1]
    mask = sum(_FIELD << shift for _, shift in chosen)
    return bias, mask, bias & mask


def _amounts(number: int) -> tuple[int, ...]:
    fields = number.bit_length() // FIELD_BITS + 1
    halves = _READERS[fields].unpack((number + _BIASES[fields]).to_bytes(fields * FIELD_BYTES, "little"))
    low, high = halves[::2], halves[1::2]
    if high == _NARROW[fields]:
        return low
    return tuple(part + (upper - _HIGH_HALF << 64) for part, upper in zip(low, high, strict=True))


def to_bytes(number: int) -> bytes:
    """A packed integer at rest."""
    return number.to_bytes(number.bit_length() // 8 + 1, "little", signed=True)


def from_bytes(raw: bytes) -> int:
    """What `to_bytes` wrote."""
    return int.from_bytes(raw, "little", signed=True)
