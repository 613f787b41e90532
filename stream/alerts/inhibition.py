"""Which alerts inhibit those of other entities (alerting 1): such are evaluated in every partition (ADR 0075)."""

from collections.abc import Sequence

from stream.alerts.rules import Rule


def asked_from_afar(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules that inhibit alerts elsewhere than at their own entity. They are judged without what only their own
    records say: they mute, and are not published from there."""
    names = {name for rule in rules if rule.where != "same" for name in rule.inhibited_by}
    return tuple(rule for rule in rules if rule.rule in names)
