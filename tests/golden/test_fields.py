"""The field of a measure in packed sums is a format at rest: no row takes another place without a new version."""

from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

from stream.facts.fact import KINDS
from stream.ledger.store import places
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


FACTS_TODAY = "f7d2464d46ac5d26"


def test_the_place_of_every_field_of_a_fact_and_the_code_of_every_text_is_what_it_always_was() -> None:
    """The digest covers all of ledger/places.py, so that a new field or text changes it, too."""
    assert places.digest() == FACTS_TODAY, (
        "ledger/places.py has changed. If a field or a text was added, at the end of its row: raise FORMAT in "
        "ledger/record.py, add the upgrade, run python -m tests.golden, and put the new digest here. If one was moved "
        "or renumbered: take that back, or every ledger that was ever written means something else."
    )


def test_no_place_and_no_code_is_given_twice_and_none_is_left_out() -> None:
    for letter, own in places.PLACES.items():
        given = sorted([*places.FIRST.values(), *own.values()])
        assert given == list(range(1, len(given) + 1)), letter
    for name, codes in places.CODES.items():
        assert sorted(codes.values()) == list(range(len(codes))), name


def test_every_text_of_every_literal_has_a_code() -> None:
    for kind in KINDS:
        for name, hint in get_type_hints(kind).items():
            options = [hint, *get_args(hint)]
            texts = next((get_args(each) for each in options if get_origin(each) is Literal), ())
            if texts:
                assert set(texts) == set(places.CODES[f"{kind.LETTER}.{name}"]), f"{kind.TYPE}.{name}"
