"""The parts of the KPIs as metrics: one name for each sum of measures that is a numerator or a denominator.

A KPI is exported as its parts, never as a ratio alone, so that a ratio of several entities is a sum over a sum (ADR
0020). A part that two KPIs share (`dials`) is one metric. The table is written out, not derived, so that a name can be
found by searching for it; a test holds it against the catalogue, both ways.
"""

from dataclasses import dataclass

from stream.kpis.catalogue import CATALOGUE
from stream.windows.measures import MONEY

MS_PER_SECOND = 1_000


@dataclass(frozen=True)
class Part:
    """A sum of measures. `metric`: its name; `divisor`: records hold `divisor` times the metric's unit (ms: 1000).

    `money`: minor units, with a `currency` label; amounts of two currencies are never added.
    """

    metric: str
    meaning: str
    divisor: int
    money: bool


_TABLE: dict[tuple[str, ...], tuple[str, str]] = {
    ("dials",): ("dials", "Outbound calls."),
    ("connects",): ("connects", "Outbound calls that a human answered."),
    ("right_party_connects",): ("right_party_connects", "Outbound calls that reached the debtor."),
    ("contacts",): ("contacts", "Calls in either direction that reached a human."),
    ("right_party_contacts",): ("right_party_contacts", "Calls in either direction that reached the debtor."),
    ("dials", "answered", "visits", "messages"): (
        "workload", "Outbound calls, answered inbound calls, visits and outbound messages."),
    ("offered",): ("offered", "Inbound calls."),
    ("answered_in_time",): ("answered_in_time", "Inbound calls answered within the service-level time."),
    ("abandons",): ("abandons", "Inbound calls abandoned, short abandons left out."),
    ("abandons", "answered"): ("abandoned_or_answered", "Inbound calls abandoned or answered."),
    ("handled",): ("handled", "Human calls that an agent handled."),
    ("talk_ms",): ("talk_seconds", "Talk time."),
    ("effective_talk_ms",): ("effective_talk_seconds", "Talk time that was substantive."),
    ("talk_ms", "hold_ms", "wrap_ms"): ("handle_seconds", "Talk, hold and wrap-up time."),
    ("on_call_ms",): ("on_call_seconds", "Time on call and in wrap-up."),
    ("productive_ms",): ("productive_seconds", "Time available, on call and in wrap-up."),
    ("promises",): ("promises", "Promises made."),
    ("plans",): ("plans", "Promises of more than one instalment."),
    ("promised_minor",): ("promised_minor_units", "Instalments of the promises made."),
    ("promises_due",): ("promises_due", "Instalments that came due."),
    ("promises_kept",): ("promises_kept", "Instalments that came due and were paid in time."),
    ("promises_due_minor",): ("promises_due_minor_units", "Amount of the instalments that came due."),
    ("promises_kept_minor",): ("promises_kept_minor_units", "Amount paid in time of the instalments that came due."),
    ("payments",): ("payments", "Payments whose net amount is above 0."),
    ("recovered_minor",): ("recovered_minor_units", "Payments net of their reversals."),
    ("field_recovered_minor",): ("field_recovered_minor_units", "Field payments net of their reversals."),
    ("visited_minor",): ("visited_minor_units", "Overdue amount visited."),
    ("reversed_minor",): ("reversed_minor_units", "Reversals."),
    ("placed_minor",): ("placed_minor_units", "Overdue amount of the cases placed."),
    ("cases_placed",): ("cases_placed", "Cases placed for the first time."),
    ("cases_closed",): ("cases_closed", "Cases closed for the first time."),
    ("cases_cycled",): ("cases_cycled", "Cases closed whose placement is known."),
    ("cycle_ms",): ("cycle_seconds", "Time from placement to closing of the cases closed."),
    ("first_contacts_due",): ("first_contacts_due", "First contacts that came due."),
    ("first_contacts_met",): ("first_contacts_met", "First contacts that came due and were made in time."),
    ("m1_due",): ("m1_due", "Cases 1-30 days past due whose coverage came due."),
    ("m1_covered",): ("m1_covered", "Cases 1-30 days past due that were reached in time."),
    ("complaints",): ("complaints", "Complaints received."),
    ("complaints_due",): ("complaints_due", "Complaints whose deadline came."),
    ("complaints_in_time",): ("complaints_in_time", "Complaints closed before their deadline."),
    ("visits",): ("visits", "Field visits."),
    ("visits_met",): ("visits_met", "Field visits that met the debtor."),
    ("letters",): ("letters", "Letters."),
    ("reviews",): ("reviews", "Quality reviews."),
    ("reviews_passed",): ("reviews_passed", "Quality reviews passed."),
    ("surveys",): ("surveys", "Surveys answered."),
    ("surveys_satisfied",): ("surveys_satisfied", "Surveys with a score of 4 or 5."),
    ("bot_sessions",): ("bot_sessions", "Bot sessions."),
    ("bot_mandates",): ("bot_mandates", "Bot sessions that ended with a mandate."),
    ("bot_handovers_judged",): ("bot_handovers_judged", "Bot hand-overs judged."),
    ("bot_handovers_correct",): ("bot_handovers_correct", "Bot hand-overs judged correct."),
    ("legal_due",): ("legal_due", "Legal steps that came due."),
    ("legal_done",): ("legal_done", "Legal steps that came due and were done."),
}  # fmt: skip


def _part(measures: tuple[str, ...]) -> Part:
    suffix, meaning = _TABLE[measures]
    divisor = MS_PER_SECOND if measures[0].endswith("_ms") else 1
    return Part(f"collections_window_{suffix}", meaning, divisor, measures[0] in MONEY)


PARTS: dict[tuple[str, ...], Part] = {measures: _part(measures) for measures in _TABLE}
"""Part by the measures that it adds up."""

SIDES: dict[str, tuple[Part, Part | None]] = {
    kpi.id: (PARTS[kpi.numerator], None if kpi.denominator is None else PARTS[kpi.denominator])
    for kpi in CATALOGUE.values()
}
"""KPI id -> its numerator's part and its denominator's (None for a count or an amount)."""
