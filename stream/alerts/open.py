"""An open alert: pending or firing, with what its record says, since it may outlive its rule."""

from typing import Any, NamedTuple

from stream.alerts.lifecycle import State, Status
from stream.alerts.record import Card


class OpenAlert(NamedTuple):
    """An episode that has not ended. `digest`: of the rule that opened it, so that a changed rule is found (live 5)."""

    status: Status
    digest: str
    card: Card

    def encode(self) -> list[Any]:
        """As JSON."""
        state, *instants = self.status
        card = self.card
        return [self.digest, state, *instants, card.severity, card.kpi, card.window, *card.threshold, card.plain]


def decode_open(rule: str, row: list[Any]) -> OpenAlert:
    """What `encode` wrote."""
    digest, state, since, fired, quiet, severity, kpi, window, level, scale, plain = row
    card = Card(rule, severity, kpi, window, (level, scale), plain)
    return OpenAlert(Status(State(state), since, fired, quiet), digest, card)
