# ruff: noqa: RUF001  (Chinese has its own punctuation)
"""KPIs of agents' time, messages, reviews, surveys and bots."""

from stream.kpis.kpi import Kpi, count
from stream.kpis.of_calls import LATER_LEGS, LONG_CALLS, NO_PARTY

BOUNDED = "a state beyond `open_state_max`, or beyond the shift with `open_state_ends_with_shift`"
STATES = "of an agent whose states are unknown there is no time"
OTHER_HOURS = "breaks, training, meetings and logged-out time"

TIME = (
    Kpi("signed_in_time", ("signed_in_ms",), None, "ms", None, "Time logged in", "登录时长",
        "Time in which agents were logged in, whatever they did.", ("S4-11",), not_counted=BOUNDED, unknown=STATES),
    Kpi("productive_time", ("productive_ms",), None, "ms", None, "Productive time", "有效工时",
        "Time in which agents were available, on call or in wrap-up.",
        not_counted="breaks, training and meetings; " + BOUNDED, unknown=STATES),
    Kpi("break_time", ("break_ms",), None, "ms", None, "Time on break", "小休时长",
        "Time in which agents were on break.", ("S4-11",), not_counted="training and meetings; " + BOUNDED,
        unknown=STATES),
    Kpi("occupancy_ratio", ("on_call_ms",), ("productive_ms",), "ratio", None, "Occupancy", "坐席占用率",
        "On-call and wrap-up time over productive time.", not_counted="breaks, training and meetings; " + BOUNDED,
        unknown=STATES, version=2),
    Kpi("dials_per_hour", ("dials",), ("productive_ms",), "per hour", "higher", "Dials per productive hour",
        "每小时拨打次数", "Outbound calls per hour in which agents were available, on call or in wrap-up.",
        ("S2-9",), not_counted=OTHER_HOURS + "; " + LATER_LEGS, unknown=STATES, rolling=LONG_CALLS),
    Kpi("contacts_per_hour", ("contacts",), ("productive_ms",), "per hour", "higher", "Contacts per productive hour",
        "每小时接触次数", "Calls that reached a human, per hour in which agents were available, on call or in wrap-up.",
        ("S2-9",), not_counted=OTHER_HOURS + "; " + LATER_LEGS, unknown=STATES, rolling=LONG_CALLS),
    Kpi("right_party_contacts_per_hour", ("right_party_contacts",), ("productive_ms",), "per hour", "higher",
        "Right-party contacts per productive hour", "每小时本人接触次数",
        "Calls that reached the debtor in person, per hour in which agents were available, on call or in wrap-up.",
        not_counted=OTHER_HOURS + "; " + LATER_LEGS, unknown=STATES + "; " + NO_PARTY, rolling=LONG_CALLS),
)  # fmt: skip

MESSAGES = (
    count("letters", "Letters", "信函数", "Letters sent.", sources=("S0-5",)),
    Kpi("delivered_rate", ("messages_delivered",), ("messages_judged",), "ratio", "higher", "Delivery rate", "送达率",
        "Share of the outbound messages of known fate that were delivered.", ("S2-1",),
        not_counted="inbound messages; whether it was read is not asked",
        unknown="a message whose `delivered` is unknown is in neither part"),
)  # fmt: skip

QUALITY = (
    Kpi("qa_pass_rate", ("reviews_passed",), ("reviews",), "ratio", "higher", "QA pass rate", "合规质检通过率",
        "Share of quality reviews that passed.", ("S1-5",), ">= 98 % (S1-5)",
        not_counted="counts at the time of the review, not of the conversation"),
    Kpi("qa_score_mean", ("review_points",), ("reviews_scored",), "points", "higher", "Mean QA score", "平均质检得分",
        "Mean score, 0-100, of the quality reviews that have one.", ("S2-8",),
        not_counted="counts at the time of the review, not of the conversation",
        unknown="a review without a score is in neither part"),
    count("surveys", "Surveys", "满意度调查数", "Surveys answered.", not_counted="surveys that nobody answered"),
    Kpi("satisfaction_rate", ("surveys_satisfied",), ("surveys",), "ratio", "higher", "Satisfaction rate", "客户满意度",
        "Share of surveys with a score of 4 or 5.", ("S2-12", "S3-6"), not_counted="surveys that nobody answered"),
)  # fmt: skip

