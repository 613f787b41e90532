"""Every measure in words: what a numerator or denominator counts (semantics 3 to 5)."""

from collections.abc import Iterable, Mapping

WORDS: Mapping[str, str] = {
    # calls
    "dials": "outbound calls",
    "connects": "outbound calls that a human answered",
    "right_party_connects": "outbound calls that the debtor answered in person",
    "offered": "inbound calls",
    "answered": "inbound calls that a human answered",
    "answered_in_time": "inbound calls that a human answered within definitions.service_level_ms of queueing",
    "abandons": "inbound calls given up after more than definitions.short_abandon_ms of queueing",
    "contacts": "calls that reached a human",
    "right_party_contacts": "calls that reached the debtor in person",
    "handled": "calls between a human and an agent",
    "talk_ms": "talk time of handled calls",
    "hold_ms": "hold time of handled calls",
    "wrap_ms": "wrap-up time of handled calls",
    "effective_talk_ms": "substantive talk of handled calls: as stated, else talk of at least "
    "definitions.effective_talk_floor_ms",
    # promises and payments
    "promises": "promises made",
    "plans": "promises of more than one instalment",
    "promised_minor": "amounts promised",
    "promises_due": "instalments whose cut-off came, not superseded before",
    "promises_due_minor": "amounts of the instalments whose cut-off came",
    "promises_kept": "instalments due of which all but definitions.promise_tolerance was paid before their cut-off",
    "promises_kept_minor": "what was paid into instalments before their cut-off",
    "payments": "payments of which something is left after all reversals",
    "recovered_minor": "payments after all their reversals",
    "field_recovered_minor": "payments of channel field after all their reversals",
    "reversed_minor": "reversals",
    # complaints
    "complaints": "complaints received",
    "complaints_upheld": "complaints received that were upheld",
    "complaints_due": "complaints whose deadline came",
    "complaints_in_time": "complaints closed before their deadline",
    # cases
    "cases_placed": "cases placed, each the first time",
    "placed_minor": "overdue amounts of the cases placed",
    "first_contacts_due": "cases placed early whose first-contact deadline came",
    "first_contacts_met": "of these, cases that saw a call that did not fail, a message or a visit in time",
    "m1_due": "cases 1-30 days past due whose coverage deadline came",
    "m1_covered": "of these, cases of which somebody was reached by call or met by visit in time",
    "cases_closed": "cases closed, each the first time",
    "cases_cycled": "cases closed after they were placed",
    "cycle_ms": "time from the first placement to the first closing",
    # visits, messages, reviews, surveys, bots, legal steps
    "visits": "field visits",
    "visits_met": "field visits that met the debtor",
    "visited_minor": "overdue amounts of the cases visited",
    "messages": "outbound messages, letters included",
    "letters": "outbound letters",
    "reviews": "quality reviews",
    "reviews_passed": "quality reviews passed",
    "surveys": "surveys answered",
    "surveys_satisfied": "surveys with a score of 4 or 5",
    "bot_sessions": "bot sessions",
    "bot_mandates": "bot sessions that ended with a mandate",
    "bot_handovers_judged": "hand-overs from bot to human that were judged",
    "bot_handovers_correct": "hand-overs judged correct",
    "legal_due": "legal steps whose day ended",
    "legal_done": "legal steps done before the end of their day",
    # agents' time
    "signed_in_ms": "time logged in",
    "productive_ms": "time available, on call or in wrap-up",
    "on_call_ms": "time on call or in wrap-up",
}


def in_words(measures: Iterable[str]) -> str:
    """A sum of measures as a person would say it."""
    return " + ".join(WORDS[measure] for measure in measures)
