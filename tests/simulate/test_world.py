"""What is true of every simulated stream."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

import orjson
import pytest

from stream.facts.decode import Rejection
from stream.facts.identity import expected_key
from stream.simulate.incident import Incident
from stream.simulate.phase import Phase, live_phases, thinned
from stream.simulate.route import TYPES, key_of, topic_of
from stream.simulate.sites import SITES
from stream.simulate.stamp import DAY_MS, HOUR_MS, MINUTE_MS
from stream.simulate.world import World
from tests.simulate.days import MONDAY_MS, a_day, a_fortnight, at_ms, read, world

AFTER = {
    "logged_out": {"available"},
    "available": {"on_call", "break", "training", "meeting", "logged_out"},
    "on_call": {"wrap"},
    "wrap": {"available", "break", "training", "meeting", "logged_out"},
    "break": {"available", "break", "training", "meeting", "logged_out"},
    "training": {"available", "break", "meeting", "logged_out"},
    "meeting": {"available", "break", "training", "logged_out"},
}


def as_bytes(events: list[tuple[int, dict[str, object]]]) -> bytes:
    return orjson.dumps(events)


def test_one_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    assert as_bytes(world(seed=5)) == as_bytes(world(seed=5))
    assert as_bytes(world(seed=5)) != as_bytes(world(seed=6))


def test_two_worlds_at_once_do_not_disturb_each_other() -> None:
    phase = Phase(MONDAY_MS, MONDAY_MS + HOUR_MS, 2.0)
    one, other = World(5, [phase]).events(), World(5, [phase]).events()
    assert all(left == right for left, right in zip(one, other, strict=True))


def test_every_event_is_accepted_and_keyed_as_the_product_expects() -> None:
    for _, event in a_day():
        fact = read(event)
        assert not isinstance(fact, Rejection), (fact, event)
        assert key_of(event) == expected_key(fact)


def test_a_fortnight_has_every_type_and_all_topics() -> None:
    seen = Counter(event["type"] for _, event in a_fortnight())
    assert set(seen) == set(TYPES) - {"measurement"}  # people give those for a period; no floor sends them
    assert {topic_of(kind) for kind in seen} == {
        f"collections.{part}.v1" for part in ("calls", "payments", "complaints", "cases", "activity")
    }


def test_instants_never_go_back_and_stay_inside_the_span() -> None:
    instants = [at for at, _ in a_day()]
    assert instants == sorted(instants)
    assert MONDAY_MS <= instants[0] <= instants[-1] < MONDAY_MS + DAY_MS


def test_a_call_is_told_of_when_it_ends_and_anything_else_when_it_happens() -> None:
    for at, event in a_day():
        assert at == at_ms(event["ended_at" if event["type"] == "call" else "occurred_at"])


def test_a_call_takes_as_long_as_its_parts() -> None:
    for _, event in a_day():
        if event["type"] != "call":
            continue
        length_ms = at_ms(event["ended_at"]) - at_ms(event["occurred_at"])
        assert length_ms > 0
        if event["outcome"] == "human":
            assert length_ms >= event["talk_ms"] + event["hold_ms"] + event.get("queue_ms", 0)
            assert event.get("effective_ms", 0) <= event["talk_ms"]


def test_event_ids_are_unique_and_so_are_calls_payments_and_promises() -> None:
    for name in ("event_id", "call_id", "payment_id", "promise_id"):
        kind = None if name == "event_id" else name.removesuffix("_id")
        ids = [event[name] for _, event in a_fortnight() if kind in (None, event["type"])]
        assert len(ids) == len(set(ids)) > 100


def test_runs_that_start_at_other_instants_state_other_facts() -> None:
    one = World(1, [Phase(MONDAY_MS, MONDAY_MS + HOUR_MS, 1.0)]).events()
    other = World(1, [Phase(MONDAY_MS + 1, MONDAY_MS + HOUR_MS, 1.0)]).events()
    assert not {event["event_id"] for _, event in one} & {event["event_id"] for _, event in other}


def test_an_agent_goes_from_state_to_state_as_a_shift_does() -> None:
    """logged_out -> available -> (on_call -> wrap -> available)* -> pauses ... -> logged_out"""
    states: dict[str, list[str]] = defaultdict(lambda: ["logged_out"])
    for _, event in a_day():
        if event["type"] == "agent_state":
            states[event["agent_id"]].append(event["state"])
    assert len(states) >= 36
    for agent, course in states.items():
        for before, after in pairwise(course):
            assert after in AFTER[before], (agent, course)
    assert {state for course in states.values() for state in course} == set(AFTER)


def test_no_agent_talks_to_two_people_at_once() -> None:
    """[answered ... ended) + wrap of one call lies before the next one's answer; answered = ended - talk - hold."""
    spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for _, event in a_day():
        if event["type"] == "call" and event["outcome"] == "human":
            ended_ms = at_ms(event["ended_at"])
            answered_ms = ended_ms - event["talk_ms"] - event["hold_ms"]
            spans[event["agent_id"]].append((answered_ms, ended_ms + event["wrap_ms"]))
    assert sum(map(len, spans.values())) > 3_000
    for busy in spans.values():
        for (_, free_ms), (answered_ms, _) in pairwise(sorted(busy)):
            assert free_ms <= answered_ms


