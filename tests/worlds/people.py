"""Events of every type about few people, cases and ids, so that they meet, tie and collide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.worlds.moments import Moments

Raw = dict[str, Any]
DEBTORS = ("d1", "d1", "d1", "d2", "债务人 7")
CASES = ("c1", "c1", "c1", "c2", "¢²")
AGENTS = ("a1", "a1", "a2", "ü-агент", "Z", "z")
TEAMS = ("t1", "t1", "t2", None)
CURRENCIES = ("CNY", "CNY", "CNY", "USD")
OUTCOMES = ("human", "human", "human", "machine", "no_answer", "busy", "invalid_number", "abandoned", "failed")
OUTCOMES_OF_A_QUEUE = ("human", "abandoned", "callback")
STATES = ("logged_out", "available", "on_call", "wrap", "break", "training", "meeting")
KINDS = (
    *("cease_contact", "attorney", "deceased", "dispute", "breathing_space", "wrong_number", "quiet_hours", "consent"),
)
QUEUES = ("q1", "q1", "очередь 2")
SEGMENTS = ("s1", "s1", "段 2")


@dataclass
class People:
    """Draws raw events; `sites` are the ids to choose from, None for an absent site_id.

    `narrow`: nearly all is about one case of one debtor in one currency, so that promises, payments and calls interact.
    """

    random: Random
    moments: Moments
    sites: tuple[str | None, ...]
    narrow: bool = False
    next_event: int = 0

    def pick(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def instant(self) -> str:
        return self.moments.write(self.moments.draw())

    def event_id(self) -> str:
        """Mostly fresh, in no order; sometimes one that others have too."""
        self.next_event += 1
        number = self.random.randrange(2) if self.chance(0.05) else self.next_event
        return f"{self.pick('e', 'E', 'é', '~')}{number}"

    def optional(self, fields: Raw) -> Raw:
        """Each field is there, absent or null."""
        kept = {name: value for name, value in fields.items() if not self.chance(0.25)}
        return {name: None if self.chance(0.1) else value for name, value in kept.items()}

    def draw(self, kind: str) -> Raw:
        """A valid event of the given type."""
        of_kind: Callable[[], Raw] = getattr(self, kind)
        base: Raw = {"type": kind, "event_id": self.event_id(), **self.time_of(kind), **self.told_as()}
        site = self.pick(*self.sites)
        if site is not None:
            base["site_id"] = site
        with_case = of_kind()
        alone = kind not in ("agent_state", "payment")
        if with_case.get("case_id") is not None or kind == "payment" or (alone and self.chance(0.7)):
            base["debtor_id"] = self.most(DEBTORS)
        team = self.pick(*TEAMS)
        return {**base, **({} if team is None else {"team_id": team}), **with_case}

    def time_of(self, kind: str) -> Raw:
        """An instant; of money sometimes a date."""
        if kind in ("payment", "payment_reversal") and self.chance(0.25):
            return {"occurred_on": self.moments.draw_day()}
        return {"occurred_at": self.instant()}

    def told_as(self) -> Raw:
        """Version, void and segment, which every fact may carry."""
        told: Raw = {}
        if self.chance(0.2):
            told["version"] = self.pick(1, 2, 2, 3)
        if self.chance(0.15):
            told["void"] = self.pick(True, True, False, None)
        if self.chance(0.4):
            told["segment_id"] = self.pick(*SEGMENTS)
        return told

    def most(self, choices: tuple[Any, ...]) -> Any:
        """Any of the choices; in a narrow world nearly always the first."""
        return choices[0] if self.narrow and self.chance(0.95) else self.pick(*choices)

    def number(self, few: int) -> int:
        """The number of an id: one of few, so that ids collide; of more in a narrow world."""
        return self.random.randrange(few * 4 if self.narrow else few)

    def agent(self, share: float = 0.7) -> Raw:
        return {"agent_id": self.pick(*AGENTS)} if self.chance(share) else {}

    def on_case(self, share: float = 0.9) -> Raw:
        return {"case_id": self.most(CASES)} if self.chance(share) else {}

    def call(self) -> Raw:
        times = {
            name: self.pick(0, 1, 4999, 5000, 5001, 9999, 10_000, 20_000, 20_001)
            for name in ("queue_ms", "talk_ms", "hold_ms", "wrap_ms", "effective_ms")
        }
        more = {"number_id": self.pick("n1", "n2"), "recorded": self.chance(0.5)}
        floor = {"queue_id": self.pick(*QUEUES)} if self.chance(0.5) else {}
        leg = {"transferred_from": f"k{self.number(7)}"} if self.chance(0.15) else {}
        return {
            "call_id": f"k{self.number(7)}",
            "direction": self.pick("outbound", "inbound"),
            "outcome": self.most(OUTCOMES) if self.chance(0.7) else self.pick(*OUTCOMES_OF_A_QUEUE),
            "ended_at": self.instant(),
            **self.optional({"party": self.pick("right", "right", "third", "unknown"), **times, **more}),
            **floor,
            **leg,
            **self.agent(),
            **self.on_case(),
        }

    def payment(self) -> Raw:
        return {
            "payment_id": f"y{self.number(6)}",
            **self.on_case(0.8),
            "amount_minor": self.pick(1, 3, 9, 10, 90, 100, 101, 1000),
            "currency": self.most(CURRENCIES),
            **self.optional({"channel": self.pick("debtor", "field", "field", "auto_debit", "legal", "other")}),
            **self.agent(0.3),
        }

    def payment_reversal(self) -> Raw:
        return {
            **({"reversal_id": self.pick("e1", f"r{self.number(4)}")} if self.chance(0.5) else {}),
            "payment_id": f"y{self.number(6)}",
            "case_id": self.most(CASES),
            "amount_minor": self.pick(1, 2, 5, 10, 100, 2000),
            "currency": self.most(CURRENCIES),
            **self.agent(0.3),
        }

    def promise(self) -> Raw:
        count = self.pick(1, 1, 1, 2, 3, 4)
        parts = [
            {"due_on": self.moments.draw_day(), "amount_minor": self.pick(1, 7, 10, 10, 100, 101)} for _ in range(count)
        ]
        return {
            "promise_id": f"p{self.number(5)}",
            "case_id": self.most(CASES),
            "agent_id": self.pick(*AGENTS),
            "currency": self.most(CURRENCIES),
            "instalments": parts,
            **self.optional({"call_id": f"k{self.random.randrange(7)}"}),
        }

    def promise_cancelled(self) -> Raw:
        return {"promise_id": f"p{self.random.randrange(5)}", "case_id": self.most(CASES), **self.agent(0.3)}

    def complaint(self) -> Raw:
        status = self.pick("received", "acknowledged", "closed")
        closing = {"closed_at": self.instant(), "upheld": self.chance(0.5), "category": self.pick("", "tone", "费用\n")}
        return {
            "complaint_id": f"q{self.random.randrange(4)}",
            "status": status,
            "received_at": self.instant(),
            **self.optional({**closing, "call_id": f"k{self.random.randrange(7)}"}),
            **self.agent(0.3),
            **self.on_case(0.6),
        }

    def case(self) -> Raw:
        overdue = self.pick(0, 1, 250, 1000)
        money = {"overdue_minor": overdue} | (
            {"currency": self.most(CURRENCIES)} if overdue or self.chance(0.5) else {}
        )
        more = {"dpd": self.pick(-3, 0, 1, 15, 30, 31, 400), "portfolio_id": "pf", "debtor_zone": "Asia/Tokyo"}
        return {
            "case_id": self.most(CASES),
            "change": self.pick("placed", "placed", "assigned", "stage", "closed"),
            **self.optional(more),
            **(money if self.chance(0.7) else {}),
            **self.agent(0.6),
        }

    def restriction(self) -> Raw:
        kind = self.pick(*KINDS)
        more = {"until": self.instant(), "number_id": "n1", "hours": ["22:00", "08:00"]}
        needed: dict[str, Raw] = {"quiet_hours": {"hours": ["06:00", "06:00"]}, "wrong_number": {"number_id": "n2"}}
        return {
            "restriction_id": f"r{self.random.randrange(3)}",
            "kind": kind,
            "from": self.instant(),
            **self.optional(more),
            **needed.get(kind, {}),
            **self.on_case(0.5),
        }

    def visit(self) -> Raw:
        return {
            "visit_id": f"v{self.random.randrange(5)}",
            "case_id": self.most(CASES),
            "agent_id": self.pick(*AGENTS),
            "met_debtor": self.chance(0.5),
        }

    def message(self) -> Raw:
        return {
            "message_id": f"m{self.random.randrange(5)}",
            "channel": self.pick("letter", "sms", "email", "chat"),
            "direction": self.pick("outbound", "outbound", "inbound"),
            **self.optional({"delivered": self.chance(0.5), "number_id": "n1"}),
            **self.agent(0.5),
            **self.on_case(0.7),
        }

    def quality_review(self) -> Raw:
        more = {"call_id": "k1", "score": self.pick(0, 55, 100)}
        base = {"review_id": f"w{self.random.randrange(4)}", "agent_id": self.pick(*AGENTS), "passed": self.chance(0.5)}
        return {**base, **self.optional(more)}

    def agent_state(self) -> Raw:
        why = {"reason": self.pick("lunch", "午饭 | 茶")} if self.chance(0.3) else {}
        return {"agent_id": self.most(AGENTS), "state": self.pick(*STATES), **why}

    def measurement(self) -> Raw:
        period, starts = self.pick(("day", "2026-11-02"), ("month", "2026-11-01"), ("quarter", "2026-10-01"))
        return {
            "measurement_id": f"u{self.random.randrange(3)}",
            "indicator": self.pick("bad_rate", "rank_7"),
            "level": self.pick("agent", "team", "queue", "segment", "site"),
            "entity": self.pick(*AGENTS),
            "period": period,
            "period_start": starts,
            "numerator": self.pick(-5, 0, 7),
            **self.optional({"denominator": self.pick(1, 100), "currency": "CNY"}),
            **self.agent(0.3),
        }

    def survey(self) -> Raw:
        base = {"survey_id": f"s{self.random.randrange(4)}", "score": self.random.randrange(1, 6)}
        return {**base, **self.optional({"call_id": "k1"}), **self.agent()}

    def bot_session(self) -> Raw:
        return {
            "session_id": f"b{self.random.randrange(4)}",
            "handed_over": self.chance(0.6),
            "mandate_signed": self.chance(0.5),
            **self.optional({"handover_correct": self.chance(0.5)}),
            **self.agent(0.4),
            **self.on_case(0.4),
        }

    def legal_step(self) -> Raw:
        return {
            "step_id": f"l{self.random.randrange(3)}",
            "case_id": self.most(CASES),
            "status": self.pick("due", "done"),
            "due_on": self.moments.draw_day(),
            **self.agent(0.5),
        }
