"""The closed list of measures (definitions 3 to 5), one row each, and the name of a column.

A *column* is what sums are kept by: the measure's own name, or for money `measure:CUR`. Amounts are integers: counts,
milliseconds (`*_ms`), minor units of the column's currency (`*_minor`), or points. Words, metrics, packing and the
levels at which a KPI exists all read these rows: a new measure is one row here, and what contributes to it.

**The field of a row is a format at rest**: `windows/packed.py` adds amounts up at that place, in the deltas topic and
in the windows topic. A new measure takes the next number. A row never takes another's number, and none is left out,
without a new version of both formats and an upgrade (`former.py`); tests/golden holds the rows, and says what to do.
"""

from collections.abc import Iterable
from functools import cache
from hashlib import blake2b
from typing import NamedTuple

UNASSIGNED = "unassigned"
"""Agent or team of a contribution that nobody is credited with (definitions 1)."""

LEVELS = ("agent", "team", "queue", "segment", "site")
"""A contribution goes to its agent, its team and its site; that of a call to its queue as well, and that of a fact
with a segment to the segment (definitions 1)."""

CALLS = LEVELS
"""Levels of a measure to which calls alone contribute."""
OTHERS = ("agent", "team", "segment", "site")
STATES = ("agent", "team", "site")
"""Levels of a measure of agents' time: a state belongs to no segment."""


class Measure(NamedTuple):
    """One measure. `field`: its place in a packed sum, see above. `unit`: count, ms, minor (of a currency) or points.

    `metric`: its name on /metrics after the prefix, in Prometheus' base units. `levels`: where it exists.
    `words_en`, `words_zh`: what it counts, as a person would say it.
    """

    field: int
    name: str
    unit: str
    metric: str
    levels: tuple[str, ...]
    words_en: str
    words_zh: str


