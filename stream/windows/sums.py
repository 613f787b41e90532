"""Sums of amounts by column: the one thing that panes, windows and alerts all hold."""

from collections.abc import Mapping

Sums = dict[str, int]
"""Column -> exact sum. A column whose amounts cancel may still be there with 0; `without_zeros` leaves it out."""


def add(sums: Sums, amounts: Mapping[str, int]) -> None:
    """Adds `amounts` to `sums`, in place."""
    for name, amount in amounts.items():
        sums[name] = sums.get(name, 0) + amount


def subtract(sums: Sums, amounts: Mapping[str, int]) -> None:
    """Takes `amounts` from `sums`, in place; columns that come to 0 are removed."""
    for name, amount in amounts.items():
        rest = sums.get(name, 0) - amount
        if rest:
            sums[name] = rest
        else:
            sums.pop(name, None)


def without_zeros(sums: Sums) -> Sums:
    """The same sums without columns that came to 0: an undone fact leaves no trace (definitions 1)."""
    if all(sums.values()):
        return sums
    return {name: amount for name, amount in sums.items() if amount}
