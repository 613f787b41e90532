"""Alert rules, their life cycle, and which instants must be looked at."""

__all__ = ["adoption", "evaluation", "rule_input", "rules", "state", "watch"]
