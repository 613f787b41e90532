"""Complaints and restrictions: what debtors object to, and how long it takes to answer them."""

from __future__ import annotations

from stream.simulate.chance import LongTail, Mix, between
from stream.simulate.conversation import Spoken
from stream.simulate.floor import SimulatedFloor
from stream.simulate.portfolio import SimulatedCase, whose
from stream.simulate.stamp import DAY_MS, HOUR_MS, MINUTE_MS, instant

_SHARE = 0.003
_OBJECTION_SHARE = 0.004
_UPHELD_SHARE = 0.3
_CATEGORY = Mix(
    ("frequency of calls", 35.0), ("tone", 25.0), ("debt disputed", 20.0), ("wrong person", 12.0), ("data", 8.0)
)
_ACKNOWLEDGED = LongTail(5 * HOUR_MS, 0.9, 10 * DAY_MS)
_CLOSED = LongTail(9 * DAY_MS, 1.1, 120 * DAY_MS)
_QUICK = LongTail(2 * HOUR_MS, 0.7, DAY_MS)
_QUICK_SHARE = 0.35  # settled within the day
_KIND = Mix(
    ("quiet_hours", 30.0), ("cease_contact", 15.0), ("dispute", 20.0), ("attorney", 8.0), ("breathing_space", 12.0),
    ("deceased", 3.0), ("consent", 12.0),
)  # fmt: skip
_UNTIL_DAYS = {"dispute": 30, "breathing_space": 60, "consent": 7}


class Complaining:
    """Complaints after conversations and by post, in three versions each; restrictions."""

    def __init__(self, floor: SimulatedFloor) -> None:
        self._floor = floor

    def after(self, at_ms: int, spoken: Spoken) -> None:
        """A conversation may lead to a complaint about it within hours, or to a restriction at once."""
        rng = self._floor.rng
        draw = rng.random()
        if draw < _SHARE:
            received_ms = at_ms + between(rng, MINUTE_MS, 4 * HOUR_MS)
            self._floor.agenda.later(received_ms, self._receive, spoken.case, {"call_id": spoken.call_id})
        elif draw < _SHARE + _OBJECTION_SHARE:
            self._restrict(at_ms, spoken.case)

    def spontaneous(self, at_ms: int) -> None:
        """A complaint that names no call."""
        self._receive(at_ms, self._floor.portfolio.pick(self._floor.team(), near=True), {})

    def restriction(self, at_ms: int) -> None:
        """Somebody tells what must not be done with a debtor."""
        self._restrict(at_ms, self._floor.portfolio.pick(self._floor.team(), near=True))

    def _receive(self, at_ms: int, case: SimulatedCase, more: dict[str, str]) -> None:
        floor, rng = self._floor, self._floor.rng
        first = {
            "type": "complaint",
            "event_id": floor.ids.event(),
            "occurred_at": instant(at_ms),
            **whose(case),
            "complaint_id": floor.ids.own("g"),
            "version": 1,
            "status": "received",
            "received_at": instant(at_ms),
            "category": _CATEGORY.draw(rng),
            **more,
        }
        del first["team_id"]  # the desk that takes complaints belongs to no team
        floor.agenda.emit(at_ms, first)
        acknowledged_ms = at_ms + _ACKNOWLEDGED.draw(rng)
        closed_ms = at_ms + (_QUICK if rng.random() < _QUICK_SHARE else _CLOSED).draw(rng)
        if acknowledged_ms < closed_ms:
            floor.agenda.later(acknowledged_ms, self._answer, first, {"version": 2, "status": "acknowledged"})
        upheld = rng.random() < _UPHELD_SHARE
        closing = {"version": 3, "status": "closed", "closed_at": instant(closed_ms), "upheld": upheld}
        floor.agenda.later(closed_ms, self._answer, first, closing)

    def _answer(self, at_ms: int, first: dict[str, object], news: dict[str, object]) -> None:
        event_id = self._floor.ids.event()
        self._floor.agenda.emit(at_ms, {**first, "event_id": event_id, "occurred_at": instant(at_ms), **news})

    def _restrict(self, at_ms: int, case: SimulatedCase) -> None:
        floor = self._floor
        kind = _KIND.draw(floor.rng)
        restriction: dict[str, object] = {
            "type": "restriction",
            "event_id": floor.ids.event(),
            "occurred_at": instant(at_ms),
            "site_id": case.team.site_id,
            "debtor_id": case.debtor_id,
            "restriction_id": floor.ids.own("x"),
            "kind": kind,
            "from": instant(at_ms),
        }
        if kind in _UNTIL_DAYS:
            restriction["until"] = instant(at_ms + _UNTIL_DAYS[kind] * DAY_MS)
            restriction["case_id"] = case.case_id
        if kind == "quiet_hours":
            restriction["hours"] = ["12:00", "14:00"] if floor.rng.random() < 0.5 else ["18:00", "09:00"]
        if kind == "consent":
            restriction["number_id"] = f"n{case.debtor_id[1:]}-1"
        floor.agenda.emit(at_ms, restriction)
