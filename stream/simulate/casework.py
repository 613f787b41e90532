"""The life of cases: placed, assigned, moved between stages, closed; legal steps and visits on them."""

from __future__ import annotations

from stream.simulate.chance import Mix, between
from stream.simulate.floor import SimulatedFloor
from stream.simulate.portfolio import SimulatedCase, who, whose
from stream.simulate.promising import Promising
from stream.simulate.stamp import DAY_MS, HOUR_MS, MINUTE_MS, day, instant

_CHANGE = Mix(("placed", 45.0), ("assigned", 25.0), ("stage", 18.0), ("closed", 12.0))
_MET_SHARE = 0.42
_PAID_SHARE = 0.3  # of debtors met
_DONE_SHARE = 0.8


class Casework:
    """Case events, visits and legal steps."""

    def __init__(self, floor: SimulatedFloor, promising: Promising) -> None:
        self._floor = floor
        self._promising = promising

    def change(self, at_ms: int) -> None:
        """Some case goes a step further."""
        floor = self._floor
        change = _CHANGE.draw(floor.rng)
        team = floor.team()
        case = floor.portfolio.place(team) if change == "placed" else floor.portfolio.pick(team, near=True)
        if change == "closed" and not floor.portfolio.close(case):
            change = "stage"
        owner = team.anyone(case.number)
        event: dict[str, object] = {
            "type": "case",
            "event_id": floor.ids.event(),
            "occurred_at": instant(at_ms),
            **(whose(case) if change == "placed" else who(owner, case)),
            "change": change,
        }
        if change in ("placed", "stage"):
            event["dpd"] = case.dpd if change == "placed" else case.dpd + between(floor.rng, 1, 60)
            event["overdue_minor"] = case.overdue_minor
            event["currency"] = team.place.site.currency
        if change == "placed":
            event["portfolio_id"] = f"pf-{case.number % 7}"
            event["debtor_zone"] = case.zone
            floor.agenda.later(at_ms + between(floor.rng, MINUTE_MS, 30 * MINUTE_MS), self._assign, case)
        floor.agenda.emit(at_ms, event)

    def _assign(self, at_ms: int, case: SimulatedCase) -> None:
        floor = self._floor
        event = {
            "type": "case",
            "event_id": floor.ids.event(),
            "occurred_at": instant(at_ms),
            **who(case.team.anyone(case.number), case),
            "change": "assigned",
        }
        floor.agenda.emit(at_ms, event)

    def visit(self, at_ms: int) -> None:
        """An agent calls at the debtor's door; who is met may pay."""
        floor = self._floor
        team = floor.team()
        case = floor.portfolio.pick(team, near=True)
        met = floor.rng.random() < _MET_SHARE
        visit = {
            "type": "visit",
            "event_id": floor.ids.event(),
            "occurred_at": instant(at_ms),
            **who(team.anyone(case.number), case),
            "visit_id": floor.ids.own("v"),
            "met_debtor": met,
        }
        floor.agenda.emit(at_ms, visit)
        if met and floor.rng.random() < _PAID_SHARE:
            amount_minor = max(100, case.overdue_minor * between(floor.rng, 1, 11) // 10)
            paid_ms = at_ms + between(floor.rng, 5 * MINUTE_MS, 3 * HOUR_MS)
            floor.agenda.later(paid_ms, self._promising.pay, case, amount_minor, "field")

    def legal(self, at_ms: int) -> None:
        """A legal step falls due within days; mostly it is done in time."""
        floor = self._floor
        team = floor.team()
        case = floor.portfolio.pick(team, near=True)
        due = team.place.day_number(at_ms) + between(floor.rng, 0, 14)
        step = {
            "type": "legal_step",
            "event_id": floor.ids.event(),
            "occurred_at": instant(at_ms),
            **who(team.anyone(case.number), case),
            "step_id": floor.ids.own("l"),
            "status": "due",
            "due_on": day(due),
        }
        floor.agenda.emit(at_ms, step)
        if floor.rng.random() < _DONE_SHARE:
            end_ms = team.place.at_local(due + 1, 0)
            done_ms = between(floor.rng, at_ms + MINUTE_MS, max(at_ms, end_ms) + DAY_MS // 4)
            floor.agenda.later(done_ms, self._done, step)

    def _done(self, at_ms: int, step: dict[str, object]) -> None:
        event_id = self._floor.ids.event()
        done = {**step, "event_id": event_id, "occurred_at": instant(at_ms), "status": "done"}
        self._floor.agenda.emit(at_ms, done)
