"""KPIs of calls."""

from stream.kpis.kpi import Kpi, count

LONG_CALLS = (
    "a call is known when it has ended: with `calls_counted_at: start` a rolling window never shows a call that lasts "
    "longer than it; `end` shows every one"
)
NO_WAIT = "a call whose `queue_ms` is unknown is in neither part"
NO_PARTY = "a party that is unknown is not the right one"
NO_TIMES = "`talk_ms`, `hold_ms`, `wrap_ms` that are unknown are 0, and their call counts"
WITHOUT_AGENT = "conversations without an agent"
LATER_LEGS = "later legs of a call: a conversation counts once, at its first"

VOLUMES = (
    count("dials", "Dials", "拨打次数", "Outbound calls placed, whatever came of them.",
          sources=("S2-9",), not_counted=LATER_LEGS, rolling=LONG_CALLS, version=2),
    count("contacts", "Contacts", "通话接触次数", "Calls in either direction that reached a human.",
          sources=("S2-9",), not_counted=LATER_LEGS, rolling=LONG_CALLS, version=2),
    count("right_party_contacts", "Right-party contacts", "本人接触次数",
          "Calls in either direction that reached the debtor in person.",
          not_counted=LATER_LEGS, unknown=NO_PARTY, rolling=LONG_CALLS, version=2),
    count("offered", "Calls offered", "呼入量", "Inbound calls, callbacks included.",
          not_counted=LATER_LEGS, rolling=LONG_CALLS, version=2),
    count("callbacks", "Callbacks requested", "回拨请求数",
          "Inbound calls whose caller left the queue to be called back.",
          not_counted="the call back itself: it is an outbound call", rolling=LONG_CALLS),
    count("drops", "Dropped calls", "掉线次数",
          "Outbound calls abandoned by the dialler: a human was there, and no agent.",
          not_counted=LATER_LEGS, rolling=LONG_CALLS),
    count("transfers_in", "Transfers in", "转入次数", "Later legs of a conversation that an agent handled.",
          not_counted="the first leg; legs without an agent", unknown="whether the leg before is known does not matter",
          rolling=LONG_CALLS),
    Kpi("workload", ("dials", "answered", "visits", "messages"), None, "count", "higher", "Workload", "工作量",
        "Outbound calls, answered inbound calls, field visits and outbound messages.", ("S0-5", "S2-9"),
        not_counted="inbound calls that no human answered; inbound messages; later legs of a call", rolling=LONG_CALLS,
        version=2),
)  # fmt: skip

OUTBOUND = (
    Kpi("connect_rate", ("connects",), ("dials",), "ratio", "higher", "Connect rate", "电话接通率",
        "Share of outbound calls that a human answered.", ("S2-11",),
        not_counted="machines; who answered is not asked", rolling=LONG_CALLS, version=2),
    Kpi("right_party_rate", ("right_party_connects",), ("dials",), "ratio", "higher", "Right-party rate", "本人接通率",
        "Share of outbound calls that reached the debtor in person.", ("S0-3",),
        not_counted="third parties and people not identified", unknown=NO_PARTY, rolling=LONG_CALLS, version=2),
    Kpi("drop_rate", ("drops",), ("connects", "drops"), "ratio", "lower", "Drop rate", "掉线率",
        "Dropped outbound calls over those that a human answered, dropped or not.",
        threshold="no source of the list; the former guideline of the United Kingdom was 3 % in 24 hours",
        not_counted="machines: a dialler that drops them harms nobody", rolling=LONG_CALLS),
)  # fmt: skip

INBOUND = (
    Kpi("service_level", ("answered_in_time",), ("service_judged",), "ratio", "higher", "Service level", "服务水平",
        "Share of the inbound calls that `service_level_formula` judges that were answered within the service-level "
        "time.", ("S3-11",),
        not_counted="callbacks; with `answered` calls that no human answered, with `without_short_abandons` callers "
        "who gave up within `short_abandon_ms`", unknown=NO_WAIT, rolling=LONG_CALLS, version=2),
    Kpi("abandonment_rate", ("abandons",), ("abandons", "answered"), "ratio", "lower", "Abandonment rate", "放弃率",
        "Abandoned inbound calls, short abandons left out, over abandoned and answered ones.",
        not_counted="callers who gave up within `short_abandon_ms`; callbacks",
        unknown="an abandoned call whose `queue_ms` is unknown counts as abandoned: an unknown wait excuses nobody",
        rolling=LONG_CALLS, version=2),
    Kpi("answer_wait_mean", ("answer_wait_ms",), ("answered_timed",), "ms", "lower", "Mean wait to answer",
        "平均应答等待时长", "Mean time in the queue of the inbound calls that a human answered.", ("S3-11",),
        not_counted="callers who gave up, callbacks", unknown=NO_WAIT, rolling=LONG_CALLS),
    Kpi("abandon_wait_mean", ("abandon_wait_ms",), ("abandoned_timed",), "ms", "lower", "Mean wait to abandonment",
        "平均放弃等待时长", "Mean time in the queue of the inbound calls given up, short abandons included.",
        not_counted="answered calls, callbacks", unknown=NO_WAIT, rolling=LONG_CALLS),
)  # fmt: skip

HANDLING = (
    Kpi("talk_time_mean", ("talk_ms",), ("handled",), "ms", None, "Mean talk time", "平均通话时长",
        "Mean talk time of the calls that an agent handled, each leg by itself.", ("S2-10",),
        not_counted=WITHOUT_AGENT, unknown=NO_TIMES, rolling=LONG_CALLS),
    Kpi("handle_time_mean", ("talk_ms", "hold_ms", "wrap_ms"), ("handled",), "ms", None, "Mean handle time",
        "平均处理时长", "Mean talk, hold and wrap-up time of the calls that an agent handled, each leg by itself.",
        ("S2-10",), not_counted=WITHOUT_AGENT, unknown=NO_TIMES, rolling=LONG_CALLS),
    Kpi("hold_time_mean", ("hold_ms",), ("handled",), "ms", None, "Mean hold time", "平均保持时长",
        "Mean hold time of the calls that an agent handled, each leg by itself.",
        not_counted=WITHOUT_AGENT, unknown=NO_TIMES, rolling=LONG_CALLS),
    Kpi("wrap_time_mean", ("wrap_ms",), ("handled",), "ms", None, "Mean wrap-up time", "平均话后处理时长",
        "Mean wrap-up time of the calls that an agent handled, each leg by itself.",
        not_counted=WITHOUT_AGENT, unknown=NO_TIMES, rolling=LONG_CALLS),
    Kpi("effective_talk_ratio", ("effective_talk_ms",), ("talk_ms",), "ratio", "higher", "Effective talk share",
        "有效通话时长占比", "Share of talk time that was substantive.", ("S1-3",), ">= 60 % (S1-3)",
        not_counted="talk under `effective_talk_floor_ms`, unless the event states `effective_ms`",
        unknown="`effective_ms` unknown: all of the talk, if it is not under the floor", rolling=LONG_CALLS),
    Kpi("transfer_rate", ("transfers_in",), ("handled",), "ratio", None, "Transfer rate", "转接率",
        "Share of the legs that an agent handled that had been transferred to them.",
        not_counted="legs without an agent", unknown="whether the leg before is known does not matter",
        rolling=LONG_CALLS),
)  # fmt: skip

KPIS = VOLUMES + OUTBOUND + INBOUND + HANDLING
