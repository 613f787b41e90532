"""Why an alert changed, in one short sentence for the person who reads it: the rule's own note, or a default text."""

from stream.alerts.lifecycle import Change
from stream.alerts.record import Parts, number
from stream.alerts.texts import PLACEHOLDER, TEXTS, Language
from stream.alerts.watch import Watch


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
    return PLACEHOLDER.sub(lambda match: said[match[1]], note)


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
