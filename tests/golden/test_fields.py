"""The field of a measure in packed sums is a format at rest: no row takes another place without a new version."""

from pathlib import Path

from stream.windows.former import FIRST, from_first
from stream.windows.measures import IN_CURRENCY, PLAIN, TABLE, fields_digest
from stream.windows.packed import FIELD_BITS, pack

KNOWN = Path(__file__).parent / "measures.txt"
REMEDY = """
The fields of the measures (stream/windows/measures.py) are not those of tests/golden/measures.txt. Sums at rest, in the
deltas topic and in the windows topic, would be read as those of other measures.
A new measure: give it the next field, and add its line to the end of its part of measures.txt; no version is needed.
Anything else (another order, a name that is gone): raise the versions of WINDOWS (engine/windows_state.py) and of DELTA
(engine/delta.py), each with an upgrade as in stream/windows/former.py, write the golden files anew
(python -m tests.golden), and only then measures.txt.
"""


def known() -> dict[str, str]:
    """Measure -> its place, "plain N" or "currency N"."""
    return {name: f"{part} {field}" for part, field, name in map(str.split, KNOWN.read_text().splitlines())}


def test_every_measure_has_the_field_that_it_has_always_had() -> None:
    found = {name: f"plain {field}" for field, name in enumerate(PLAIN)}
    found |= {name: f"currency {field}" for field, name in enumerate(IN_CURRENCY)}
    assert found == known(), REMEDY


def test_fields_are_stated_in_the_rows_and_stand_in_the_fingerprint() -> None:
    assert [TABLE[name].field for name in PLAIN] == list(range(len(PLAIN)))
    assert [TABLE[name].field for name in IN_CURRENCY] == list(range(len(IN_CURRENCY)))
    assert len(fields_digest()) == 16


def test_sums_of_the_first_format_hold_the_same_amounts_today() -> None:
    amounts = {name: (-1) ** place * (place + 2**70) for place, name in enumerate(FIRST)}
    then = sum(amount << FIELD_BITS * place for place, amount in enumerate(amounts.values()))
    assert from_first("", then) == pack(amounts)[""]
    money = {f"{name}:EUR": 10 - 3 * place for place, name in enumerate(IN_CURRENCY)}
    assert from_first("EUR", pack(money)["EUR"]) == pack(money)["EUR"]