def test_states_say_on_call_exactly_while_the_calls_say_so() -> None:
    calls, states = Counter[str](), Counter[str]()
    open_ms: dict[str, int] = {}
    for at, event in a_day():
        agent = str(event.get("agent_id"))
        if event["type"] == "call" and event["outcome"] == "human":
            calls[agent] += event["talk_ms"] + event["hold_ms"]
        elif event["type"] == "agent_state" and event["state"] == "on_call":
            open_ms[agent] = at
        elif event["type"] == "agent_state" and event["state"] == "wrap":
            states[agent] += at - open_ms.pop(agent)
    assert calls == states


@pytest.mark.parametrize("rate", [0.5, 15.0])
def test_a_whole_day_has_the_rate_that_was_asked_for(rate: float) -> None:
    hours = 24 if rate < 1 else 2
    expected = thinned(MONDAY_MS, MONDAY_MS + hours * HOUR_MS, 1, 1e9)
    events = len(world(hours=hours, rate=rate))
    busy = 1000 / (hours * HOUR_MS * expected.rate)  # mean traffic of these hours; 1 for a whole day
    assert events == pytest.approx(rate * hours * 3600 * busy, rel=0.2)


def test_outcomes_are_those_of_a_dialler_and_agents_are_busy() -> None:
    dials = [event for _, event in a_day() if event["type"] == "call" and event["direction"] == "outbound"]
    connects = sum(event["outcome"] == "human" for event in dials)
    assert len(dials) > 15_000
    assert 0.15 < connects / len(dials) < 0.21
    right = sum(event.get("party") == "right" for event in dials)
    assert 0.55 < right / connects < 0.7


