"""The colour of a value on the page, by its target where it has one, and by the levels of the alert rules.

There is no other source of thresholds: a value that neither judges is plain. The page also shows signs and words.
"""

from collections.abc import Iterable

from stream.alerts.rules import Level, Rule
from stream.kpis.catalogue import CATALOGUE

ORDER = ("plain", "good", "watch", "info", "warning", "critical")
"""From nothing to say up to act now. `watch`: the threshold is not breached, but the exit level is not reached
either."""


def colour(rules: Iterable[Rule], kpi: str, numerator: int, denominator: int | None) -> tuple[str, str | None]:
    """The worst colour that `rules` give, and the rule that gives it; ("plain", None) where none judges.

    Exact: cross-multiplied integers. A denominator below the rule's `min_denominator` is not judged (definitions 7).
    """
    worst, by = "plain", None
    for rule in rules:
        found = _judged(rule, kpi, numerator, denominator)
        if ORDER.index(found) > ORDER.index(worst):
            worst, by = found, rule.rule
    return worst, by


def coloured(by_rules: tuple[str, str | None], by_target: str | None) -> tuple[str, str | None]:
    """A value's colour and the rule that gives it: a level that is breached, else the target, else the rules."""
    breached = ORDER.index(by_rules[0]) > ORDER.index("watch")
    return by_rules if breached or by_target is None else (by_target, None)


def target_colour(kpi: str, pace: float | None) -> str | None:
    """`good`: on the way to the target, at this pace; `watch`: not. None: there is no target, or no pace towards it.

    Where less is better the pace must not be above 1, else (without a direction, too: scores 0) not below it."""
    if pace is None:
        return None
    lower = kpi in CATALOGUE and CATALOGUE[kpi].direction == "lower"
    return "good" if (pace <= 1 if lower else pace >= 1) else "watch"


def judging(rules: Iterable[Rule], kpi: str, level: str, entity: str, window: str, currency: str | None) -> list[Rule]:
    """The rules that judge this value. A ratio is judged in every window, a count or amount only in the rule's own; a
    rule on a target judges none: targets have colours of their own."""
    a_sum = CATALOGUE[kpi].denominator is None if kpi in CATALOGUE else True
    return [
        rule
        for rule in rules
        if (rule.kpi, rule.level, rule.currency, rule.on) == (kpi, level, currency, "value")
        and (rule.entities is None or entity in rule.entities)
        and (rule.window == window or not a_sum)
    ]


def _judged(rule: Rule, kpi: str, numerator: int, denominator: int | None) -> str:
    if denominator is not None and denominator < max(1, rule.min_denominator):
        return "plain"
    factor = CATALOGUE[kpi].factor if kpi in CATALOGUE else 1
    amount, over = numerator * factor, 1 if denominator is None else denominator
    if _beyond(amount, over, rule.threshold, rule.above):
        return rule.severity if rule.severity in ORDER else "warning"
    return "watch" if _beyond(amount, over, rule.exit, rule.above) else "good"


def _beyond(amount: int, over: int, level: Level, above: bool) -> bool:
    """Whether amount / over is strictly below the level (above: strictly above it)."""
    left, right = amount * level[1], level[0] * over
    return left > right if above else left < right
