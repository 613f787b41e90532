"""Alert rules, their life cycle, and which instants must be looked at."""

__all__ = [
    "adoption",
    "evaluation",
    "firing",
    "inhibition",
    "lifecycle",
    "rule_input",
    "rules",
    "state",
    "texts",
    "watch",
]
