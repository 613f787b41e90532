"""A debtor's memory: facts at rest, and the fold that turns them into contributions (definitions 3 to 5)."""

__all__ = [
    "calls",
    "complaints",
    "contribution",
    "debtor_index",
    "definitions",
    "difference",
    "fold",
    "forgetting",
    "judge",
    "kinds",
    "own",
    "reach",
    "state_timeline",
    "states",
    "whole",
]
