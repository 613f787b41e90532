# ruff: noqa: RUF001  (Chinese has its own punctuation)
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

CHINESE = {
    "Promises to pay that were made.": "作出的还款承诺数。",
    "Promises of more than one instalment.": "多于一期的还款承诺数。",
    "Sum of the instalments of the promises that were made.": "所作还款承诺各期金额之和。",
    "Promises made per right-party contact.": "每次本人接触所获得的还款承诺数。",
    "Share of the instalments that came due that were paid in time, within the tolerance.":
        "到期的期款中，在容差之内按时还清的比例。",
    "Share of the instalment amounts that came due that was paid in time.": "到期的期款金额中，按时还款的比例。",
    "Promises made per hour in which agents were available, on call or in wrap-up.":
        "坐席空闲、通话或话后的每小时所获承诺数。",
    "Payments whose net amount, after every reversal, is above zero.": "扣除全部冲正后净额大于零的还款笔数。",
    "Payments, net of all their reversals, at the time of the payment.": "还款扣除其全部冲正后的净额，计在还款之时。",
    "Reversals in full, at the time of the reversal.": "冲正全额，计在冲正之时。",
    "Net payments per hour in which agents were available, on call or in wrap-up.":
        "坐席空闲、通话或话后的每小时净还款额。",
    "Mean time from a case's first placement to each of its payments.": "案件首次委案至其每笔还款的平均时长。",
    "Net field payments over the overdue amount visited.": "外访渠道净还款，占所访案件逾期金额的比例。",
    "whether they were kept": "是否履约",
    "who renews a promise makes another": "续订承诺另计一次",
    "promises of one instalment": "只有一期的承诺",
    "whether it was paid": "是否已还",
    "a promise that is renewed counts twice": "续订的承诺计两次",
    "promises are not matched with the contact that led to them": "承诺不与促成它的接触相匹配",
    "instalments not due yet": "尚未到期的期款",
    "those of promises cancelled or renewed before their cut-off": "截止前已取消或续订的承诺的期款",
    "what was paid beyond an instalment": "超出期款的还款",
    "payments that were reversed in full": "已全额冲正的还款",
    "payments that were reversed in full, and those before the placement": "已全额冲正的还款，以及委案之前的还款",
    "payments of other channels": "其他渠道的还款",
    "what was reversed, whenever that happened": "被冲正的金额，不论何时冲正",
    "a payment without a case of its own is nobody's, unless the debtor has one case only":
        "自身不带案件的还款不归任何人，除非债务人只有一个案件",
    "a reversal whose payment is unknown is nobody's, at its own site": "其还款未知的冲正不归任何人，计在其自身职场",
    "of an agent whose states are unknown there are no hours, and no value": "状态未知的坐席没有工时，也没有数值",
    "a payment whose case, or whose placement, is unknown is in neither part": "案件或委案未知的还款，分子分母均不计",
    "a visit to a case whose overdue amount is unknown adds 0": "逾期金额未知的外访案件按0计",
    "a payment with `occurred_on` counts at the midnight that begins its day: a rolling window hardly ever shows it, "
    "a day does":
        "只有 `occurred_on` 的还款计在当日零点：滚动窗口几乎从不显示，日窗口显示",
    "counts at a local midnight, the cut-off: a rolling window shows it for its own length after that only":
        "计在当地零点，即截止之时：滚动窗口只在此后自身长度之内显示",
}  # fmt: skip
"""What rows say, in Chinese: by their English text, or a part of it up to a semicolon (`chinese.py`)."""
