"""The events of a schedule: an hour and a half of a contact centre, in the order of what happened."""

import io
import json
import random
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from stream.cli.main import run
from stream.partition.intake import key_partition
from stream.simulate.route import TOPICS, key_of, topic_of
from tests.faults.schedule import Disorder, Schedule
from tests.kafka.scored import measurement

EVENTS = 2_400
RATE = 0.5
BEGIN = datetime(2018, 3, 5, 1, tzinfo=UTC)
LAST = datetime(2024, 7, 4, 0, 0, 5, tzinfo=UTC)
BEACON = timedelta(minutes=2)
REPEATED = 0.05
WITHIN = 40

Event = dict[str, Any]


@dataclass(frozen=True)
class Delivery:
    """One record to be sent."""

    topic: str
    key: bytes
    value: bytes


def write_story(file: Path, config: Path, seed: int, partitions: int) -> list[Event]:
    """Writes the events to the file and returns them, by event time.

    With redeliveries, corrections and conflicts, and with measurements of every agent. Every topic's partition has a
    beacon every two minutes, so that no clock has to be moved by silence; and six years later one event in each, so
    that every instalment of every plan has been due.
    """
    arguments = ["--events", str(EVENTS), "--rate", str(RATE), "--seed", str(seed), "--from", instant(BEGIN)]
    mess = "duplicates=0.02,corrections=0.02,conflicts=0.01"
    quietly(["simulate", "--out", str(file), *arguments, "--mess", mess, "--config", str(config)])
    events = [json.loads(line) for line in file.read_bytes().splitlines()]
    agents = sorted({event["agent_id"] for event in events if event.get("agent_id")})
    events += measurements(agents)
    events += beacons(partitions, max(datetime.fromisoformat(event["occurred_at"]) for event in events))
    events.sort(key=lambda event: datetime.fromisoformat(event["occurred_at"]))
    file.write_text("".join(json.dumps(event) + "\n" for event in events))
    return events


def measurements(agents: list[str]) -> Iterator[Event]:
    """Two of each agent's day; some are corrected, and some taken back."""
    day = {"occurred_at": instant(BEGIN), "period_start": BEGIN.date().isoformat()}
    for number, agent in enumerate(agents):
        whose = day | {"entity": agent}
        yield measurement(number, **whose, numerator=number % 5)
        yield measurement(1_000 + number, **whose, indicator="bad_rate", numerator=number, denominator=1_000)
        if number % 3 == 0:
            yield measurement(number, **whose, version=2, numerator=7, void=number % 2 == 0)


def quietly(command: list[str]) -> None:
    """Runs a command of the product; RuntimeError with what it said if it fails."""
    said = io.StringIO()
    with redirect_stderr(said), redirect_stdout(said):
        code = run(command)
    if code:
        raise RuntimeError(f"kpi-stream {command[0]} ended with {code}: {said.getvalue()[-500:]}")


def instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def beacons(partitions: int, until: datetime) -> Iterator[Event]:
    for number in range(partitions):
        debtor = next(d for n in range(1000) if key_partition((d := f"b-{n}").encode(), partitions) == number)
        at, serial = BEGIN, 0
        while at < until:
            yield from _beacon(debtor, at, serial)
            at, serial = at + BEACON, serial + 1
        yield from _beacon(debtor, LAST, serial)


def _beacon(debtor: str, at: datetime, serial: int) -> Iterator[Event]:
    """One event of each topic, none of which has consequences later than itself."""
    name, when = f"{debtor}-{serial}", instant(at)
    common = {"occurred_at": when, "debtor_id": debtor, "agent_id": "a-beacon", "team_id": "t-beacon"}
    received = instant(BEGIN - timedelta(days=90))
    parts: tuple[Event, ...] = (
        {"type": "call", "call_id": name, "direction": "outbound", "outcome": "no_answer", "ended_at": when},
        {"type": "payment", "payment_id": name, "case_id": debtor, "amount_minor": 100, "currency": "CNY"},
        {"type": "complaint", "complaint_id": name, "status": "closed", "received_at": received, "closed_at": when},
        {"type": "promise_cancelled", "promise_id": name, "case_id": debtor},
        {"type": "survey", "survey_id": name, "score": 4},
    )
    for part in parts:
        yield common | {"event_id": f"{part['type']}-{name}"} | part


def deliveries(schedule: Schedule, events: list[Event], prefix: str, partitions: int) -> list[list[Delivery]]:
    """Per number what is sent, in this order."""
    chance = random.Random(schedule.seed)
    numbers: list[list[Delivery]] = [[] for _ in range(partitions)]
    for event in events:
        key = (key_of(event) or "").encode()
        delivery = Delivery(topic_of(event["type"], prefix), key, json.dumps(event).encode())
        number = numbers[key_partition(key, partitions)]
        number.append(delivery)
        if chance.random() < REPEATED:
            number.append(chance.choice(number))
    if schedule.disorder is Disorder.SHUFFLED:
        return [_shuffled(chance, number) for number in numbers]
    return numbers


def _shuffled(chance: random.Random, number: list[Delivery]) -> list[Delivery]:
    """Each delivery up to so many places from where it was; the last event of each topic stays at the end."""
    body, end = number[: -2 * len(TOPICS)], number[-2 * len(TOPICS) :]
    order = sorted(range(len(body)), key=lambda place: place + chance.uniform(0, WITHIN))
    return [body[place] for place in order] + end
