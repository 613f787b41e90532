"""What alert records say as their reason: the default texts by language, and the placeholders of a rule's own."""
# ruff: noqa: RUF001  Chinese has punctuation of its own

import re
from collections.abc import Mapping
from typing import Literal

Language = Literal["en", "zh"]

PLACEHOLDERS = ("value", "threshold", "entity", "window", "denominator")
"""What a note may hold in braces (alerting 1)."""
PLACEHOLDER = re.compile(r"\{(" + "|".join(PLACEHOLDERS) + r")\}")

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


def unknown_placeholders(note: str) -> list[str]:
    """What a note holds in braces that stands for nothing."""
    return [found for found in re.findall(r"\{[^{}]*\}?|\}", PLACEHOLDER.sub("", note)) if found]
