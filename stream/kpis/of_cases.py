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
