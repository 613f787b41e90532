"""One breach of a conduct rule, and its record on `collections.conduct.v1` (conduct 3)."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from stream.facts.instant import instant_text
from stream.ledger.contribution import Credit

Order = tuple[int, str, str, str, str, str, str]


class Breach(Struct, frozen=True, gc=False):
    """A finding by a rule against one fact in one scope: a contact at its time, a complaint at its deadline (`at_ms`).

    `case` and `number` name the scope, None otherwise. `count`, `limit` and `counted` (the last ids that were counted)
    are those of a frequency rule, else None. `local_time` and `zone` are those of the debtor at `at_ms`.
    """

    rule: str
    pack: str | None
    debtor: str
    case: str | None
    number: str | None
    type: str
    id: str
    at_ms: int
    count: int | None
    limit: int | None
    counted: tuple[str, ...] | None
    local_time: str
    zone: str
    zone_assumed: bool
    credit: Credit

    @property
    def key(self) -> str:
        """The record's key. An id holds no `|`, and of case and number at most one is there."""
        return f"B|{self.debtor}|{self.rule}|{self.case or self.number or ''}|{self.type}|{self.id}"

    @property
    def order(self) -> Order:
        """What breaches are sorted by, wherever they are listed."""
        return (self.at_ms, self.rule, self.debtor, self.case or "", self.number or "", self.type, self.id)

    def record(self, run: str, revision: int, *, withdrawn: bool = False) -> dict[str, Any]:
        """The record's value. `withdrawn`: a later fact has undone the breach."""
        return {
            "record": "breach",
            "rule": self.rule,
            "pack": self.pack,
            "site": self.credit.site,
            "debtor": self.debtor,
            "case": self.case,
            "number": self.number,
            "fact": {"type": self.type, "id": self.id},
            "at": instant_text(self.at_ms),
            "count": self.count,
            "limit": self.limit,
            "counted": None if self.counted is None else list(self.counted),
            "local_time": self.local_time,
            "zone": self.zone,
            "zone_assumed": self.zone_assumed,
            "agent": self.credit.agent,
            "team": self.credit.team,
            "withdrawn": withdrawn,
            "revision": revision,
            "run": run,
        }
