# ruff: noqa: RUF001  Chinese has punctuation of its own
"""What records say as their reason: the rule's note, or a default text, in the language of the configuration."""

import pytest

from stream.alerts.lifecycle import Change
from stream.alerts.reason import reason
from stream.alerts.rules import Rule, exact
from stream.alerts.texts import TEXTS, Language, unknown_placeholders
from stream.alerts.watch import Watch
from stream.windows.plan import WindowPlan
from tests.alerts.driven import BASE, MINUTE, Driven, calls, rule

EN, ZH = (
    "{entity}: {value} of {denominator} in {window}, limit {threshold} {x",
    "{entity} 的接通率 {value}（限值 {threshold}）",
)


def said(
    language: Language, en: str | None = None, zh: str | None = None, change: Change = Change.FIRING,
    value: float | None = 0.08,
) -> str:  # fmt: skip
    each = Rule("r", "connect_rate", "team", "rolling_2m", exact("0.10"), exact("0.12"), note_en=en, note_zh=zh)
    watch = Watch(each, WindowPlan(rolling=(("rolling_2m", 2 * MINUTE),)))
    parts = (4, 50) if value is not None else (0, 0)
    return reason(watch, change, parts, value, has_window=True, entity="t-1", language=language)


def test_a_note_is_filled_in_and_each_language_has_its_own() -> None:
    assert said("en", EN, ZH) == "t-1: 0.08 of 50 in rolling_2m, limit 0.1 {x"
    assert said("zh", EN, ZH) == "t-1 的接通率 0.08（限值 0.1）"
    assert said("zh", "{value}") == said("en", None, "{value}") == "0.08"
    assert said("en", EN, ZH, Change.RESOLVED, 0.2).startswith("t-1: 0.2 of")


def test_where_there_is_no_value_the_default_text_says_why() -> None:
    assert said("en", EN, None, Change.RESOLVED, None) == "connect_rate has 0 of the 1 that the rule needs to judge"
    assert said("zh", EN, None, Change.RESOLVED, None).startswith("connect_rate 的分母只有 0")


def test_a_value_in_a_note_that_looks_like_a_placeholder_stays_as_it_is() -> None:
    each = rule(above=True, note_en="{entity} {denominator}")
    watch = Watch(each, WindowPlan(rolling=(("rolling_30s", 30_000),)))
    assert reason(watch, Change.FIRING, (3, None), 3, has_window=True, entity="{value}") == "{value} -"


def test_every_default_text_is_there_in_both_languages_with_the_same_placeholders() -> None:
    assert TEXTS["en"].keys() == TEXTS["zh"].keys()
    for name, text in TEXTS["en"].items():
        fields = {"kpi", "value", "window", "denominator", "numerator", "least", "limit", "for_s"}
        used = {field for field in fields if f"{{{field}}}" in text}
        assert {field for field in fields if f"{{{field}}}" in TEXTS["zh"][name]} == used, name


@pytest.mark.parametrize(
    ("note", "found"),
    [
        ("{value} {threshold} {entity} {window} {denominator}", []),
        ("{Value}", ["{Value}"]),
        ("{} }", ["{}", "}"]),
        ("a{", ["{"]),
    ],
)
def test_anything_else_in_braces_is_found(note: str, found: list[str]) -> None:
    assert unknown_placeholders(note) == found


def test_records_carry_the_note_and_the_labels() -> None:
    each = rule(above=True, threshold=exact("4"), note_en="{value} calls", labels=(("runbook", "https://example.org"),))
    driven = Driven([each])
    calls(driven, 0, dials=5)
    driven.advance(BASE + MINUTE)
    assert [(each["reason"], each["labels"]) for each in driven.said] == [
        ("5 calls", {"runbook": "https://example.org"}), ("0 calls", {"runbook": "https://example.org"}),
    ]  # fmt: skip
