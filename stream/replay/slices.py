"""Cuts deltas by time: evaluations at an instant need only the rows whose instant and cause lie before it."""

from collections.abc import Iterator

from stream.engine.deltas.delta import Encoded, TeamSaid, Zeros, decode_delta, encode_delta

SLICE_MS = 86_400_000


def slices_of(delta: bytes, grain_ms: int) -> Iterator[tuple[int, bytes]]:
    """The parts of a delta, each with its slice of time (instant // SLICE_MS), in order."""
    whole = decode_delta(delta)
    found: dict[int, dict[str, Encoded]] = {}
    zeros: dict[int, Zeros] = {}
    teams: dict[int, list[TeamSaid]] = {}

    def part(grain: int, currency: str) -> Encoded:
        rows = found.setdefault(grain * grain_ms // SLICE_MS, {})
        return rows.setdefault(currency, Encoded([], [], [], [], []))

    for currency, rows in whole.rows.items():
        for grain, amounts in zip(rows.grains, rows.amounts, strict=True):
            into = part(grain, currency)
            into.grains.append(grain)
            into.amounts.append(amounts)
        if rows.edge_grains:  # no rule reads them, and together they are whole runs
            into = part(max(rows.edge_grains), currency)
            into.edge_grains.extend(rows.edge_grains)
            into.changes.extend(rows.changes)
        for row in rows.placed:
            part(max(row[:2]), currency).placed.append(row)
    for place, names in whole.zeros:
        zeros.setdefault(max(place[:2]) * grain_ms // SLICE_MS, []).append((place, names))
    for said in whole.teams:
        teams.setdefault(said[0] * grain_ms // SLICE_MS, []).append(said)
    slices = found.keys() | zeros.keys() | teams.keys()
    if len(slices) == 1:
        yield slices.pop(), delta
        return
    for slice_ in sorted(slices):
        yield (
            slice_,
            encode_delta(whole.n, whole.at, found.get(slice_, {}), zeros.get(slice_, []), teams.get(slice_, [])),
        )
