"""The KPI catalogue: the table of semantics 6 as data.

`sources` name the indicators of the published schemes that a KPI answers to (docs: indicator list, section A). A KPI is
defined by the table of semantics 6 alone; a source may define it a little differently.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from stream.windows.measures import MEASURES, MONEY

CATALOGUE_VERSION = 1

PERMILLE = 1_000
PER_HOUR = 3_600_000


@dataclass(frozen=True)
class Kpi:
    """One KPI: the sum of `numerator` measures over the sum of `denominator` measures (None: a plain count or amount).

    value = numerator * factor / denominator. `direction`: which way is better, "higher", "lower" or None.
    `per_currency`: one value for each currency of the numerator. `denominator_per_currency`: the denominator's too;
    if not, the entity's denominator serves every currency (recovered_per_hour). `version`: of its definition; the
    catalogue's version rises with any of them.
    """

    id: str
    numerator: tuple[str, ...]
    denominator: tuple[str, ...] | None
    unit: str
    direction: str | None
    name_en: str
    name_zh: str
    description: str
    sources: tuple[str, ...] = ()
    factor: int = 1
    per_currency: bool = False
    denominator_per_currency: bool = False
    version: int = 1

    @property
    def threshold(self) -> str:
        """The level that a source states for it, as text; empty where none does."""
        return _THRESHOLDS.get(self.id, "")

    @property
    def not_counted(self) -> str:
        """What it deliberately leaves out; empty where there is nothing to say."""
        return _NOT_COUNTED.get(self.id, "")

    @property
    def measures(self) -> tuple[str, ...]:
        """Every measure that it reads."""
        return self.numerator + (self.denominator or ())


_THRESHOLDS = {
    "recovered_amount": "85-120 % of its target (S1-1); 80,000-150,000 CNY per head and month (S1-7)",
    "effective_talk_ratio": ">= 60 % (S1-3)",
    "first_contact_rate": "100 % up to 30 days past due (S1-4)",
    "qa_pass_rate": ">= 98 % (S1-5)",
    "complaint_rate": "<= 3 permille, excellent <= 1 permille (S1-6)",
    "case_cycle_time_mean": "M3+ cases: excellent <= 5 days (S1-8)",
    "m1_coverage_rate": ">= 95 % (S1-9)",
    "visit_recovery_rate": "18 % (S1-13)",
    "visit_met_rate": "40 % (S1-14)",
    "bot_handover_accuracy": ">= 80 % (S1-15)",
    "bot_mandate_rate": "15 % (S1-16)",
}

_NOT_COUNTED = {
    "abandonment_rate": "callers who gave up within `definitions.short_abandon_ms`",
    "bot_handover_accuracy": "hand-overs without a label",
    "case_cycle_time_mean": "cases that were closed before they were placed, or never placed",
    "complaint_rate": "nothing is left out, upheld or not; contacts that reached nobody are no contacts",
    "complaint_timeliness": "complaints whose deadline has not come",
    "connect_rate": "machines; who answered is not asked",
    "effective_talk_ratio": "talk under `definitions.effective_talk_floor_ms`, unless the event states `effective_ms`",
    "first_contact_rate": "cases placed later than `definitions.first_contact_max_dpd`; calls that failed",
    "handle_time_mean": "conversations without an agent",
    "m1_coverage_rate": "attempts that reached nobody",
    "occupancy_ratio": "breaks, training and meetings; a state beyond 12 hours",
    "payments": "payments that were reversed in full",
    "promise_kept_amount_rate": "what was paid beyond an instalment",
    "promise_kept_rate": "instalments not due yet; those of promises cancelled or renewed before their cut-off",
    "promise_rate": "promises are not matched with the contact that led to them",
    "recovered_amount": "what was reversed, whenever that happened",
    "recovered_per_hour": "breaks, training, meetings and logged-out time",
    "right_party_rate": "third parties and people not identified",
    "service_level": "a caller who gave up counts as offered, however soon",
    "talk_time_mean": "conversations without an agent",
    "visit_recovery_rate": "payments of other channels; visits to cases whose overdue amount is not known count 0",
    "workload": "inbound calls that no human answered; inbound messages",
}


def _count(measure: str, name_en: str, name_zh: str, description: str, sources: tuple[str, ...] = ()) -> Kpi:
    return Kpi(measure, (measure,), None, "count", None, name_en, name_zh, description, sources)


def _amount(kpi: str, measure: str, name_en: str, name_zh: str, description: str, sources: tuple[str, ...] = ()) -> Kpi:
    return Kpi(kpi, (measure,), None, "minor", None, name_en, name_zh, description, sources, per_currency=True)


def _ratio(
    kpi: str,
    over: tuple[str, str | tuple[str, str]],
    direction: str | None,
    names: tuple[str, str],
    description: str,
    sources: tuple[str, ...] = (),
) -> Kpi:
    numerator, denominator = over
    below = (denominator,) if isinstance(denominator, str) else denominator
    money = numerator in MONEY
    return Kpi(
        kpi, (numerator,), below, "ratio", direction, *names, description, sources,
        per_currency=money, denominator_per_currency=money,
    )  # fmt: skip


_COUNTS = (
    _count("dials", "Dials", "拨打次数", "Outbound calls placed, whatever came of them.", ("S2-9",)),
    _count("contacts", "Contacts", "通话接触次数", "Calls in either direction that reached a human.", ("S2-9",)),
    _count("right_party_contacts", "Right-party contacts", "本人接触次数",
           "Calls in either direction that reached the debtor in person."),
    _count("promises", "Promises", "还款承诺数", "Promises to pay that were made."),
    _count("plans", "Instalment plans", "分期方案数", "Promises of more than one instalment.", ("S1-11",)),
    _count("payments", "Payments", "还款笔数", "Payments whose net amount, after every reversal, is above zero."),
    _count("complaints", "Complaints", "投诉数", "Complaints received, at the time they were received."),
    _count("cases_placed", "Cases placed", "委案数", "Cases placed for the first time."),
    _count("cases_closed", "Cases closed", "结案数", "Cases closed for the first time."),
    _count("visits", "Field visits", "外访次数", "Field visits."),
    _count("letters", "Letters", "信函数", "Letters sent."),
    _count("offered", "Calls offered", "呼入量", "Inbound calls."),
    _count("surveys", "Surveys", "满意度调查数", "Surveys answered."),
)  # fmt: skip

_AMOUNTS = (
    _amount("recovered_amount", "recovered_minor", "Recovered amount", "回收金额",
            "Payments, net of all their reversals, at the time of the payment.", ("S1-1", "S1-7")),
    _amount("promised_amount", "promised_minor", "Promised amount", "承诺金额",
            "Sum of the instalments of the promises that were made."),
    _amount("reversed_amount", "reversed_minor", "Reversed amount", "冲正金额",
            "Reversals in full, at the time of the reversal."),
    _amount("placed_amount", "placed_minor", "Placed amount", "委案金额", "Overdue amount of the cases placed.",
            ("S0-18", "S1-2")),
)  # fmt: skip

_CALLS = (
    Kpi("workload", ("dials", "answered", "visits", "messages"), None, "count", "higher", "Workload", "工作量",
        "Outbound calls, answered inbound calls, field visits and outbound messages.", ("S0-5", "S2-9")),
    _ratio("connect_rate", ("connects", "dials"), "higher", ("Connect rate", "电话接通率"),
           "Share of outbound calls that a human answered.", ("S2-11",)),
    _ratio("right_party_rate", ("right_party_connects", "dials"), "higher", ("Right-party rate", "本人接通率"),
           "Share of outbound calls that reached the debtor in person.", ("S0-3",)),
    Kpi("talk_time_mean", ("talk_ms",), ("handled",), "ms", None, "Mean talk time", "平均通话时长",
        "Mean talk time of the calls that an agent handled.", ("S2-10",)),
    Kpi("handle_time_mean", ("talk_ms", "hold_ms", "wrap_ms"), ("handled",), "ms", None, "Mean handle time",
        "平均处理时长", "Mean talk, hold and wrap-up time of the calls that an agent handled.", ("S2-10",)),
    _ratio("effective_talk_ratio", ("effective_talk_ms", "talk_ms"), "higher",
           ("Effective talk share", "有效通话时长占比"), "Share of talk time that was substantive.", ("S1-3",)),
    _ratio("service_level", ("answered_in_time", "offered"), "higher", ("Service level", "服务水平"),
           "Share of inbound calls that were answered within the service-level time.", ("S3-11",)),
    _ratio("abandonment_rate", ("abandons", ("abandons", "answered")), "lower", ("Abandonment rate", "放弃率"),
           "Abandoned inbound calls, short abandons left out, over abandoned and answered ones."),
)  # fmt: skip

_PROMISES = (
    _ratio("promise_rate", ("promises", "right_party_contacts"), "higher", ("Promise rate", "还款承诺获取率"),
           "Promises made per right-party contact.", ("S1-10",)),
    _ratio("promise_kept_rate", ("promises_kept", "promises_due"), "higher", ("Kept promise rate", "承诺履约率"),
           "Share of the instalments that came due that were paid in time, within the tolerance."),
    _ratio("promise_kept_amount_rate", ("promises_kept_minor", "promises_due_minor"), "higher",
           ("Kept promise amount rate", "承诺金额履约率"),
           "Share of the instalment amounts that came due that was paid in time.", ("S2-6",)),
    Kpi("recovered_per_hour", ("recovered_minor",), ("productive_ms",), "minor per hour", "higher",
        "Recovered per productive hour", "每小时回收金额",
        "Net payments per hour in which agents were available, on call or in wrap-up.", ("S0-10",), PER_HOUR,
        per_currency=True),
)  # fmt: skip

_CASES = (
    Kpi("complaint_rate", ("complaints",), ("contacts",), "permille", "lower", "Complaint rate", "客户投诉率",
        "Complaints received per thousand contacts.", ("S1-6", "S2-12"), PERMILLE),
    _ratio("complaint_timeliness", ("complaints_in_time", "complaints_due"), "higher",
           ("Complaint timeliness", "投诉处理及时率"),
           "Share of the complaints whose deadline came that were closed before it.", ("S2-14",)),
    _ratio("first_contact_rate", ("first_contacts_met", "first_contacts_due"), "higher",
           ("First-contact timeliness", "案件跟进及时率"),
           "Share of the early cases placed that saw a first contact attempt in time.", ("S1-4",)),
    _ratio("m1_coverage_rate", ("m1_covered", "m1_due"), "higher", ("M1 contact coverage", "M1联系覆盖率"),
           "Share of the cases 1-30 days past due that were reached within the coverage days.", ("S1-9",)),
    Kpi("case_cycle_time_mean", ("cycle_ms",), ("cases_cycled",), "ms", "lower", "Mean case cycle time",
        "平均催收周期", "Mean time from a case's first placement to its first closing.", ("S0-7", "S1-8", "S3-5")),
    _ratio("visit_met_rate", ("visits_met", "visits"), "higher", ("Effective visit rate", "有效外访率"),
           "Share of field visits that met the debtor.", ("S1-14",)),
    _ratio("visit_recovery_rate", ("field_recovered_minor", "visited_minor"), "higher",
           ("On-site recovery rate", "现场回收转化率"), "Net field payments over the overdue amount visited.",
           ("S0-4", "S1-13")),
)  # fmt: skip

_QUALITY = (
    _ratio("qa_pass_rate", ("reviews_passed", "reviews"), "higher", ("QA pass rate", "合规质检通过率"),
           "Share of quality reviews that passed.", ("S1-5",)),
    _ratio("satisfaction_rate", ("surveys_satisfied", "surveys"), "higher", ("Satisfaction rate", "客户满意度"),
           "Share of surveys with a score of 4 or 5.", ("S2-12", "S3-6")),
    _ratio("bot_handover_accuracy", ("bot_handovers_correct", "bot_handovers_judged"), "higher",
           ("Bot hand-over accuracy", "机器人识别转人工准确率"),
           "Share of the judged hand-overs from bot to human that were correct.", ("S1-15",)),
    _ratio("bot_mandate_rate", ("bot_mandates", "bot_sessions"), "higher",
           ("Auto-debit sign-up rate", "自动还款协议签订率"), "Share of bot sessions that ended with a mandate.",
           ("S1-16",)),
    _ratio("legal_completion_rate", ("legal_done", "legal_due"), "higher",
           ("Legal step completion", "司法催收流程完成率"), "Share of the legal steps due that were done by their day.",
           ("S1-12",)),
    _ratio("occupancy_ratio", ("on_call_ms", "productive_ms"), None, ("Occupancy", "坐席占用率"),
           "On-call and wrap-up time over productive time."),
)  # fmt: skip


def _by_id(kpis: Iterable[Kpi]) -> dict[str, Kpi]:
    table = {kpi.id: kpi for kpi in sorted(kpis, key=lambda kpi: kpi.id)}
    unknown = {measure for kpi in table.values() for measure in kpi.measures} - MEASURES
    if unknown:
        raise ValueError(f"the catalogue names unknown measures: {sorted(unknown)}")
    return table


CATALOGUE: dict[str, Kpi] = _by_id(_COUNTS + _AMOUNTS + _CALLS + _PROMISES + _CASES + _QUALITY)
"""Every KPI by id, in the order of the ids."""
