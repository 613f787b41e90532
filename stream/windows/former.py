"""Packed sums of the first format (catalogue version 1), whose fields stood in another order, as sums of today."""

from stream.windows.measures import IN_CURRENCY
from stream.windows.packed import FIELD_BITS, SHIFTS, amount_at

FIRST = (
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
"""Measures without a currency in the order of the fields that they had. Those in a currency have kept theirs."""

FIRST_IN_CURRENCY = IN_CURRENCY[:8]


def from_first(currency: str, number: int) -> int:
    """The same amounts in the fields of today; `currency` "": of what has none."""
    names = FIRST_IN_CURRENCY if currency else FIRST
    return sum(amount_at(number, FIELD_BITS * place) << SHIFTS[name] for place, name in enumerate(names))
