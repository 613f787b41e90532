"""Facts: the events of contract 1 as the core sees them, one struct per type.

The pydantic models in `stream.facts.models` are the definition of the wire; these structs are the same fields, decoded
by msgspec at a tenth of the cost. A test holds the two together. Instants are milliseconds since the epoch once
`decode` has returned a fact; dates stay `YYYY-MM-DD`. An optional field that was null or absent is None.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, get_args

from msgspec import Meta, Struct

DEFAULT_SITE = "main"
"""The site of an event that names none."""

INSTANTS = frozenset({"occurred_at", "ended_at", "received_at", "closed_at", "from_", "until"})
"""The fields that are instants, in ms since the epoch."""

INTEGER_END = 2**53
"""Integers of the wire have a magnitude below this (contract 1)."""

MOST_IDENTIFIER = 256
"""Code points of the longest identifier (contract 1)."""

Identifier = Annotated[str, Meta(min_length=1, max_length=MOST_IDENTIFIER)]
Count = Annotated[int, Meta(ge=0, lt=INTEGER_END)]
Integer = Annotated[int, Meta(gt=-INTEGER_END, lt=INTEGER_END)]
Version = Annotated[int, Meta(ge=1, lt=INTEGER_END)]
Amount = Annotated[int, Meta(gt=0, lt=INTEGER_END)]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")]
Date = str

if TYPE_CHECKING:
    Millis = int
else:
    Millis = int | str  # text on the wire; decode() puts the integer in its place, and refuses a number on the wire

Direction = Literal["outbound", "inbound"]
Outcome = Literal["human", "machine", "no_answer", "busy", "invalid_number", "abandoned", "failed", "callback"]


class Event(Struct, kw_only=True, gc=False, tag_field="type"):
    """The fields that all types have, and what tells one type from another.

    A fact whose `void` is true takes back what its lower versions said: it contributes nothing, and nothing depends on
    it. `occurred_at` of a payment or a reversal that has a date instead (`occurred_on`) is the local midnight that
    begins the day; `decode` puts it there.

    The table of what the program knows of a type, beside its fields, is the head of its struct: `TYPE` is the name on
    the wire, `LETTER` the same in records of the ledger, `OWN_ID` the field that identifies a fact among those of its
    key and type, `TOPIC` the middle part of the topic's name, `KEYED_BY` the fields whose first that is there is the
    record's key; without any, the own id is (contract 1). What the ledger does with a type: `ledger/kinds.py`.
    """

    TYPE: ClassVar[str]
    LETTER: ClassVar[str]
    TOPIC: ClassVar[str]
    OWN_ID: ClassVar[str]
    KEYED_BY: ClassVar[tuple[str, ...]] = ("debtor_id", "agent_id")

    event_id: Identifier
    occurred_at: Millis
    site_id: Identifier | None = None
    debtor_id: Identifier | None = None
    case_id: Identifier | None = None
    agent_id: Identifier | None = None
    team_id: Identifier | None = None
    segment_id: Identifier | None = None
    version: Version = 1
    void: bool | None = None


class Call(Event, kw_only=True, gc=False, tag="call"):
    """One attempt or conversation; `occurred_at` is its start."""

    TYPE = "call"
    LETTER = "c"
    TOPIC = "calls"
    OWN_ID = "call_id"
    KEYED_BY = ("debtor_id",)

    call_id: Identifier
    direction: Direction
    outcome: Outcome
    party: Literal["right", "third", "unknown"] | None = None
    ended_at: Millis
    queue_ms: Count | None = None
    talk_ms: Count | None = None
    hold_ms: Count | None = None
    wrap_ms: Count | None = None
    effective_ms: Count | None = None
    number_id: Identifier | None = None
    recorded: bool | None = None
    queue_id: Identifier | None = None
    transferred_from: Identifier | None = None


class Payment(Event, kw_only=True, gc=False, tag="payment"):
    """Money that came in; without a case it belongs to the debtor's only one (definitions 5)."""

    TYPE = "payment"
    LETTER = "p"
    TOPIC = "payments"
    OWN_ID = "payment_id"

    occurred_at: Millis = 0
    payment_id: Identifier
    amount_minor: Amount
    currency: Currency
    channel: Literal["debtor", "field", "auto_debit", "legal", "other"] | None = None
    occurred_on: Date | None = None


class PaymentReversal(Event, kw_only=True, gc=False, tag="payment_reversal"):
    """Money of the payment `payment_id` that went back; its own id is `reversal_id`, without one the `event_id`."""

    TYPE = "payment_reversal"
    LETTER = "r"
    TOPIC = "payments"
    OWN_ID = "event_id"

    occurred_at: Millis = 0
    payment_id: Identifier
    case_id: Identifier
    amount_minor: Amount
    currency: Currency
    reversal_id: Identifier | None = None
    occurred_on: Date | None = None


class Instalment(Struct, kw_only=True, gc=False):
    """A part of a promise."""

    due_on: Date
    amount_minor: Amount


class Promise(Event, kw_only=True, gc=False, tag="promise"):
    """A promise to pay: one instalment, or a plan of several; made at `occurred_at`."""

    TYPE = "promise"
    LETTER = "o"
    TOPIC = "cases"
    OWN_ID = "promise_id"

    promise_id: Identifier
    case_id: Identifier
    agent_id: Identifier
    currency: Currency
    instalments: Annotated[list[Instalment], Meta(min_length=1, max_length=60)]
    call_id: Identifier | None = None


class PromiseCancelled(Event, kw_only=True, gc=False, tag="promise_cancelled"):
    """The promise `promise_id` is void from `occurred_at` on."""

    TYPE = "promise_cancelled"
    LETTER = "x"
    TOPIC = "cases"
    OWN_ID = "promise_id"

    promise_id: Identifier
    case_id: Identifier


