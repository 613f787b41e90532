"""A debtor's memory: facts at rest, and the fold that turns them into contributions (definitions 3 to 5)."""