BOTS = (
    Kpi("bot_handover_accuracy", ("bot_handovers_correct",), ("bot_handovers_judged",), "ratio", "higher",
        "Bot hand-over accuracy", "机器人识别转人工准确率",
        "Share of the judged hand-overs from bot to human that were correct.", ("S1-15",), ">= 80 % (S1-15)",
        unknown="a hand-over without a label is in neither part"),
    Kpi("bot_mandate_rate", ("bot_mandates",), ("bot_sessions",), "ratio", "higher", "Auto-debit sign-up rate",
        "自动还款协议签订率", "Share of bot sessions that ended with a mandate.", ("S1-16",), "15 % (S1-16)",
        not_counted="who was eligible is not asked"),
)  # fmt: skip

KPIS = TIME + MESSAGES + QUALITY + BOTS

CHINESE = {
    "Time in which agents were logged in, whatever they did.": "坐席登录的时长，不论在做什么。",
    "Time in which agents were available, on call or in wrap-up.": "坐席空闲、通话或话后的时长。",
    "Time in which agents were on break.": "坐席小休的时长。",
    "On-call and wrap-up time over productive time.": "通话及话后时长，占有效工时的比例。",
    "Outbound calls per hour in which agents were available, on call or in wrap-up.":
        "坐席空闲、通话或话后的每小时呼出通话数。",
    "Calls that reached a human, per hour in which agents were available, on call or in wrap-up.":
        "坐席空闲、通话或话后的每小时接触到人的通话数。",
    "Calls that reached the debtor in person, per hour in which agents were available, on call or in wrap-up.":
        "坐席空闲、通话或话后的每小时接触到本人的通话数。",
    "Letters sent.": "发出的信函数。",
    "Share of the outbound messages of known fate that were delivered.": "送达结果已知的发出消息中，已送达的比例。",
    "Share of quality reviews that passed.": "质检中通过的比例。",
    "Mean score, 0-100, of the quality reviews that have one.": "有评分的质检的平均得分（0至100）。",
    "Surveys answered.": "已作答的满意度调查数。",
    "Share of surveys with a score of 4 or 5.": "满意度调查中评4分或5分的比例。",
    "Share of the judged hand-overs from bot to human that were correct.": "已评判的机器人转人工中，判为正确的比例。",
    "Share of bot sessions that ended with a mandate.": "机器人会话中，以签订扣款协议结束的比例。",
    "breaks, training, meetings and logged-out time": "小休、培训、会议与签出的时间",
    "breaks, training and meetings": "小休、培训与会议",
    "training and meetings": "培训与会议",
    "a state beyond `open_state_max`, or beyond the shift with `open_state_ends_with_shift`":
        "超过 `open_state_max` 的状态；设 `open_state_ends_with_shift` 时为超出班次的状态",
    "whether it was read is not asked": "不问是否已读",
    "counts at the time of the review, not of the conversation": "计在质检之时，而非通话之时",
    "surveys that nobody answered": "无人作答的调查",
    "who was eligible is not asked": "不问谁符合条件",
    "of an agent whose states are unknown there is no time": "状态未知的坐席没有时长",
    "a message whose `delivered` is unknown is in neither part": "`delivered` 未知的消息，分子分母均不计",
    "a review without a score is in neither part": "没有评分的质检，分子分母均不计",
    "a hand-over without a label is in neither part": "未经评判的转人工，分子分母均不计",
}  # fmt: skip
"""What rows say, in Chinese: by their English text, or a part of it up to a semicolon (`chinese.py`)."""
