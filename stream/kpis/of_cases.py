# ruff: noqa: RUF001  (Chinese has its own punctuation)
"""KPIs of cases, complaints, visits and legal steps."""

from stream.kpis.kpi import Kpi, count

DEADLINES = "counts at the deadline, whenever it was met: a rolling window shows it for its own length after that only"
RECEIVED = "counts at `received_at`: a rolling window never shows what was entered later than it is long"

CASES = (
    count("cases_placed", "Cases placed", "委案数", "Cases placed for the first time.",
          not_counted="a case that is placed again"),
    count("cases_closed", "Cases closed", "结案数", "Cases closed for the first time.", sources=("S2-5",),
          not_counted="a case that is closed again; why it was closed is not asked"),
    Kpi("placed_amount", ("placed_minor",), None, "minor", None, "Placed amount", "委案金额",
        "Overdue amount of the cases placed.", ("S0-2", "S0-18", "S1-2"),
        unknown="a case placed without an overdue amount adds 0"),
    Kpi("first_contact_rate", ("first_contacts_met",), ("first_contacts_due",), "ratio", "higher",
        "First-contact timeliness", "案件跟进及时率",
        "Share of the early cases placed that saw a first contact attempt in time.", ("S1-4",),
        "100 % up to 30 days past due (S1-4)",
        not_counted="cases placed later than `first_contact_max_dpd`; calls that failed; what carries no case",
        unknown="a case placed without `dpd` is in neither part", rolling=DEADLINES),
    Kpi("m1_coverage_rate", ("m1_covered",), ("m1_due",), "ratio", "higher", "M1 contact coverage", "M1联系覆盖率",
        "Share of the cases 1-30 days past due that were reached within the coverage days.", ("S1-9",),
        ">= 95 % (S1-9)", not_counted="attempts that reached nobody; what carries no case",
        unknown="a case of which no `dpd` is known is in neither part", rolling=DEADLINES),
    Kpi("case_cycle_time_mean", ("cycle_ms",), ("cases_cycled",), "ms", "lower", "Mean case cycle time",
        "平均催收周期", "Mean time from a case's first placement to its first closing.",
        ("S0-7", "S1-8", "S2-7", "S3-5"), "M3+ cases: excellent <= 5 days (S1-8)",
        not_counted="cases that were closed before they were placed",
        unknown="a case whose placement is unknown is in neither part"),
)  # fmt: skip

COMPLAINTS = (
    count("complaints", "Complaints", "投诉数", "Complaints received, at the time they were received.",
          not_counted="nothing is left out, upheld or not", rolling=RECEIVED),
    Kpi("complaint_rate", ("complaints",), ("contacts",), "permille", "lower", "Complaint rate", "客户投诉率",
        "Complaints received per thousand contacts.", ("S1-6", "S2-12"),
        "<= 3 permille, excellent <= 1 permille (S1-6)",
        not_counted="nothing is left out, upheld or not; calls that reached nobody are no contacts, later legs none of "
        "their own", rolling=RECEIVED, version=2),
    Kpi("complaint_timeliness", ("complaints_in_time",), ("complaints_due",), "ratio", "higher",
        "Complaint timeliness", "投诉处理及时率",
        "Share of the complaints whose deadline came that were closed before it.", ("S2-14",),
        not_counted="complaints whose deadline has not come",
        unknown="a complaint without `closed_at` was not closed in time", rolling=DEADLINES),
)  # fmt: skip

FIELD = (
    count("visits", "Field visits", "外访次数", "Field visits.", sources=("S0-5",)),
    Kpi("visit_met_rate", ("visits_met",), ("visits",), "ratio", "higher", "Effective visit rate", "有效外访率",
        "Share of field visits that met the debtor.", ("S1-14",), "40 % (S1-14)",
        not_counted="third parties met"),
    Kpi("legal_completion_rate", ("legal_done",), ("legal_due",), "ratio", "higher", "Legal step completion",
        "司法催收流程完成率", "Share of the legal steps due that were done by their day.", ("S1-12",),
        not_counted="steps whose day has not ended; steps done that were never stated as due", rolling=DEADLINES),
)  # fmt: skip

KPIS = CASES + COMPLAINTS + FIELD

CHINESE = {
    "Cases placed for the first time.": "首次委案的案件数。",
    "Cases closed for the first time.": "首次结案的案件数。",
    "Overdue amount of the cases placed.": "所委案件的逾期金额。",
    "Share of the early cases placed that saw a first contact attempt in time.":
        "所委早期案件中，按时作出首次联系尝试的比例。",
    "Share of the cases 1-30 days past due that were reached within the coverage days.":
        "逾期1至30天的案件中，在覆盖期内联系到的比例。",
    "Mean time from a case's first placement to its first closing.": "案件首次委案至首次结案的平均时长。",
    "Complaints received, at the time they were received.": "收到的投诉数，计在收到之时。",
    "Complaints received per thousand contacts.": "每千次接触收到的投诉数。",
    "Share of the complaints whose deadline came that were closed before it.": "到期的投诉中，在期限之前办结的比例。",
    "Field visits.": "外访次数。",
    "Share of field visits that met the debtor.": "外访中见到债务人本人的比例。",
    "Share of the legal steps due that were done by their day.": "到期的司法步骤中，在当日之内完成的比例。",
    "third parties met": "见到的第三方",
    "a case that is placed again": "再次委案的案件",
    "a case that is closed again": "再次结案的案件",
    "why it was closed is not asked": "不问结案原因",
    "cases placed later than `first_contact_max_dpd`": "委案时逾期天数超过 `first_contact_max_dpd` 的案件",
    "calls that failed": "呼叫失败的通话",
    "what carries no case": "不带案件者",
    "attempts that reached nobody": "未联系到任何人的尝试",
    "cases that were closed before they were placed": "委案之前已结案的案件",
    "nothing is left out, upheld or not": "无所遗漏，成立与否均计",
    "calls that reached nobody are no contacts, later legs none of their own":
        "未接触到人的通话不算接触，后续各段不另算接触",
    "complaints whose deadline has not come": "期限未到的投诉",
    "steps whose day has not ended": "当日尚未结束的步骤",
    "steps done that were never stated as due": "已完成却从未列为到期的步骤",
    "a case placed without an overdue amount adds 0": "委案时没有逾期金额的案件按0计",
    "a case placed without `dpd` is in neither part": "委案时没有 `dpd` 的案件，分子分母均不计",
    "a case of which no `dpd` is known is in neither part": "`dpd` 未知的案件，分子分母均不计",
    "a case whose placement is unknown is in neither part": "委案未知的案件，分子分母均不计",
    "a complaint without `closed_at` was not closed in time": "没有 `closed_at` 的投诉视为未按时办结",
    "counts at the deadline, whenever it was met: a rolling window shows it for its own length after that only":
        "计在期限之时，不论何时达成：滚动窗口只在此后自身长度之内显示",
    "counts at `received_at`: a rolling window never shows what was entered later than it is long":
        "计在 `received_at`：录入延迟超过窗口长度者，滚动窗口从不显示",
}  # fmt: skip
"""What rows say, in Chinese: by their English text, or a part of it up to a semicolon (`chinese.py`)."""
