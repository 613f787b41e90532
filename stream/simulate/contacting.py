"""What happens beside calls: messages, bots, quality reviews, surveys."""

from __future__ import annotations

from stream.simulate.chance import LongTail, Mix, between, one_of
from stream.simulate.conversation import Conversations, Spoken
from stream.simulate.floor import SimulatedFloor
from stream.simulate.portfolio import who, whose
from stream.simulate.promising import Promising
from stream.simulate.stamp import HOUR_MS, MINUTE_MS, instant

_CHANNEL = Mix(("sms", 70.0), ("chat", 14.0), ("email", 12.0), ("letter", 4.0))
_REPLY_SHARE = {"sms": 0.04, "chat": 0.45, "email": 0.15, "letter": 0.02}
_BY_AGENT = ("chat", "email")
_DELIVERED_SHARE = 0.96
_SURVEY_SHARE = 0.05
_SURVEY = Mix((1, 12.0), (2, 9.0), (3, 16.0), (4, 30.0), (5, 33.0))
_LATER = LongTail(20 * MINUTE_MS, 1.0, 12 * HOUR_MS)


class Contacting:
    """Messages, bot sessions, reviews and surveys."""

    def __init__(self, floor: SimulatedFloor, promising: Promising) -> None:
        self._floor = floor
        self._promising = promising

    def message(self, at_ms: int) -> None:
        """A message goes out, or comes in."""
        floor, rng = self._floor, self._floor.rng
        team = floor.team()
        case = floor.portfolio.pick(team, near=True)
        channel = _CHANNEL.draw(rng)
        by = who(team.anyone(case.number), case) if channel in _BY_AGENT else whose(case)
        message: dict[str, object] = {
            "type": "message",
            "event_id": floor.ids.event(),
            "occurred_at": instant(at_ms),
            **by,
            "message_id": floor.ids.own("s"),
            "channel": channel,
            "direction": "inbound" if rng.random() < _REPLY_SHARE[channel] else "outbound",
        }
        if channel != "letter":
            message["delivered"] = rng.random() < _DELIVERED_SHARE
        floor.agenda.emit(at_ms, message)

    def bot(self, at_ms: int) -> None:
        """A bot talks with a debtor; some sign a mandate and are debited later."""
        floor, rng = self._floor, self._floor.rng
        case = floor.portfolio.pick(floor.team(), near=True)
        handed_over = rng.random() < 0.22
        mandate = rng.random() < 0.05
        session: dict[str, object] = {
            "type": "bot_session",
            "event_id": floor.ids.event(),
            "occurred_at": instant(at_ms),
            **whose(case),
            "session_id": floor.ids.own("b"),
            "handed_over": handed_over,
            "mandate_signed": mandate,
        }
        if handed_over and rng.random() < 0.7:
            session["handover_correct"] = rng.random() < 0.88
        floor.agenda.emit(at_ms, session)
        if mandate:
            amount_minor = max(100, case.overdue_minor // 4)
            floor.agenda.later(at_ms + _LATER.draw(rng), self._promising.pay, case, amount_minor, "auto_debit")

    def review(self, at_ms: int, conversations: Conversations) -> bool:
        """Whether there was a conversation to listen to; if so, somebody reviews it."""
        if not conversations.recent:
            return False
        floor, rng = self._floor, self._floor.rng
        spoken = one_of(rng, conversations.recent)
        score = between(rng, 80, 101) if rng.random() < 0.88 else between(rng, 35, 80)
        review = {
            "type": "quality_review",
            "event_id": floor.ids.event(),
            "occurred_at": instant(at_ms),
            "site_id": spoken.agent.team.site_id,
            "team_id": spoken.agent.team.team_id,
            "agent_id": spoken.agent.agent_id,
            "review_id": floor.ids.own("q"),
            "call_id": spoken.call_id,
            "passed": score >= 80,
            "score": score,
        }
        floor.agenda.emit(at_ms, review)
        return True

    def after(self, at_ms: int, spoken: Spoken) -> None:
        """Some debtors answer a survey about the conversation."""
        rng = self._floor.rng
        if spoken.party == "right" and rng.random() < _SURVEY_SHARE:
            self._floor.agenda.later(at_ms + _LATER.draw(rng), self._survey, spoken)

    def _survey(self, at_ms: int, spoken: Spoken) -> None:
        floor = self._floor
        survey = {
            "type": "survey",
            "event_id": floor.ids.event(),
            "occurred_at": instant(at_ms),
            **who(spoken.agent, spoken.case),
            "survey_id": floor.ids.own("u"),
            "score": _SURVEY.draw(floor.rng),
            "call_id": spoken.call_id,
        }
        floor.agenda.emit(at_ms, survey)
