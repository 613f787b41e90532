"""An open alert: pending or firing, with what its record says, since it may outlive its rule; or one that has resolved,
while its cooldown goes on."""

from typing import Any, NamedTuple

from stream.alerts.lifecycle import State, Status
from stream.alerts.record import Card


class OpenAlert(NamedTuple):
    """An episode that has not ended, or whose cooldown has not. `digest`: of the rule that opened it, so that a changed
    rule is found (live 5)."""

    status: Status
    digest: str
    card: Card

    def encode(self) -> list[Any]:
        """As JSON."""
        state, *instants = self.status
        card = self.card
        return [
            self.digest, state, *instants, card.severity, card.kpi, card.window, *card.threshold, card.plain,
            card.denominator_min, card.labels, card.inhibited_by, card.where,
        ]  # fmt: skip


def decode_open(rule: str, row: list[Any]) -> OpenAlert:
    """What `encode` wrote."""
    digest, state, since, fired, quiet, resolved, severity, kpi, window, level, scale, plain, *rest = row
    least, labels, inhibited_by, where = rest
    card = Card(rule, severity, kpi, window, (level, scale), plain, least, labels, tuple(inhibited_by), where)
    return OpenAlert(Status(State(state), since, fired, quiet, resolved), digest, card)


def from_first(row: list[Any]) -> list[Any]:
    """A row of the first format, which knew neither cooldown nor inhibition nor labels."""
    plain = row[10]
    return [*row[:5], None, *row[5:], None if plain else 1, {}, [], "same"]
