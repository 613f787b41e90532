"""Alert rules, their life cycle, and which instants must be looked at."""

__all__ = [
    "action",
    "adoption",
    "evaluation",
    "firing",
    "handling",
    "inhibition",
    "lifecycle",
    "objection",
    "report",
    "rule_input",
    "rules",
    "state",
    "texts",
    "watch",
]
