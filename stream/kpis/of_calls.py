# ruff: noqa: RUF001  (Chinese has its own punctuation)
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

CHINESE = {
    "Outbound calls placed, whatever came of them.": "拨出的通话次数，不论结果如何。",
    "Calls in either direction that reached a human.": "接触到人的通话次数，呼出呼入均计。",
    "Calls in either direction that reached the debtor in person.": "接触到债务人本人的通话次数，呼出呼入均计。",
    "Inbound calls, callbacks included.": "呼入的通话次数，含请求回拨者。",
    "Inbound calls whose caller left the queue to be called back.": "来电者离开队列、等待回拨的呼入通话次数。",
    "Outbound calls abandoned by the dialler: a human was there, and no agent.":
        "被拨号系统放弃的呼出通话次数：有人接听，却没有坐席。",
    "Later legs of a conversation that an agent handled.": "一次通话中由坐席处理的后续各段。",
    "Outbound calls, answered inbound calls, field visits and outbound messages.":
        "呼出通话、已接听的呼入通话、外访与发出消息的总次数。",
    "Share of outbound calls that a human answered.": "呼出通话中有人接听的比例。",
    "Share of outbound calls that reached the debtor in person.": "呼出通话中接触到债务人本人的比例。",
    "Dropped outbound calls over those that a human answered, dropped or not.":
        "掉线的呼出通话，占有人接听的呼出通话（含掉线者）的比例。",
    "Share of the inbound calls that `service_level_formula` judges that were answered within the service-level time.":
        "按 `service_level_formula` 计入的呼入通话中，在服务水平时限内接听的比例。",
    "Abandoned inbound calls, short abandons left out, over abandoned and answered ones.":
        "放弃的呼入通话（短时放弃除外），占放弃与接听通话之和的比例。",
    "Mean time in the queue of the inbound calls that a human answered.": "人工接听的呼入通话的平均排队时长。",
    "Mean time in the queue of the inbound calls given up, short abandons included.":
        "放弃的呼入通话的平均排队时长，含短时放弃。",
    "Mean talk time of the calls that an agent handled, each leg by itself.":
        "坐席处理的通话的平均通话时长，每段单独计。",
    "Mean talk, hold and wrap-up time of the calls that an agent handled, each leg by itself.":
        "坐席处理的通话的平均处理时长（通话、保持与话后），每段单独计。",
    "Mean hold time of the calls that an agent handled, each leg by itself.":
        "坐席处理的通话的平均保持时长，每段单独计。",
    "Mean wrap-up time of the calls that an agent handled, each leg by itself.":
        "坐席处理的通话的平均话后处理时长，每段单独计。",
    "Share of talk time that was substantive.": "通话时长中有效通话所占的比例。",
    "Share of the legs that an agent handled that had been transferred to them.":
        "坐席处理的各段通话中，由他人转入的比例。",
    "later legs of a call: a conversation counts once, at its first": "通话的后续各段：一次通话只在首段计一次",
    "later legs of a call": "通话的后续各段",
    "the call back itself: it is an outbound call": "回拨本身：它是呼出通话",
    "the first leg": "首段",
    "legs without an agent": "没有坐席的各段",
    "conversations without an agent": "没有坐席的通话",
    "inbound calls that no human answered": "无人工接听的呼入通话",
    "inbound messages": "收到的消息",
    "machines": "机器接听",
    "machines: a dialler that drops them harms nobody": "机器接听：拨号系统放弃它们并不妨害任何人",
    "who answered is not asked": "不问由谁接听",
    "third parties and people not identified": "第三方及身份未核实者",
    "callbacks": "请求回拨者",
    "with `answered` calls that no human answered, with `without_short_abandons` callers who gave up within "
    "`short_abandon_ms`":
        "取 `answered` 时为无人工接听的通话，取 `without_short_abandons` 时为 `short_abandon_ms` 之内放弃者",
    "callers who gave up within `short_abandon_ms`": "`short_abandon_ms` 之内放弃者",
    "callers who gave up, callbacks": "放弃者、请求回拨者",
    "answered calls, callbacks": "已接听的通话、请求回拨者",
    "talk under `effective_talk_floor_ms`, unless the event states `effective_ms`":
        "短于 `effective_talk_floor_ms` 的通话，除非事件给出 `effective_ms`",
    "a party that is unknown is not the right one": "身份未知者不算本人",
    "a call whose `queue_ms` is unknown is in neither part": "`queue_ms` 未知的通话，分子分母均不计",
    "an abandoned call whose `queue_ms` is unknown counts as abandoned: an unknown wait excuses nobody":
        "`queue_ms` 未知的放弃通话仍计为放弃：等待时长未知不成其为理由",
    "`talk_ms`, `hold_ms`, `wrap_ms` that are unknown are 0, and their call counts":
        "`talk_ms`、`hold_ms`、`wrap_ms` 未知者按0计，其通话照计",
    "`effective_ms` unknown: all of the talk, if it is not under the floor":
        "`effective_ms` 未知：通话不短于下限者，全部计为有效",
    "whether the leg before is known does not matter": "前一段是否已知并不影响",
    "a call is known when it has ended: with `calls_counted_at: start` a rolling window never shows a call that lasts "
    "longer than it":
        "通话结束后才可知：取 `calls_counted_at: start` 时，滚动窗口从不显示比它更长的通话",
    "`end` shows every one": "取 `end` 时全部显示",
}  # fmt: skip
"""What rows say, in Chinese: by their English text, or a part of it up to a semicolon (`chinese.py`)."""
