"""Alert rules, their life cycle, and which instants must be looked at."""
