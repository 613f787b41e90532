"""Something goes wrong for a while: a trunk fails and most dials do not get through."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Incident:
    """In [from_ms, to_ms) dials reach a person only `factor` (0-1) as often as usual; at one site, or at all.

    What does not get through has the outcome `failed`.
    """

    from_ms: int
    to_ms: int
    factor: float = 0.2
    site_id: str | None = None

    def touches(self, at_ms: int, site_id: str) -> bool:
        """Whether a dial of this site at `at_ms` suffers."""
        return self.from_ms <= at_ms < self.to_ms and self.site_id in (None, site_id)