def test_there_is_traffic_in_every_hour() -> None:
    hours = Counter((at - MONDAY_MS) // HOUR_MS for at, event in a_day() if event["type"] == "call")
    assert len(hours) == 24
    assert min(hours.values()) > 100


def test_near_debtors_are_not_dialled_at_night() -> None:
    zones = {event["debtor_id"]: event["debtor_zone"] for _, event in a_day() if "debtor_zone" in event}
    away = {site.away for site in SITES}
    near_at_night = 0
    for _, event in a_day():
        if event["type"] == "call" and event["direction"] == "outbound" and event["site_id"] == "main":
            local_hour = (at_ms(event["occurred_at"]) // HOUR_MS + 8) % 24
            # Clocks are wound every ten minutes, so the first of an hour may still be the hour before.
            near_at_night += not 8 <= local_hour <= 21 and zones.get(event["debtor_id"]) not in (None, *away)
    assert near_at_night == 0


def test_callers_wait_in_turn_and_some_give_up() -> None:
    crowded = world(hours=2, rate=15.0, agents=30)
    inbound = [event for _, event in crowded if event["type"] == "call" and event["direction"] == "inbound"]
    abandoned = [event for event in inbound if event["outcome"] == "abandoned"]
    served = [event for event in inbound if event["outcome"] == "human"]
    assert len(abandoned) > 50
    assert len(served) > 50
    assert all(event.get("queue_ms", 1) > 0 for event in inbound)
    assert 0 < sum("queue_ms" not in event for event in served) < len(served) // 10
    assert any(event["outcome"] == "callback" for event in inbound)
    assert all("agent_id" not in event for event in abandoned)


def test_some_conversations_go_on_with_a_colleague_and_some_dials_are_dropped() -> None:
    """Leg before: [start, end)   later leg: from the end on, another agent, the same debtor and queue."""
    calls = {event["call_id"]: event for _, event in world(hours=2, rate=15.0) if event["type"] == "call"}
    later = [event for event in calls.values() if "transferred_from" in event]
    assert 50 < len(later) < len(calls) // 50
    for event in later:
        before = calls[event["transferred_from"]]
        assert event["occurred_at"] == before["ended_at"]
        assert event["agent_id"] != before["agent_id"]
        for same in ("debtor_id", "case_id", "queue_id", "direction", "team_id", "segment_id"):
            assert event[same] == before[same]
    drops = [each for each in calls.values() if (each["direction"], each["outcome"]) == ("outbound", "abandoned")]
    assert drops
    assert not any("agent_id" in each for each in drops)


def test_every_call_is_of_a_queue_and_what_concerns_a_case_of_its_segment() -> None:
    calls = [event for _, event in a_day() if event["type"] == "call"]
    assert {event["queue_id"] for event in calls} == {"out-m1", "out-m2-m3", "out-m4-up", "in-service", "in-payment"}
    segments = {event["case_id"]: event["segment_id"] for event in calls}
    for _, event in a_day():
        if event["type"] in ("promise", "payment", "payment_reversal", "case", "visit", "message"):
            assert event["segment_id"] == segments.setdefault(event["case_id"], event["segment_id"])


def test_an_incident_lowers_the_connect_rate_for_its_time_only() -> None:
    """|--- usual ---[ incident: a fifth connects )--- usual ---|"""
    begin_ms, end_ms = MONDAY_MS + 30 * MINUTE_MS, MONDAY_MS + 60 * MINUTE_MS
    dials, connects = Counter[str](), Counter[str]()
    for _, event in world(hours=2, rate=15.0, incidents=[Incident(begin_ms, end_ms, site_id="main")]):
        if event["type"] == "call" and event["direction"] == "outbound":
            inside = begin_ms <= at_ms(event["occurred_at"]) < end_ms
            span = f"{event['site_id']} {'inside' if inside else 'outside'}"
            dials[span] += 1
            connects[span] += event["outcome"] == "human"
    rates = {span: connects[span] / dials[span] for span in dials}
    assert rates["main inside"] < 0.07
    assert min(rates["main outside"], rates["prague inside"], rates["prague outside"]) > 0.13


def test_promises_are_kept_broken_and_paid_late_and_some_payments_bounce() -> None:
    paid: dict[str, list[str]] = defaultdict(list)
    amounts: dict[str, int] = {}
    fates = Counter[str]()
    for _, event in a_fortnight():
        if event["type"] == "payment":
            paid[event["case_id"]].append(event["occurred_at"][:10])
            amounts[event["payment_id"]] = event["amount_minor"]
    early = [event for _, event in a_fortnight() if event["type"] == "promise" and event["occurred_at"] < "2026-11-08"]
    for promise in early:
        if len(promise["instalments"]) == 1:
            days = [day for day in paid[promise["case_id"]] if day >= promise["occurred_at"][:10]]
            due = promise["instalments"][0]["due_on"]
            fates["kept" if any(day <= due for day in days) else "late" if days else "broken"] += 1
    assert min(fates[fate] for fate in ("kept", "late", "broken")) >= 5
    assert fates["kept"] > fates["broken"]
    reversals = [event for _, event in a_fortnight() if event["type"] == "payment_reversal"]
    assert len(reversals) > 10
    assert all(event["amount_minor"] <= amounts[event["payment_id"]] for event in reversals)


def test_complaints_come_in_rising_versions_with_one_received_at() -> None:
    stages: dict[str, list[dict[str, object]]] = defaultdict(list)
    for _, event in a_fortnight():
        if event["type"] == "complaint":
            stages[event["complaint_id"]].append(event)
    for course in stages.values():
        numbers = [int(str(event["version"])) for event in course]
        assert numbers[0] == 1
        assert numbers == sorted(set(numbers))
        assert len({event["received_at"] for event in course}) == 1
    assert {event["status"] for course in stages.values() for event in course} == {
        "received", "acknowledged", "closed",
    }  # fmt: skip


def test_a_thinned_phase_holds_about_as_many_events_as_asked() -> None:
    phase = thinned(MONDAY_MS, MONDAY_MS + 9 * HOUR_MS, 20_000, 1e9)
    assert len(list(World(1, [phase]).events())) == pytest.approx(20_000, rel=0.2)


def test_a_live_run_is_history_then_the_day_so_far_then_the_full_rate() -> None:
    """[midnight - 2 days ... midnight in Shanghai)[... now)[now ... for ever, ten times as dense"""
    now_ms = MONDAY_MS + 3 * HOUR_MS  # 11:00 in Shanghai
    history, today, live = live_phases(now_ms, 20.0, 20_000, 2)
    assert (history.from_ms, history.to_ms) == (now_ms - 59 * HOUR_MS, now_ms - 11 * HOUR_MS)
    assert (today.from_ms, today.to_ms, live.from_ms, live.to_ms) == (now_ms - 11 * HOUR_MS, now_ms, now_ms, None)
    counts = Counter[str]()
    for at, _ in World(1, [history, today, live]).events():
        if at >= now_ms + 10 * MINUTE_MS:
            break
        counts["history" if at < history.from_ms + 2 * DAY_MS else "today" if at < now_ms else "live"] += 1
    assert counts["history"] + counts["today"] == pytest.approx(20_000, rel=0.2)
    assert counts["live"] > 8_000


def test_a_live_run_that_starts_at_midnight_has_no_day_so_far() -> None:
    midnight_ms = MONDAY_MS - 8 * HOUR_MS
    assert live_phases(midnight_ms, 20.0, 1_000, 0) == (Phase(midnight_ms, None, 20.0),)


@pytest.mark.parametrize(("to_ms", "rate"), [(MONDAY_MS, 1.0), (None, 0.0), (None, -1.0)])
def test_an_impossible_phase_is_refused(to_ms: int | None, rate: float) -> None:
    with pytest.raises(ValueError, match=r"rate|ends"):
        Phase(MONDAY_MS, to_ms, rate)
