"""Conduct: what rules allow to be done with a debtor, what they find against what was done, and what is left."""

__all__ = [
    "breach",
    "breaches",
    "contact",
    "counts",
    "deciding",
    "headroom",
    "history",
    "latecomers",
    "rule",
    "rulebook",
    "running",
    "seen",
    "sheet",
    "standing",
]
