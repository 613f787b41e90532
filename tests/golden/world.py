"""A small world that leaves every kind of state record behind: all event types, conflicts, versions, an open alert."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson

from stream.alerts.rules import Rule, exact
from stream.engine.debtors.stage import DebtorStage
from stream.engine.deltas.delta import STATEMENT_KEY, encode_statement
from stream.engine.deltas.routing import Routing
from stream.engine.entities.stage import EntityStage, Publication
from stream.facts.decode import Rejection, decode
from stream.facts.fact import Fact
from stream.ledger.definitions import Definitions, FactLimits
from stream.ledger.store import record
from stream.partition.positions import KEY, AgentsSaid, Position, Positions
from stream.windows.calendar import day_begins
from stream.windows.plan import SiteClock, WindowPlan
from tests.facts.events import SAMPLES, event, wire

Record = tuple[bytes, bytes | None]

PLAN = WindowPlan(
    rolling=(("rolling_15m", 900_000),),
    intervals=(("interval_30m", 1_800_000),),
    sites={"main": SiteClock("Asia/Shanghai", {"day": (540, 1080)})},
)
RULES = (
    Rule("calls_low", "connect_rate", "team", "rolling_15m", exact("0.9"), exact("0.95"), min_denominator=1),
    Rule("kept_low", "promise_kept_rate", "team", "day", exact("0.5"), exact("0.5"), for_ms=60_000),
    Rule("dials_high", "dials", "team", "interval_30m", exact("1"), exact("1"), above=True),
)
LIVE = Publication(grace_ms=600_000, horizon_ms=90 * 86_400_000, run="live")
LATER_RULES = (
    Rule("site_high", "dials", "site", "day", exact("1"), exact("1"), above=True),
    Rule("agent_high", "dials", "agent", "rolling_15m", exact("0"), exact("0"), above=True, cooldown_ms=3_600_000,
         inhibited_by=("site_high",), where="site", labels=(("runbook", "https://example.org"),)),
    Rule("mine", "contacts", "agent", "day", exact("0"), exact("0"), above=True, for_ms=86_400_000),
)  # fmt: skip
"""Rules of which state since the second format of alerts says more: a cooldown, labels, teams, inhibition from afar."""
AT_MS = 1_793_582_240_000
"""2026-11-02T01:17:20Z, when most of it happens."""
WIDE = 2**53 - 1


def _events() -> Iterator[bytes]:
    for kind in SAMPLES:
        if kind != "measurement":
            yield wire(kind, event_id=f"e-{kind}", agent_id="a-1", team_id="t-1")
    yield wire("call", event_id="e-0", agent_id="a-1", team_id="t-1", talk_ms=1)  # conflicts with e-call and counts
    yield wire("call", event_id="e-v2", call_id="k-2", version=2, agent_id="a-2", site_id="north", outcome="no_answer",
               ended_at="2026-11-02T01:17:20.001Z", recorded=True, number_id="n-1", queue_ms=0)  # fmt: skip
    yield wire("call", event_id="e-3", call_id="k-3", outcome="no_answer", party=None, team_id="t-1", agent_id="a-1")
    yield wire("survey", event_id="e-own", survey_id="y-9", debtor_id=None, case_id=None)
    yield wire("agent_state", event_id="e-s2", state="on_call", occurred_at="2026-11-02T01:17:49.5Z", team_id="t-1")
    quiet = {"kind": "quiet_hours", "hours": ["21:00", "08:00"], "until": "2027-01-01T00:00:00Z"}
    yield orjson.dumps(event("restriction", event_id="e-q", restriction_id="r-2") | quiet)
    parts = [{"due_on": f"2026-1{month}-05", "amount_minor": WIDE - month} for month in (1, 2)]
    yield wire("promise", event_id="e-plan", promise_id="o-2", case_id="c-2", instalments=parts)
    yield wire("complaint", event_id="e-c2", complaint_id="q-2", status="closed", closed_at="2026-11-03T00:00:00Z",
               upheld=True, category="tone \u00e9\u4e2d")  # fmt: skip


def _events_of_catalogue_2() -> Iterator[bytes]:
    """What no ledger of version 1 or 2 holds."""
    yield wire("measurement", event_id="e-u", agent_id="a-1", team_id="t-1")
    other = {"debtor_id": "d-3", "case_id": "c-3", "segment_id": "m1"}
    yield wire("call", event_id="e-c3", call_id="k-9", queue_id="q-1", transferred_from="k-8", outcome="callback",
               direction="inbound", party=None, **other)  # fmt: skip
    yield wire("survey", event_id="e-v", survey_id="y-3", version=3, void=True, **other)
    yield wire("message", event_id="e-m3", message_id="m-3", number_id="n-2", **other)
    yield wire("agent_state", event_id="e-s3", agent_id="a-3", reason="lunch|late", segment_id="m1")
    dated = {"occurred_at": None, "occurred_on": "2026-11-02", "debtor_id": "d-3"}
    yield wire("payment", event_id="e-p3", payment_id="p-3", **{**dated, "case_id": None})
    yield wire("payment_reversal", event_id="e-r3", reversal_id="r-3", payment_id="p-3", **{**dated, "case_id": "c-3"})


def _wide_events() -> Iterator[bytes]:
    """Payments whose sum needs more than 64 bits."""
    for number in range(2_100):
        yield wire("payment", event_id=f"e-w{number}", payment_id=f"w-{number}", debtor_id="d-2",
                   case_id=f"c-w{number}", amount_minor=WIDE)  # fmt: skip


def facts_of(version: int) -> list[Fact]:
    """The facts that a ledger of this version holds."""
    return [*facts(), *facts(_events_of_catalogue_2)] if version > 2 else facts()


def facts(events: Callable[[], Iterator[bytes]] = _events) -> list[Fact]:
    """The events, as facts, in the order in which they arrive."""
    found = [decode(value, day_begins(PLAN)) for value in events()]
    assert not [each for each in found if isinstance(each, Rejection)]
    return [each for each in found if not isinstance(each, Rejection)]


def stage1() -> DebtorStage:
    return DebtorStage(Definitions(), PLAN, FactLimits(), 0, frozenset({"dials", "connects"}))


def stage2(rules: tuple[Rule, ...] = RULES) -> EntityStage:
    return EntityStage(PLAN, rules, LIVE, 0, 1)


def ledger() -> list[Record]:
    """What stage 1 writes of the world: the last record of each key."""
    one, state = stage1(), dict[bytes, bytes | None]()
    for fact in facts_of(record.FORMAT.version):
        one.apply(fact)
        state.update(one.take().state)
    return sorted(state.items())


def windows() -> list[Record]:
    """What stage 2 writes of it, with what waits to be published, and an alert that is firing."""
    one, two, state = stage1(), stage2(), dict[bytes, bytes | None]()
    for fact in [*facts(), *facts(_wide_events)]:
        one.apply(fact)
    for key, value in one.take().deltas:
        two.apply(key, value)
    for now_ms, watermark_ms in ((0, AT_MS), (200, AT_MS + 60_000)):
        two.apply(STATEMENT_KEY, encode_statement(0, watermark_ms, watermark_ms))
        state.update(two.tick(now_ms).state)
    return sorted(state.items())


def alerts() -> list[Record]:
    """The states of alerts that stage 2 writes under the later rules: one that inhibits, one that cools down and has
    resolved while it was muted, one that is pending."""
    one = DebtorStage(Definitions(), PLAN, FactLimits(), 0, frozenset({"dials", "contacts"}), teams=True)
    two, routing, state = stage2(LATER_RULES), Routing(LATER_RULES, 1), dict[bytes, bytes | None]()
    calls = [each for each in facts() if each.event_id in ("e-call", "e-v2", "e-3")]
    for fact in calls:
        one.apply(fact)
    for key, value in one.take().deltas:
        for _, name in routing.places(key):
            two.apply(name, value)
    for number, watermark_ms in enumerate((AT_MS, AT_MS + 60_000, AT_MS + 1_000_000)):
        two.apply(STATEMENT_KEY, encode_statement(0, watermark_ms, watermark_ms))
        state.update(two.tick(number * 200).state)
    return sorted((key, value) for key, value in state.items() if is_alert(key) and value is not None)


def is_alert(key: bytes) -> bool:
    """Whether a record of the windows topic is of alerts, whose states have a format of their own."""
    return key[:2] in (b"a|", b"g|")


def offsets() -> list[Record]:
    """An offset record of stage 1, with a stretch of dead letters behind it, and agents of whom something was said."""
    tps = {
        "collections.calls.v1": Position(1_042, AT_MS, ((3, 7, 0, 3), (0, 7, 0, 0)), AT_MS + 12),
        "collections.cases.v1": Position(0),
    }
    said = AgentsSaid(AT_MS + 13, complete=True)
    return [(KEY, Positions({"definitions.promise_grace_days": 3, "fold": 1}, 8, 4, tps, AT_MS, agents=said).encode())]


def after(two: EntityStage) -> dict[str, Any]:
    """What a stage says that goes on from a state: a month later everything is final, and the alert is over."""
    later_ms = AT_MS + 40 * 86_400_000
    two.apply(STATEMENT_KEY, encode_statement(0, later_ms, later_ms))
    said = two.tick(60_000)
    return {"kpis": _texts(said.kpis), "alerts": _texts(said.alerts)}


def _texts(records: list[tuple[bytes, bytes]]) -> dict[str, str]:
    return {key.decode(): value.decode() for key, value in sorted(records)}
