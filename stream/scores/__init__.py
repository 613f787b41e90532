"""What the numbers are worth: scorecards, payouts, contests and rewards from KPI records and measurements (scores 2-5).

Pure: KPI records, measurements and a configuration go in, score records and lines of the ledger come out, all exact
fractions, rounded once. `scores.Scores` is the whole of it.
"""

__all__ = [
    "arithmetic", "at_hand", "causes", "evidence", "inputs", "needs", "outputs", "periods", "publishing",
    "schemes", "score", "scores", "values", "words",
]  # fmt: skip