class Complaint(Event, kw_only=True, gc=False, tag="complaint"):
    """A complaint as it stands; later versions replace it."""

    TYPE = "complaint"
    LETTER = "q"
    TOPIC = "complaints"
    OWN_ID = "complaint_id"

    complaint_id: Identifier
    status: Literal["received", "acknowledged", "closed"]
    received_at: Millis
    closed_at: Millis | None = None
    category: str | None = None
    upheld: bool | None = None
    call_id: Identifier | None = None


class Case(Event, kw_only=True, gc=False, tag="case"):
    """A step in the life of a case."""

    TYPE = "case"
    LETTER = "k"
    TOPIC = "cases"
    OWN_ID = "event_id"

    case_id: Identifier
    change: Literal["placed", "assigned", "stage", "closed"]
    dpd: Integer | None = None
    overdue_minor: Count | None = None
    currency: Currency | None = None
    portfolio_id: Identifier | None = None
    debtor_zone: str | None = None


class Restriction(Event, kw_only=True, gc=False, tag="restriction", rename={"from_": "from"}):
    """What may not be done with a debtor, in `[from, until)`; kept for the conduct rules."""

    TYPE = "restriction"
    LETTER = "t"
    TOPIC = "cases"
    OWN_ID = "restriction_id"

    restriction_id: Identifier
    kind: Literal[
        "cease_contact", "attorney", "deceased", "dispute", "breathing_space", "quiet_hours", "consent",
        "wrong_number",
    ]  # fmt: skip
    from_: Millis
    until: Millis | None = None
    number_id: Identifier | None = None
    hours: tuple[str, str] | None = None


class Visit(Event, kw_only=True, gc=False, tag="visit"):
    """A visit in the field."""

    TYPE = "visit"
    LETTER = "v"
    TOPIC = "activity"
    OWN_ID = "visit_id"

    visit_id: Identifier
    case_id: Identifier
    agent_id: Identifier
    met_debtor: bool


class Message(Event, kw_only=True, gc=False, tag="message"):
    """A letter, SMS, e-mail or chat message."""

    TYPE = "message"
    LETTER = "m"
    TOPIC = "activity"
    OWN_ID = "message_id"

    message_id: Identifier
    channel: Literal["letter", "sms", "email", "chat"]
    direction: Direction
    delivered: bool | None = None
    number_id: Identifier | None = None


class QualityReview(Event, kw_only=True, gc=False, tag="quality_review"):
    """A reviewed conversation."""

    TYPE = "quality_review"
    LETTER = "w"
    TOPIC = "activity"
    OWN_ID = "review_id"

    review_id: Identifier
    agent_id: Identifier
    passed: bool
    call_id: Identifier | None = None
    score: Annotated[int, Meta(ge=0, le=100)] | None = None


class AgentState(Event, kw_only=True, gc=False, tag="agent_state"):
    """What an agent does from `occurred_at` until the next such fact; keyed by agent."""

    TYPE = "agent_state"
    LETTER = "s"
    TOPIC = "activity"
    OWN_ID = "event_id"
    KEYED_BY = ("agent_id",)

    agent_id: Identifier
    state: Literal["logged_out", "available", "on_call", "wrap", "break", "training", "meeting"]
    reason: Annotated[str, Meta(min_length=1, max_length=64)] | None = None


class Survey(Event, kw_only=True, gc=False, tag="survey"):
    """An answered satisfaction survey."""

    TYPE = "survey"
    LETTER = "y"
    TOPIC = "activity"
    OWN_ID = "survey_id"

    survey_id: Identifier
    score: Annotated[int, Meta(ge=1, le=5)]
    call_id: Identifier | None = None


class BotSession(Event, kw_only=True, gc=False, tag="bot_session"):
    """A conversation that a bot led."""

    TYPE = "bot_session"
    LETTER = "b"
    TOPIC = "activity"
    OWN_ID = "session_id"

    session_id: Identifier
    handed_over: bool
    handover_correct: bool | None = None
    mandate_signed: bool


class LegalStep(Event, kw_only=True, gc=False, tag="legal_step"):
    """A legal step that falls due, or that was done."""

    TYPE = "legal_step"
    LETTER = "l"
    TOPIC = "activity"
    OWN_ID = "step_id"

    step_id: Identifier
    case_id: Identifier
    status: Literal["due", "done"]
    due_on: Date


class Measurement(Event, kw_only=True, gc=False, tag="measurement"):
    """A value that people or another system give for a period, for scorecards; it counts in no window.

    It is keyed by its own id: `debtor_id` and `agent_id` are None.
    """

    TYPE = "measurement"
    LETTER = "u"
    TOPIC = "activity"
    OWN_ID = "measurement_id"
    KEYED_BY = ()

    measurement_id: Identifier
    indicator: Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,64}\Z")]
    level: Literal["agent", "team", "queue", "segment", "site"]
    entity: Identifier
    period_start: Date
    period: Literal["day", "month", "quarter"]
    numerator: Integer
    denominator: Amount | None = None
    currency: Currency | None = None


Fact = (
    Call
    | Payment
    | PaymentReversal
    | Promise
    | PromiseCancelled
    | Complaint
    | Case
    | Restriction
    | Visit
    | Message
    | QualityReview
    | AgentState
    | Survey
    | BotSession
    | LegalStep
    | Measurement
)
"""Any accepted event; `site_id` is never None."""

KINDS: tuple[type[Fact], ...] = get_args(Fact)
"""The types of facts, each once."""

TOPICS = tuple(dict.fromkeys(kind.TOPIC for kind in (Call, Payment, Complaint, Case, Visit, *KINDS)))
"""The middle parts of the inbound topics' names, each once, in the order of the contract."""