# What most rows of deltas hold comes first: the integer is the shorter. Agents' states make more of them than calls.
_PLAIN = (
    Measure(0, "signed_in_ms", "ms", "signed_in_seconds", STATES, "time logged in", "登录时长"),
    Measure(1, "productive_ms", "ms", "productive_seconds", STATES,
            "time available, on call or in wrap-up", "空闲、通话与话后的工时"),
    Measure(2, "on_call_ms", "ms", "on_call_seconds", STATES, "time on call or in wrap-up", "通话及话后时长"),
    Measure(3, "dials", "count", "dials", CALLS, "outbound calls, each by its first leg", "按首段计的拨出通话"),
    Measure(4, "promises_due", "count", "promises_due", OTHERS,
            "instalments whose cut-off came, not superseded before", "到期的承诺期款"),
    Measure(5, "m1_due", "count", "m1_due", OTHERS,
            "cases 1-30 days past due whose coverage deadline came", "覆盖期满的M1案件"),
    Measure(6, "messages", "count", "messages", OTHERS, "outbound messages, letters included", "发出的消息与信函"),
    Measure(7, "messages_judged", "count", "messages_judged", OTHERS,
            "outbound messages of which it is known whether they were delivered", "已知送达结果的消息"),
    Measure(8, "messages_delivered", "count", "messages_delivered", OTHERS,
            "outbound messages that were delivered", "已送达的消息"),
    Measure(9, "bot_sessions", "count", "bot_sessions", OTHERS, "bot sessions", "机器人会话"),
    Measure(10, "first_contacts_due", "count", "first_contacts_due", OTHERS,
            "cases placed early whose first-contact deadline came", "首次联系到期的案件"),
    Measure(11, "first_contacts_met", "count", "first_contacts_met", OTHERS,
            "of these, cases that saw a call that did not fail, a message or a visit in time", "按时首次联系的案件"),
    Measure(12, "m1_covered", "count", "m1_covered", OTHERS,
            "of these, cases of which somebody was reached by call or met by visit in time", "已覆盖的M1案件"),
    Measure(13, "contacts", "count", "contacts", CALLS,
            "calls that reached a human, each by its first leg", "按首段计的接触到人的通话"),
    Measure(14, "connects", "count", "connects", CALLS, "outbound calls that a human answered", "有人接听的拨出通话"),
    Measure(15, "talk_ms", "ms", "talk_seconds", CALLS, "talk time of handled calls", "通话时长"),
    Measure(16, "handled", "count", "handled", CALLS,
            "calls between a human and an agent, each leg", "坐席处理的每段通话"),
    Measure(17, "wrap_ms", "ms", "wrap_seconds", CALLS, "wrap-up time of handled calls", "话后处理时长"),
    Measure(18, "effective_talk_ms", "ms", "effective_talk_seconds", CALLS,
            "substantive talk of handled calls: as stated, else talk of at least definitions.effective_talk_floor_ms",
            "有效通话时长"),
    Measure(19, "right_party_connects", "count", "right_party_connects", CALLS,
            "outbound calls that the debtor answered in person", "本人接听的拨出通话"),
    Measure(20, "right_party_contacts", "count", "right_party_contacts", CALLS,
            "calls that reached the debtor in person, each by its first leg", "按首段计的接触到本人的通话"),
    Measure(21, "promises", "count", "promises", OTHERS, "promises made", "还款承诺"),
    Measure(22, "hold_ms", "ms", "hold_seconds", CALLS, "hold time of handled calls", "保持时长"),
    Measure(23, "break_ms", "ms", "break_seconds", STATES, "time on break", "小休时长"),
    Measure(24, "payments", "count", "payments", OTHERS,
            "payments of which something is left after all reversals", "冲正后仍有余额的还款"),
    Measure(25, "payments_timed", "count", "payments_timed", OTHERS,
            "payments counted whose case was placed before them", "委案时间已知的还款"),
    Measure(26, "payment_delay_ms", "ms", "payment_delay_seconds", OTHERS,
            "time from the first placement of their case to these payments", "委案至还款的时长"),
    Measure(27, "cases_placed", "count", "cases_placed", OTHERS, "cases placed, each the first time", "首次委案的案件"),
    Measure(28, "legal_due", "count", "legal_due", OTHERS, "legal steps whose day ended", "到期的司法步骤"),
    Measure(29, "letters", "count", "letters", OTHERS, "outbound letters", "发出的信函"),
    Measure(30, "bot_mandates", "count", "bot_mandates", OTHERS,
            "bot sessions that ended with a mandate", "签订协议的机器人会话"),
    Measure(31, "offered", "count", "offered", CALLS, "inbound calls, each by its first leg", "按首段计的呼入通话"),
    Measure(32, "answered", "count", "answered", CALLS, "inbound calls that a human answered", "人工接听的呼入通话"),
    Measure(33, "service_judged", "count", "service_judged", CALLS,
            "inbound calls that the service level judges, by definitions.service_level_formula: their wait is known",
            "计入服务水平的呼入通话"),
    Measure(34, "answered_timed", "count", "answered_timed", CALLS,
            "inbound calls that a human answered after a known wait", "等待时长已知的接听通话"),
    Measure(35, "answer_wait_ms", "ms", "answer_wait_seconds", CALLS,
            "wait of the inbound calls that a human answered", "接听前的等待时长"),
    Measure(36, "answered_in_time", "count", "answered_in_time", CALLS,
            "inbound calls that a human answered within definitions.service_level_ms of queueing",
            "在时限内接听的呼入通话"),
    Measure(37, "abandons", "count", "abandons", CALLS,
            "inbound calls given up, not within definitions.short_abandon_ms of queueing", "非短时放弃的呼入通话"),
    Measure(38, "abandoned_timed", "count", "abandoned_timed", CALLS,
            "inbound calls given up after a known wait, however short", "等待时长已知的放弃通话"),
    Measure(39, "abandon_wait_ms", "ms", "abandon_wait_seconds", CALLS,
            "wait of the inbound calls given up", "放弃前的等待时长"),
    Measure(40, "callbacks", "count", "callbacks", CALLS,
            "inbound calls whose caller left the queue to be called back", "转为回拨的呼入通话"),
    Measure(41, "drops", "count", "drops", CALLS,
            "outbound calls that were abandoned: a human was there and no agent", "被掐断的拨出通话"),
    Measure(42, "transfers_in", "count", "transfers_in", CALLS,
            "later legs of calls that an agent handled", "转入的通话"),
    Measure(43, "plans", "count", "plans", OTHERS, "promises of more than one instalment", "分期方案"),
    Measure(44, "promises_kept", "count", "promises_kept", OTHERS,
            "instalments due of which all but definitions.promise_tolerance was paid before their cut-off",
            "按时履约的期款"),
    Measure(45, "visits", "count", "visits", OTHERS, "field visits", "外访"),
    Measure(46, "visits_met", "count", "visits_met", OTHERS, "field visits that met the debtor", "见到本人的外访"),
    Measure(47, "cases_closed", "count", "cases_closed", OTHERS, "cases closed, each the first time", "首次结案的案件"),
    Measure(48, "cases_cycled", "count", "cases_cycled", OTHERS,
            "cases closed after they were placed", "委案后结案的案件"),
    Measure(49, "cycle_ms", "ms", "cycle_seconds", OTHERS,
            "time from the first placement to the first closing", "委案至结案的时长"),
    Measure(50, "complaints", "count", "complaints", OTHERS, "complaints received", "收到的投诉"),
    Measure(51, "complaints_due", "count", "complaints_due", OTHERS, "complaints whose deadline came", "到期的投诉"),
    Measure(52, "complaints_in_time", "count", "complaints_in_time", OTHERS,
            "complaints closed before their deadline", "按时办结的投诉"),
    Measure(53, "complaints_upheld", "count", "complaints_upheld", OTHERS,
            "complaints received that were upheld", "成立的投诉"),
    Measure(54, "bot_handovers_judged", "count", "bot_handovers_judged", OTHERS,
            "hand-overs from bot to human that were judged", "已评判的转人工"),
    Measure(55, "bot_handovers_correct", "count", "bot_handovers_correct", OTHERS,
            "hand-overs judged correct", "评判为正确的转人工"),
    Measure(56, "reviews", "count", "reviews", OTHERS, "quality reviews", "质检"),
    Measure(57, "reviews_passed", "count", "reviews_passed", OTHERS, "quality reviews passed", "通过的质检"),
    Measure(58, "reviews_scored", "count", "reviews_scored", OTHERS, "quality reviews with a score", "有评分的质检"),
    Measure(59, "review_points", "points", "review_points", OTHERS,
            "points of the quality reviews with a score", "质检得分"),
    Measure(60, "surveys", "count", "surveys", OTHERS, "surveys answered", "已答的满意度调查"),
    Measure(61, "surveys_satisfied", "count", "surveys_satisfied", OTHERS,
            "surveys with a score of 4 or 5", "评4分或5分的调查"),
    Measure(62, "legal_done", "count", "legal_done", OTHERS,
            "legal steps done before the end of their day", "按时完成的司法步骤"),
    Measure(63, "conduct_breaches", "count", "conduct_breaches", LEVELS,
            "contacts and complaints that a conduct rule finds against, once for each rule", "违反行为规则的次数"),
)  # fmt: skip

