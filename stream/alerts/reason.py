"""Why an alert changed, in one short sentence for the person who reads it: the rule's own note, or a default text."""

import re
from collections.abc import Mapping
from typing import Literal

from stream.alerts.lifecycle import Change
from stream.alerts.record import Parts, number
from stream.alerts.watch import Watch

Language = Literal["en", "zh"]

PLACEHOLDERS = ("value", "threshold", "entity", "window", "denominator")
"""What a note may hold in braces (alerting 1)."""
_PLACEHOLDER = re.compile(r"\{(" + "|".join(PLACEHOLDERS) + r")\}")

TEXTS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "attainment": "attainment of {kpi}",
        "pace": "pace of {kpi}",
        "no window": "no {window} window holds this instant",
        "few": "{kpi} has {denominator} of the {least} that the rule needs to judge",
        "undefined": "{kpi} is not defined: no target applies, or nothing can be measured by it now",
        "found": "{kpi} is {value}",
        "of": " ({numerator} of {denominator})",
        "below": ", below {limit}",
        "above": ", above {limit}",
        "for": " for {for_s} s",
        "no longer below": ", no longer below {limit}",
        "no longer above": ", no longer above {limit}",
        "rule changed": "rule changed",
        "forgotten": "no contributions for the correction horizon",
        "unknown": "unknown",
    },
    "zh": {
        "attainment": "{kpi} 达成率",
        "pace": "{kpi} 进度",
        "no window": "此刻不在任何 {window} 窗口内",
        "few": "{kpi} 的分母只有 {denominator}，规则至少要有 {least} 才作判断",
        "undefined": "{kpi} 此刻没有定义：没有适用的目标，或无从衡量",
        "found": "{kpi} 为 {value}",
        "of": "（{denominator} 中的 {numerator}）",
        "below": "，低于 {limit}",
        "above": "，高于 {limit}",
        "for": "，已持续 {for_s} 秒",
        "no longer below": "，不再低于 {limit}",
        "no longer above": "，不再高于 {limit}",
        "rule changed": "规则已更改",
        "forgotten": "在更正期限内没有任何数据",
        "unknown": "未知",
    },
}


def reason(
    watch: Watch, change: Change, parts: Parts, value: float | None, has_window: bool, entity: str = "",
    language: Language = "en",
) -> str:  # fmt: skip
    """The sentence; the record beside it holds the exact numbers. A rule's own note, where it has a value to speak of;
    one that is given in one language speaks for both."""
    rule = watch.rule
    notes = (rule.note_en, rule.note_zh) if language == "en" else (rule.note_zh, rule.note_en)
    note = next((each for each in notes if each is not None), None)
    if note is None or value is None:
        return _default(watch, change, parts, value, has_window, language)
    told, limit = _apart(value, number(rule.threshold))
    denominator = "-" if parts[1] is None else str(parts[1])
    said = {
        "value": told, "threshold": limit, "entity": entity, "window": rule.window, "denominator": denominator
    }  # fmt: skip
    return _PLACEHOLDER.sub(lambda match: said[match[1]], note)


def unknown_placeholders(note: str) -> list[str]:
    """What a note holds in braces that stands for nothing."""
    return [found for found in re.findall(r"\{[^{}]*\}?|\}", _PLACEHOLDER.sub("", note)) if found]


def _default(
    watch: Watch, change: Change, parts: Parts, value: float | None, has_window: bool, language: Language
) -> str:
    rule, texts = watch.rule, TEXTS[language]
    numerator, denominator = parts
    side = "above" if rule.above else "below"
    currency = f" {rule.currency}" if rule.currency else ""
    if not has_window:
        return texts["no window"].format(window=rule.window)
    least = watch.denominator_min
    if least is not None and denominator is not None and denominator < least:
        return texts["few"].format(kpi=rule.kpi, denominator=denominator, least=least)
    kpi = rule.kpi + currency
    if watch.goal is not None:
        kpi = texts[rule.on].format(kpi=kpi)
        if value is None:
            return texts["undefined"].format(kpi=kpi)
    resolved = change is Change.RESOLVED
    told, limit = _apart(value, number(rule.exit if resolved else rule.threshold), texts["unknown"])
    found = texts["found"].format(kpi=kpi, value=told)
    if denominator is not None:
        found += texts["of"].format(numerator=numerator, denominator=denominator)
    if resolved:
        return found + texts[f"no longer {side}"].format(limit=limit)
    beyond = found + texts[side].format(limit=limit)
    return beyond + texts["for"].format(for_s=f"{rule.for_ms / 1000:g}") if _fired_late(rule.for_ms, change) else beyond


def _fired_late(for_ms: int, change: Change) -> bool:
    return change is Change.FIRING and for_ms > 0


def _apart(value: float | None, limit: float, unknown: str = "unknown") -> tuple[str, str]:
    """Both as short as may be, but told apart where they differ: rounded, a value just beyond its limit would stand on
    the good side of it."""
    for digits in (6, 9, 12):
        told = unknown if value is None else f"{value:.{digits}g}", f"{limit:.{digits}g}"
        if value is None or value == limit or told[0] != told[1]:
            return told
    return repr(value), repr(limit)
