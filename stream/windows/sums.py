"""Sums of amounts by column: the one thing that panes, windows and alerts all hold."""

from collections.abc import Mapping

Sums = dict[str, int]
"""Column -> exact sum. A column that came to 0 may still stand in it; `without_zeros` leaves such out."""


def add(sums: Sums, amounts: Mapping[str, int]) -> None:
    """`sums` holds `amounts` more."""
    for name, amount in amounts.items():
        sums[name] = sums.get(name, 0) + amount


def subtract(sums: Sums, amounts: Mapping[str, int]) -> None:
    """`sums` holds `amounts` less; columns that come to 0 are gone."""
    for name, amount in amounts.items():
        left = sums.get(name, 0) - amount
        if left:
            sums[name] = left
        else:
            sums.pop(name, None)


def without_zeros(sums: Sums) -> Sums:
    """The same sums without columns that came to 0: an undone fact leaves no trace (definitions 1)."""
    if all(sums.values()):
        return sums
    return {name: amount for name, amount in sums.items() if amount}
