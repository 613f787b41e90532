"""The parameters of the definitions (contract 4, `definitions`)."""

from __future__ import annotations

from dataclasses import dataclass

HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Definitions:
    """What the numbers depend on beside the facts; every field has the contract's default.

    `promise_tolerance` is a fraction (numerator, denominator) in [0, 1]. `service_level_formula`: offered, answered or
    without_short_abandons. `calls_counted_at`: start or end, the instant of all that a call counts.
    """

    promise_grace_days: int = 3
    promise_tolerance: tuple[int, int] = (1, 10)
    attribution_days: int = 7
    effective_talk_floor_ms: int = 10_000
    first_contact_hours: int = 24
    first_contact_max_dpd: int = 30
    coverage_days: int = 7
    service_level_ms: int = 20_000
    short_abandon_ms: int = 5_000
    service_level_formula: str = "offered"
    calls_counted_at: str = "start"
    open_state_max_ms: int = 12 * HOUR_MS
    open_state_ends_with_shift: bool = False
    complaint_deadline_days: int = 56

    @property
    def attribution_ms(self) -> int:
        """How long after a call with the right party a payment is credited to it."""
        return self.attribution_days * 24 * HOUR_MS

    @property
    def first_contact_ms(self) -> int:
        """Time from placement to the first contact's deadline."""
        return self.first_contact_hours * HOUR_MS

    @property
    def coverage_ms(self) -> int:
        """Time from the first M1 event to the coverage deadline."""
        return self.coverage_days * 24 * HOUR_MS

    @property
    def longest_span_ms(self) -> int:
        """For how long after a fact another may still decide what becomes of it, whatever its case waits for."""
        return max(self.attribution_ms, self.first_contact_ms, self.coverage_ms)

    @property
    def complaint_deadline_ms(self) -> int:
        """Time from a complaint's receipt to its deadline."""
        return self.complaint_deadline_days * 24 * HOUR_MS

    def kept_from(self, amount_minor: int) -> int:
        """The least sum that keeps an instalment: amount x (1 - tolerance), rounded up to a minor unit."""
        part, whole = self.promise_tolerance
        return -(-amount_minor * (whole - part) // whole)


@dataclass(frozen=True)
class FactLimits:
    """How many facts the ledger keeps (contract 4, `limits`); beyond them an event is dead-lettered as `limit`.

    `entities_per_site`, `entities`: how many agents, teams and the like (engine/debtors); 0: no limit, as in a replay,
    whose numbers must not depend on the order of its events.
    """

    facts_per_case: int = 100_000
    facts_per_debtor: int = 100_000
    entities_per_site: int = 0
    entities: int = 0
