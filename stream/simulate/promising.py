"""Promises and money: what debtors promise, what they pay, and what comes back."""

from __future__ import annotations

from stream.simulate.chance import LongTail, Mix, between
from stream.simulate.conversation import Spoken
from stream.simulate.floor import SimulatedFloor
from stream.simulate.portfolio import SimulatedCase, segment, who
from stream.simulate.stamp import DAY_MS, HOUR_MS, MINUTE_MS, day, instant

_PROMISE_SHARE = 0.3
_AGAIN_SHARE = 0.04  # a new promise although one is running: it supersedes
_CANCEL_SHARE = 0.04
_REVERSED_SHARE = 0.03
_INSTALMENTS = Mix((1, 80.0), (2, 6.0), (3, 8.0), (6, 4.0), (12, 2.0))
_DUE_DAYS = Mix((0, 25.0), (1, 22.0), (2, 15.0), (3, 12.0), (5, 8.0), (7, 10.0), (14, 8.0))
_STEP_DAYS = Mix((7, 30.0), (14, 20.0), (30, 50.0))
_FAITH = Mix(("kept", 58.0), ("late", 14.0), ("partial", 9.0), ("broken", 19.0))
_CHANNELS = Mix(("debtor", 70.0), ("auto_debit", 18.0), ("legal", 4.0), ("other", 8.0))
_SOON = LongTail(12 * MINUTE_MS, 1.0, 6 * HOUR_MS)
_BACK = LongTail(20 * HOUR_MS, 1.0, 5 * DAY_MS)


class Promising:
    """Promises after right-party conversations, and all payments."""

    def __init__(self, floor: SimulatedFloor) -> None:
        self._floor = floor

    def after(self, at_ms: int, spoken: Spoken) -> None:
        """A right party may promise."""
        if spoken.party != "right":
            return
        rng = self._floor.rng
        running = self._floor.portfolio.promised_until_ms.get(spoken.case.number, 0) > at_ms
        if rng.random() < (_AGAIN_SHARE if running else _PROMISE_SHARE):
            self._promise(at_ms + between(rng, 0, spoken.wrap_ms), spoken)

    def _promise(self, at_ms: int, spoken: Spoken) -> None:
        floor, case = self._floor, spoken.case
        rng, place = floor.rng, case.team.place
        count = _INSTALMENTS.draw(rng)
        step = _STEP_DAYS.draw(rng)
        whole = count > 1 or rng.random() < 0.6
        amount_minor = case.overdue_minor if whole else case.overdue_minor * between(rng, 2, 9) // 10
        part = max(100, amount_minor // count)
        first = place.day_number(at_ms) + _DUE_DAYS.draw(rng)
        due = [first + step * position for position in range(count)]
        floor.portfolio.promised_until_ms[case.number] = place.at_local(due[-1] + 4, 0)
        promise = {
            "type": "promise",
            "event_id": floor.ids.event(),
            "occurred_at": instant(at_ms),
            **who(spoken.agent, case),
            "promise_id": floor.ids.own("p"),
            "call_id": spoken.call_id,
            "currency": place.site.currency,
            "instalments": [{"due_on": day(number), "amount_minor": part} for number in due],
        }
        floor.agenda.emit(at_ms, promise)
        self._settle(at_ms, case, due, part)
        if rng.random() < _CANCEL_SHARE:
            floor.agenda.later(at_ms + _SOON.draw(rng), self._cancel, spoken, promise["promise_id"])

    def _settle(self, made_ms: int, case: SimulatedCase, due: list[int], amount_minor: int) -> None:
        rng = self._floor.rng
        for number in due:
            faith = _FAITH.draw(rng)
            if faith == "broken":
                if rng.random() < 0.7:
                    return
                continue
            paid_minor = amount_minor * between(rng, 20, 80) // 100 if faith == "partial" else amount_minor
            self._keep(made_ms, case, number, paid_minor, late=faith == "late")

    def _keep(self, made_ms: int, case: SimulatedCase, due: int, amount_minor: int, *, late: bool) -> None:
        rng, place = self._floor.rng, case.team.place
        if late:
            due += between(rng, 1, 7)
        else:
            due -= int(rng.random() * 2)
        paid_ms = place.at_local(due, between(rng, 8 * HOUR_MS, 22 * HOUR_MS))
        if paid_ms <= made_ms + MINUTE_MS:
            paid_ms = made_ms + MINUTE_MS + _SOON.draw(rng)
        self._floor.agenda.later(paid_ms, self.pay, case, amount_minor, _CHANNELS.draw(rng))

    def _cancel(self, at_ms: int, spoken: Spoken, promise_id: str) -> None:
        floor = self._floor
        floor.portfolio.promised_until_ms.pop(spoken.case.number, None)
        cancelled = {
            "type": "promise_cancelled",
            "event_id": floor.ids.event(),
            "occurred_at": instant(at_ms),
            **who(spoken.agent, spoken.case),
            "promise_id": promise_id,
        }
        floor.agenda.emit(at_ms, cancelled)

    def spontaneous(self, at_ms: int) -> None:
        """Somebody pays who had promised nothing, or so it seems."""
        floor = self._floor
        case = floor.portfolio.pick(floor.team(), near=True)
        amount_minor = max(100, case.overdue_minor * between(floor.rng, 1, 11) // 10)
        self.pay(at_ms, case, amount_minor, _CHANNELS.draw(floor.rng))

    def pay(self, at_ms: int, case: SimulatedCase, amount_minor: int, channel: str) -> None:
        """Money comes in at `at_ms`; a little of it bounces later."""
        floor, rng = self._floor, self._floor.rng
        payment = {
            "type": "payment",
            "event_id": floor.ids.event(),
            "occurred_at": instant(at_ms),
            "site_id": case.team.site_id,
            "segment_id": segment(case),
            "debtor_id": case.debtor_id,
            "case_id": case.case_id,
            "payment_id": floor.ids.own("m"),
            "amount_minor": max(1, amount_minor),
            "currency": case.team.place.site.currency,
            "channel": channel,
        }
        floor.agenda.emit(at_ms, payment)
        if rng.random() < _REVERSED_SHARE:
            back = payment["amount_minor"] if rng.random() < 0.8 else max(1, amount_minor // 4)
            floor.agenda.later(at_ms + _BACK.draw(rng), self._bounce, payment, back)

    def _bounce(self, at_ms: int, payment: dict[str, object], amount_minor: int) -> None:
        floor = self._floor
        reversal = {
            "type": "payment_reversal",
            "event_id": floor.ids.event(),
            "occurred_at": instant(at_ms),
            "site_id": payment["site_id"],
            "segment_id": payment["segment_id"],
            "debtor_id": payment["debtor_id"],
            "case_id": payment["case_id"],
            "payment_id": payment["payment_id"],
            "amount_minor": amount_minor,
            "currency": payment["currency"],
        }
        floor.agenda.emit(at_ms, reversal)