_IN_CURRENCY = (
    Measure(0, "recovered_minor", "minor", "recovered_minor_units", OTHERS,
            "payments after all their reversals", "还款净额"),
    Measure(1, "field_recovered_minor", "minor", "field_recovered_minor_units", OTHERS,
            "payments of channel field after all their reversals", "外访还款净额"),
    Measure(2, "reversed_minor", "minor", "reversed_minor_units", OTHERS, "reversals", "冲正金额"),
    Measure(3, "promised_minor", "minor", "promised_minor_units", OTHERS, "amounts promised", "承诺金额"),
    Measure(4, "promises_due_minor", "minor", "promises_due_minor_units", OTHERS,
            "amounts of the instalments whose cut-off came", "到期的承诺金额"),
    Measure(5, "promises_kept_minor", "minor", "promises_kept_minor_units", OTHERS,
            "what was paid into instalments before their cut-off", "按时履约的金额"),
    Measure(6, "placed_minor", "minor", "placed_minor_units", OTHERS,
            "overdue amounts of the cases placed", "委案金额"),
    Measure(7, "visited_minor", "minor", "visited_minor_units", OTHERS,
            "overdue amounts of the cases visited", "外访案件的逾期金额"),
)  # fmt: skip
"""Measures in minor units: their columns carry a currency, and their sums stand apart, with fields of their own."""


def names_by_field(rows: Iterable[Measure]) -> tuple[str, ...]:
    """The names in the order of their fields. ValueError: a field is left out, or two rows claim one."""
    ordered = sorted(rows)
    for place, row in enumerate(ordered):
        if row.field != place:
            raise ValueError(f"measure {row.name} has field {row.field} where {place} comes next")
    return tuple(row.name for row in ordered)


PLAIN = names_by_field(_PLAIN)
"""Measures without a currency, by field."""
IN_CURRENCY = names_by_field(_IN_CURRENCY)
"""Measures in minor units, by field."""

TABLE: dict[str, Measure] = {row.name: row for row in _PLAIN + _IN_CURRENCY}
"""Every measure by its name."""
MONEY = frozenset(IN_CURRENCY)
MEASURES = frozenset(TABLE)
"""The name of every measure there is."""


def fields_digest() -> str:
    """16 hex digits that tell whether packed sums of another program have the same fields (part of the fingerprint)."""
    text = "|".join(PLAIN) + "\n" + "|".join(IN_CURRENCY)
    return blake2b(text.encode(), digest_size=8).hexdigest()


def in_words(measures: Iterable[str], language: str = "en") -> str:
    """A sum of measures as a person would say it, in English or (`zh`) Chinese."""
    rows = [TABLE[measure] for measure in measures]
    return " + ".join(row.words_zh if language == "zh" else row.words_en for row in rows)


@cache
def column(measure: str, currency: str | None = None) -> str:
    """The column of `measure`, which must be money if and only if a currency (ISO 4217, three capitals) is given."""
    if (currency is not None) != (measure in MONEY) or measure not in MEASURES:
        raise ValueError(f"measure {measure!r} and currency {currency!r} do not make a column")
    return measure if currency is None else f"{measure}:{currency}"
