"""The indicators of the published schemes (S0 to S4) and what answers to each: a KPI, or the reason why none does.

Listed is every row that a stream of events can compute, at once or late; what needs a human's judgement, period-end
data or the books of a bank is not. `schemas/kpis.md` is generated from this table and from the catalogue.
"""

from __future__ import annotations

from typing import NamedTuple


class Indicator(NamedTuple):
    """One indicator of a source: the KPIs that compute it, or why it is not among them (then `kpis` is empty)."""

    source: str
    name: str
    kpis: tuple[str, ...] = ()
    note: str = ""


_CONFIG = "a scheme over KPIs: docs/scores.md, with an example in docs/examples/schemes"
_RECORD = (
    "a state of one debtor, not a number of an agent, team or site: "
    "it stands in the case events (`dpd`, `overdue_minor`)"
)
_BOOK = "needs the whole book, which a collections stream does not carry"
_EVENT = "needs an event that the contract does not have"
_DIMENSION = "a dimension, not a number: give it as `segment_id`, and the KPIs stand at level segment"

INDICATORS: tuple[Indicator, ...] = (
    Indicator(
        "S0-1",
        "collection success rate",
        ("recovered_amount",),
        "numerator; the overdue amount of all worked "
        "loans is a stock at an instant, not a sum over a window: `placed_amount` is the flow of it",
    ),
    Indicator(
        "S0-2",
        "amount recovery rate",
        ("recovered_amount", "placed_amount"),
        "the object of its denominator was filtered out of the source; both readings are parts of this record",
    ),
    Indicator("S0-3", "connect rate, with the borrower", ("right_party_rate",)),
    Indicator("S0-4", "field-visit yield", ("visit_recovery_rate",)),
    Indicator("S0-5", "activity volume", ("workload", "dials", "visits", "letters")),
    Indicator("S0-7", "case cycle time", ("case_cycle_time_mean",), "the mean; its inverse, cases per hour, is not"),
    Indicator(
        "S0-8", "recovery rate, of the total debt", ("recovered_amount",), "numerator; " + _EVENT + " (total debt)"
    ),
    Indicator(
        "S0-9",
        "repayment success rate, by count",
        ("payments", "workload"),
        "both parts; the unit of its 'times' is not stated",
    ),
    Indicator("S0-10", "money per hour", ("recovered_per_hour",), "productive hours: available, on call, wrap-up"),
    Indicator("S0-12", "weights", note=_CONFIG),
    Indicator("S0-13", "attainment score", note=_CONFIG),
    Indicator("S0-16", "times past due", note=_RECORD),
    Indicator("S0-17", "days past due", note=_RECORD),
    Indicator("S0-18", "past-due amount", ("placed_amount",), "as placed"),
    Indicator("S0-19", "delinquency rate", note=_BOOK),
    Indicator("S0-20", "delinquency duration", note=_RECORD),
    Indicator("S0-22", "delinquency type", note=_DIMENSION),
    Indicator(
        "S1-1",
        "recovery target attainment",
        ("recovered_amount",),
        "the actual; `attainment` stands beside a target (docs/scores.md)",
    ),
    Indicator(
        "S1-2",
        "cumulative recovery (liquidation)",
        ("recovered_amount", "placed_amount"),
        "both parts, by window; by placement batch the payments of a batch would have to be summed over all time from "
        "its placing on, by `portfolio_id`: an entity and a window that no record has",
    ),
    Indicator(
        "S1-3",
        "effective talk share",
        ("effective_talk_ratio",),
        "`effective_ms` where the recorder supplies it, else talk of at least `definitions.effective_talk_floor_ms`",
    ),
    Indicator(
        "S1-4",
        "first-contact timeliness",
        ("first_contact_rate",),
        "`definitions.first_contact_hours`, `first_contact_max_dpd`",
    ),
    Indicator("S1-5", "QA compliance pass rate", ("qa_pass_rate",), "at the time of the review"),
    Indicator("S1-6", "customer complaint rate", ("complaint_rate",), "per thousand contacts"),
    Indicator(
        "S1-7",
        "output per head",
        ("recovered_amount",),
        "per agent; a team's mean over heads is not a sum of contributions (an agent of two teams is one head), and "
        "whether heads are those on average or at the month's end is open",
    ),
    Indicator("S1-8", "average case handling time", ("case_cycle_time_mean",)),
    Indicator(
        "S1-9", "M1 contact coverage", ("m1_coverage_rate",), "reached, not attempted; `definitions.coverage_days`"
    ),
    Indicator(
        "S1-10", "promise-to-pay rate, M1", ("promise_rate",), "over right-party contacts; by stage at level segment"
    ),
    Indicator(
        "S1-11",
        "instalment-plan rate, M2-M3",
        ("plans", "promises"),
        "both parts; by stage at level segment",
    ),
    Indicator("S1-12", "legal process completion", ("legal_completion_rate",)),
    Indicator("S1-13", "on-site recovery conversion", ("visit_recovery_rate",)),
    Indicator("S1-14", "effective visit rate", ("visit_met_rate",)),
    Indicator("S1-16", "auto-debit sign-up rate", ("bot_mandate_rate",), "over bot sessions"),
    Indicator(
        "S1-19",
        "stages M1 / M2-M3 / M4+",
        note=_DIMENSION + "; recovery by the days past due as of each payment would need a measure per stage",
    ),
    Indicator("S1-20", "balance rule", note=_CONFIG),
    Indicator(
        "S2-1",
        "pre-due reminder reach",
        ("delivered_rate",),
        "over the messages sent; the debts that are not yet due are not in a collections stream",
    ),
    Indicator("S2-4", "early delinquency tiers", note=_RECORD),
    Indicator(
        "S2-5",
        "hardship help and cures",
        ("plans", "cases_closed"),
        "plans and closed cases; " + _EVENT + " for waived fees and cut rates",
    ),
    Indicator("S2-6", "repayment share", ("promise_kept_amount_rate",), "of what was promised and came due"),
    Indicator(
        "S2-7",
        "speed of recovery",
        ("payment_delay_mean", "case_cycle_time_mean"),
        "to each payment, and to the closing, from the placing; whether contact or promise is meant, and whether a "
        "payment or its amount is the weight, is not stated",
    ),
    Indicator("S2-8", "communication quality", ("qa_score_mean",), "the scores that people gave in reviews"),
    Indicator(
        "S2-9",
        "daily volume",
        ("dials", "contacts", "workload", "dials_per_hour", "contacts_per_hour"),
        "of a day, or of a productive hour",
    ),
    Indicator("S2-10", "call duration", ("talk_time_mean", "handle_time_mean")),
    Indicator("S2-11", "connect rate", ("connect_rate",), "answered by a human, whoever it is"),
    Indicator(
        "S2-12",
        "satisfaction, complaints, retention",
        ("satisfaction_rate", "complaint_rate"),
        "retention is period-end data",
    ),
    Indicator(
        "S2-14", "complaint-handling compliance", ("complaint_timeliness",), "`definitions.complaint_deadline_days`"
    ),
    Indicator(
        "S2-15",
        "sales-rep receivables",
        ("recovered_amount", "workload"),
        "`attainment` stands beside a target (docs/scores.md)",
    ),
    Indicator("S2-16", "risk classes", note=_DIMENSION),
    Indicator("S3-2", "recovery uplift", ("recovered_amount",), "the difference of two windows' records"),
    Indicator("S3-4", "collection success rate", ("recovered_amount",), "as S0-1"),
    Indicator("S3-5", "mean collection cycle", ("case_cycle_time_mean",)),
    Indicator("S3-9", "incident handling time", note=_EVENT + " (alert acknowledgement)"),
    Indicator("S3-10", "resolution rate", note=_EVENT + " (work orders, repeat contacts)"),
    Indicator(
        "S3-11",
        "response time",
        ("service_level", "answer_wait_mean"),
        "as the share within `definitions.service_level_ms`, and as a mean",
    ),
    Indicator(
        "S3-13", "versioned definitions", note="the catalogue's version stands in every record; weights " + _CONFIG
    ),
    Indicator("S4-6", "card team scorecard", note=_CONFIG),
    Indicator("S4-7", "quality deduction", note=_CONFIG),
    Indicator("S4-8", "rank points", note=_CONFIG),
    Indicator("S4-9", "consecutive-period rule", note=_CONFIG),
    Indicator("S4-10", "leader bonus", note=_CONFIG),
    Indicator(
        "S4-11",
        "coefficient deductions",
        ("signed_in_time", "break_time"),
        "the times; what is deducted for them is " + _CONFIG,
    ),
    Indicator(
        "S4-12", "audit of changes", note="every record has a revision, and scores have a ledger (docs/scores.md)"
    ),
    Indicator(
        "S4-14",
        "card repayment rate",
        ("promise_kept_amount_rate",),
        "of the bank catalogue, the one row that a collections stream carries",
    ),
    Indicator("S4-17", "collector pay ladder", note=_CONFIG),
    Indicator("S4-18", "pop-up conversion", note=_EVENT + " (pop-ups, applications)"),
    Indicator("S4-19", "daily top-3 / bottom-3", note=_CONFIG),
    Indicator("S4-20", "volume reward", note=_CONFIG),
)
