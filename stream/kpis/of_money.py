"""KPIs of promises and payments."""

from stream.kpis.kpi import Kpi, count
from stream.kpis.of_calls import LATER_LEGS, LONG_CALLS, NO_PARTY

DATED = (
    "a payment with `occurred_on` counts at the midnight that begins its day: a rolling window hardly ever shows it, "
    "a day does"
)
CUT_OFFS = "counts at a local midnight, the cut-off: a rolling window shows it for its own length after that only"

PROMISES = (
    count("promises", "Promises", "还款承诺数", "Promises to pay that were made.",
          not_counted="whether they were kept; who renews a promise makes another"),
    count("plans", "Instalment plans", "分期方案数", "Promises of more than one instalment.", sources=("S1-11",),
          not_counted="promises of one instalment"),
    Kpi("promised_amount", ("promised_minor",), None, "minor", None, "Promised amount", "承诺金额",
        "Sum of the instalments of the promises that were made.",
        not_counted="whether it was paid; a promise that is renewed counts twice"),
    Kpi("promise_rate", ("promises",), ("right_party_contacts",), "ratio", "higher", "Promise rate", "还款承诺获取率",
        "Promises made per right-party contact.", ("S1-10",),
        not_counted="promises are not matched with the contact that led to them; " + LATER_LEGS, unknown=NO_PARTY,
        rolling=LONG_CALLS, version=2),
    Kpi("promise_kept_rate", ("promises_kept",), ("promises_due",), "ratio", "higher", "Kept promise rate",
        "承诺履约率", "Share of the instalments that came due that were paid in time, within the tolerance.",
        not_counted="instalments not due yet; those of promises cancelled or renewed before their cut-off",
        rolling=CUT_OFFS),
    Kpi("promise_kept_amount_rate", ("promises_kept_minor",), ("promises_due_minor",), "ratio", "higher",
        "Kept promise amount rate", "承诺金额履约率",
        "Share of the instalment amounts that came due that was paid in time.", ("S2-6", "S4-14"),
        not_counted="what was paid beyond an instalment", rolling=CUT_OFFS),
    Kpi("promises_per_hour", ("promises",), ("productive_ms",), "per hour", "higher", "Promises per productive hour",
        "每小时承诺数", "Promises made per hour in which agents were available, on call or in wrap-up.",
        not_counted="breaks, training, meetings and logged-out time"),
)  # fmt: skip

PAYMENTS = (
    count("payments", "Payments", "还款笔数", "Payments whose net amount, after every reversal, is above zero.",
          sources=("S0-9",), not_counted="payments that were reversed in full",
          unknown="a payment without a case of its own is nobody's, unless the debtor has one case only",
          rolling=DATED),
    Kpi("recovered_amount", ("recovered_minor",), None, "minor", None, "Recovered amount", "回收金额",
        "Payments, net of all their reversals, at the time of the payment.",
        ("S0-1", "S0-2", "S0-8", "S1-1", "S1-2", "S1-7", "S2-15", "S3-2", "S3-4"),
        "85-120 % of its target (S1-1); 80,000-150,000 CNY per head and month (S1-7)",
        not_counted="what was reversed, whenever that happened",
        unknown="a payment without a case of its own is nobody's, unless the debtor has one case only", rolling=DATED),
    Kpi("reversed_amount", ("reversed_minor",), None, "minor", None, "Reversed amount", "冲正金额",
        "Reversals in full, at the time of the reversal.",
        unknown="a reversal whose payment is unknown is nobody's, at its own site", rolling=DATED),
    Kpi("recovered_per_hour", ("recovered_minor",), ("productive_ms",), "minor per hour", "higher",
        "Recovered per productive hour", "每小时回收金额",
        "Net payments per hour in which agents were available, on call or in wrap-up.", ("S0-10",),
        not_counted="breaks, training, meetings and logged-out time",
        unknown="of an agent whose states are unknown there are no hours, and no value", rolling=DATED, version=2),
    Kpi("payment_delay_mean", ("payment_delay_ms",), ("payments_timed",), "ms", "lower", "Mean delay of payments",
        "平均回款时长", "Mean time from a case's first placement to each of its payments.", ("S2-7",),
        not_counted="payments that were reversed in full, and those before the placement",
        unknown="a payment whose case, or whose placement, is unknown is in neither part", rolling=DATED),
    Kpi("visit_recovery_rate", ("field_recovered_minor",), ("visited_minor",), "ratio", "higher",
        "On-site recovery rate", "现场回收转化率", "Net field payments over the overdue amount visited.",
        ("S0-4", "S1-13"), "18 % (S1-13)", not_counted="payments of other channels",
        unknown="a visit to a case whose overdue amount is unknown adds 0", rolling=DATED),
)  # fmt: skip

KPIS = PROMISES + PAYMENTS
