"""The closed list of measures (semantics 3 to 5) and the name of a column.

A *column* is what sums are kept by: the measure's own name, or for money `measure:CUR`. Amounts are integers: counts,
milliseconds (`*_ms`) or minor units of the column's currency (`*_minor`).
"""

from functools import cache

UNASSIGNED = "unassigned"
"""Agent or team of a contribution that nobody is credited with (semantics 1)."""

LEVELS = ("agent", "team", "site")
"""Every contribution goes to its agent, its team and its site (semantics 1)."""

IN_CURRENCY = (
    "recovered_minor", "field_recovered_minor", "reversed_minor", "promised_minor", "promises_due_minor",
    "promises_kept_minor", "placed_minor", "visited_minor",
)  # fmt: skip
"""Measures in minor units: their columns carry a currency. The order is part of every format (`windows/packed.py`):
what is new goes to the end."""

PLAIN = (
    # what most events count, first: the integer that holds them is the shorter
    "dials", "messages", "bot_sessions", "signed_in_ms", "productive_ms", "on_call_ms",
    "connects", "contacts", "right_party_connects", "right_party_contacts", "handled",
    "talk_ms", "wrap_ms", "effective_talk_ms", "hold_ms",
    "letters", "bot_mandates", "bot_handovers_judged", "bot_handovers_correct",
    "offered", "answered", "answered_in_time", "abandons",
    "promises", "plans", "promises_due", "promises_kept", "payments",
    "complaints", "complaints_upheld", "complaints_due", "complaints_in_time",
    "cases_placed", "first_contacts_due", "first_contacts_met", "m1_due", "m1_covered", "cases_closed", "cases_cycled",
    "cycle_ms", "visits", "visits_met", "reviews", "reviews_passed", "surveys", "surveys_satisfied",
    "legal_due", "legal_done",
)  # fmt: skip
"""Measures without a currency: counts and durations. The order is part of every format: what is new goes to the end."""

MONEY = frozenset(IN_CURRENCY)
MEASURES = MONEY.union(PLAIN)
"""Every measure there is."""


@cache
def column(measure: str, currency: str | None = None) -> str:
    """The column of `measure`, which must be money if and only if a currency (ISO 4217, three capitals) is given."""
    if (currency is not None) != (measure in MONEY) or measure not in MEASURES:
        raise ValueError(f"measure {measure!r} and currency {currency!r} do not make a column")
    return measure if currency is None else f"{measure}:{currency}"
