"""Alert rules, their life cycle, and which instants must be looked at."""

__all__ = [
    "action",
    "adoption",
    "evaluation",
    "handling",
    "objection",
    "report",
    "rule_input",
    "rules",
    "state",
    "watch",
]
