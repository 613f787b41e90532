"""What the sources leave open, and the key of the configuration that settles it; the defaults are the literal reading.

A definition that no key changes is the one that definitions 3 to 6 state; `indicators.py` says how it reads its source.
"""

from typing import NamedTuple

from stream.kpis.catalogue import CATALOGUE
from stream.windows.measures import CALLS, STATES, TABLE


class Option(NamedTuple):
    """One key of `definitions`: the KPIs that it changes, what is open, and why its default is the literal reading."""

    key: str
    kpis: tuple[str, ...]
    open: str
    literal: str


_CREDIT = (
    *("recovered_amount", "payments", "reversed_amount", "recovered_per_hour", "visit_recovery_rate"),
    "payment_delay_mean",
)


def _with_a_measure_of(levels: tuple[str, ...]) -> tuple[str, ...]:
    """The KPIs with a measure of these levels, breaches aside: they are at all, and judged by a call's start."""
    return tuple(
        kpi.id
        for kpi in CATALOGUE.values()
        if any(TABLE[measure].levels == levels for measure in kpi.measures if measure != "conduct_breaches")
    )


_OF_CALLS, _OF_STATES = _with_a_measure_of(CALLS), _with_a_measure_of(STATES)

OPTIONS: tuple[Option, ...] = (
    Option(
        "promise_grace_days",
        ("promise_kept_rate", "promise_kept_amount_rate", *_CREDIT),
        "how long after its day an instalment may be paid (and who is credited then)",
        "no source states it; the usual three days of a bank transfer",
    ),
    Option(
        "promise_tolerance",
        ("promise_kept_rate",),
        "how much of an instalment may be missing (S2-6 counts money, not promises)",
        "no source states it; nine tenths paid is kept, the amount rate beside it has no tolerance",
    ),
    Option(
        "attribution_days",
        _CREDIT,
        "which call a payment without a promise is credited to (S0-9 names no rule)",
        "no source states it; a week",
    ),
    Option(
        "effective_talk_floor_ms",
        ("effective_talk_ratio",),
        "what talk is substantive (S1-3)",
        "what the recorder states; without it talk of ten seconds or more, all of it",
    ),
    Option(
        "first_contact_hours",
        ("first_contact_rate",),
        "within what time a case must have seen its first contact (S1-4)",
        "in time: a day",
    ),
    Option(
        "first_contact_max_dpd",
        ("first_contact_rate",),
        "which cases must have one",
        "S1-4: those up to 30 days past due",
    ),
    Option(
        "coverage_days",
        ("m1_coverage_rate",),
        "within what time an M1 case must have been reached (S1-9)",
        "no source states it; a week; contacted is read as reached, not as attempted",
    ),
    Option(
        "service_level_ms",
        ("service_level",),
        "within what time a call is answered in time (S3-11)",
        "no source states it; the usual 20 seconds",
    ),
    Option(
        "short_abandon_ms",
        ("abandonment_rate", "service_level"),
        "how soon a caller who gives up is no abandoned call",
        "no source states it; five seconds",
    ),
    Option(
        "service_level_formula",
        ("service_level",),
        "over which calls the share is taken: those offered, answered, or offered without short abandons",
        "no source states it; every call offered, so that giving up is never a success",
    ),
    Option(
        "calls_counted_at",
        _OF_CALLS,
        "whether a call counts in the window of its start or of its end",
        "no source states it; an attempt belongs to its start",
    ),
    Option(
        "open_state_max",
        _OF_STATES,
        "how long a state counts that no other ends",
        "no source states it; half a day, longer than any shift",
    ),
    Option(
        "open_state_ends_with_shift",
        _OF_STATES,
        "whether a state goes on beyond the shift that it began in",
        "it does: who works on is at work",
    ),
    Option(
        "complaint_deadline_days",
        ("complaint_timeliness",),
        "by when a complaint must be closed (S2-14)",
        "no source states it; the eight weeks of a final response",
    ),
)


def options_of(kpi: str) -> tuple[str, ...]:
    """The keys of `definitions` that change a KPI."""
    return tuple(option.key for option in OPTIONS if kpi in option.kpis)
