"""Semantics 6: the KPIs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kpi:
    """numerator / denominator, sums of measures; no denominator for counts and amounts.

    `factor` turns the ratio into the published value (1000 for permille).
    """

    kpi: str
    numerator: tuple[str, ...]
    denominator: tuple[str, ...] | None = None
    factor: int = 1
    per_currency: bool = False

    def exists_at(self, level: str) -> bool:
        """At a queue what calls alone contribute; at a segment what needs no agent_state; elsewhere all."""
        if level == "queue":
            return CALLS.issuperset(self.measures)
        return level != "segment" or STATES.isdisjoint(self.measures)

    @property
    def measures(self) -> tuple[str, ...]:
        return self.numerator + (self.denominator or ())


CALLS = frozenset(
    [
        *("dials", "connects", "right_party_connects", "drops", "offered", "answered", "callbacks", "abandons"),
        *("answered_timed", "answer_wait_ms", "answered_in_time", "abandoned_timed", "abandon_wait_ms"),
        *("service_judged", "contacts", "right_party_contacts", "handled", "talk_ms", "hold_ms", "wrap_ms"),
        *("effective_talk_ms", "transfers_in", "conduct_breaches"),
    ]
)
STATES = frozenset(["signed_in_ms", "productive_ms", "on_call_ms", "break_ms"])
MONEY = frozenset(
    [
        "field_recovered_minor",
        "placed_minor",
        "promised_minor",
        "promises_due_minor",
        "promises_kept_minor",
        "recovered_minor",
        "reversed_minor",
        "visited_minor",
    ]
)
COUNTS = [
    "dials",
    "contacts",
    "right_party_contacts",
    "promises",
    "plans",
    "payments",
    "complaints",
    "cases_placed",
    "cases_closed",
    "visits",
    "letters",
    "offered",
    "surveys",
    "callbacks",
    "drops",
    "transfers_in",
]
RATES = """
connect_rate = connects / dials
right_party_rate = right_party_connects / dials
talk_time_mean = talk_ms / handled
handle_time_mean = talk_ms + hold_ms + wrap_ms / handled
effective_talk_ratio = effective_talk_ms / talk_ms
service_level = answered_in_time / service_judged
abandonment_rate = abandons / abandons + answered
promise_rate = promises / right_party_contacts
promise_kept_rate = promises_kept / promises_due
promise_kept_amount_rate = promises_kept_minor / promises_due_minor
complaint_rate = complaints / contacts * 1000
complaint_timeliness = complaints_in_time / complaints_due
first_contact_rate = first_contacts_met / first_contacts_due
m1_coverage_rate = m1_covered / m1_due
case_cycle_time_mean = cycle_ms / cases_cycled
visit_met_rate = visits_met / visits
visit_recovery_rate = field_recovered_minor / visited_minor
qa_pass_rate = reviews_passed / reviews
satisfaction_rate = surveys_satisfied / surveys
bot_handover_accuracy = bot_handovers_correct / bot_handovers_judged
bot_mandate_rate = bot_mandates / bot_sessions
legal_completion_rate = legal_done / legal_due
occupancy_ratio = on_call_ms / productive_ms
recovered_per_hour = recovered_minor / productive_ms * 3600000
drop_rate = drops / connects + drops
answer_wait_mean = answer_wait_ms / answered_timed
abandon_wait_mean = abandon_wait_ms / abandoned_timed
hold_time_mean = hold_ms / handled
wrap_time_mean = wrap_ms / handled
transfer_rate = transfers_in / handled
delivered_rate = messages_delivered / messages_judged
qa_score_mean = review_points / reviews_scored
payment_delay_mean = payment_delay_ms / payments_timed
dials_per_hour = dials / productive_ms * 3600000
contacts_per_hour = contacts / productive_ms * 3600000
right_party_contacts_per_hour = right_party_contacts / productive_ms * 3600000
promises_per_hour = promises / productive_ms * 3600000
"""
TIMES = {"signed_in_time": "signed_in_ms", "productive_time": "productive_ms", "break_time": "break_ms"}
AMOUNTS = {
    "recovered_amount": "recovered_minor",
    "promised_amount": "promised_minor",
    "reversed_amount": "reversed_minor",
    "placed_amount": "placed_minor",
}


def read_rate(line: str) -> Kpi:
    name, formula = line.split(" = ")
    formula, _, factor = formula.partition(" * ")
    over, under = formula.split(" / ")
    numerator, denominator = tuple(over.split(" + ")), tuple(under.split(" + "))
    return Kpi(name, numerator, denominator, int(factor or 1), not MONEY.isdisjoint(numerator))


CATALOGUE = {
    kpi.kpi: kpi
    for kpi in [
        *(Kpi(name, (name,)) for name in COUNTS),
        Kpi("workload", ("dials", "answered", "visits", "messages")),
        *(Kpi(name, (measure,), per_currency=True) for name, measure in AMOUNTS.items()),
        *(Kpi(name, (measure,)) for name, measure in TIMES.items()),
        *(read_rate(line) for line in RATES.strip().splitlines()),
    ]
}
OF_CONDUCT = {
    kpi.kpi: kpi
    for kpi in [
        Kpi("conduct_breaches", ("conduct_breaches",)),
        read_rate("conduct_breach_rate = conduct_breaches / dials * 1000"),
    ]
}
"""Semantics 8: what exists only where the configuration has a conduct section, and then at every level."""
EVERY_KPI = CATALOGUE | OF_CONDUCT
