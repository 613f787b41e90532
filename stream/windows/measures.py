"""The closed list of measures (semantics 3 to 5) and the name of a column.

A *column* is what sums are kept by: the measure's own name, or for money `measure:CUR`. Amounts are integers: counts,
milliseconds (`*_ms`) or minor units of the column's currency (`*_minor`).
"""

from functools import cache

UNASSIGNED = "unassigned"
"""Agent or team of a contribution that nobody is credited with (semantics 1)."""

LEVELS = ("agent", "team", "site")
"""Every contribution goes to its agent, its team and its site (semantics 1)."""

MONEY = frozenset(
    {
        "promised_minor",
        "promises_due_minor",
        "promises_kept_minor",
        "recovered_minor",
        "field_recovered_minor",
        "reversed_minor",
        "placed_minor",
        "visited_minor",
    }
)
"""Measures in minor units: their columns carry a currency."""

MEASURES = MONEY | frozenset(
    {
        # calls
        "dials",
        "connects",
        "right_party_connects",
        "offered",
        "answered",
        "answered_in_time",
        "abandons",
        "contacts",
        "right_party_contacts",
        "handled",
        "talk_ms",
        "hold_ms",
        "wrap_ms",
        "effective_talk_ms",
        # promises and payments
        "promises",
        "plans",
        "promises_due",
        "promises_kept",
        "payments",
        # complaints
        "complaints",
        "complaints_upheld",
        "complaints_due",
        "complaints_in_time",
        # cases
        "cases_placed",
        "first_contacts_due",
        "first_contacts_met",
        "m1_due",
        "m1_covered",
        "cases_closed",
        "cases_cycled",
        "cycle_ms",
        # visits, messages, reviews, surveys, bots, legal steps
        "visits",
        "visits_met",
        "messages",
        "letters",
        "reviews",
        "reviews_passed",
        "surveys",
        "surveys_satisfied",
        "bot_sessions",
        "bot_mandates",
        "bot_handovers_judged",
        "bot_handovers_correct",
        "legal_due",
        "legal_done",
        # agents' time
        "signed_in_ms",
        "productive_ms",
        "on_call_ms",
    }
)
"""Every measure there is."""


@cache
def column(measure: str, currency: str | None = None) -> str:
    """The column of `measure`, which must be money if and only if a currency (ISO 4217, three capitals) is given."""
    if (currency is not None) != (measure in MONEY) or measure not in MEASURES:
        raise ValueError(f"measure {measure!r} and currency {currency!r} do not make a column")
    return measure if currency is None else f"{measure}:{currency}"
