"""A schedule: which faults are injected when, and how events are delivered. It follows from its seed alone."""

import random
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """A kind of fault. Those of a worker come first, then those of the broker, then those of one worker's network."""

    KILL = "kill -9 of a worker"
    STOP = "SIGSTOP past the session, SIGCONT"
    TERM = "SIGTERM"
    BROKER_KILL = "kill -9 of the broker, restart"
    DELAY = "delayed network"
    CUT = "cut connections"
    TEAR = "truncated chunks"
    FREEZE = "silent network"


class Disorder(StrEnum):
    """How deliveries differ from one of each event in order. Only the last breaks the order within a number, which the
    promise for alerts needs (live 5): there records are compared, and alerts are not."""

    REPEATED = "repeated deliveries"
    UNEVEN = "repeated deliveries, one number far behind another"
    SHUFFLED = "repeated and reordered deliveries"


@dataclass(frozen=True)
class Fault:
    """`at_s` after its round began; `slot`: the worker; `lasts_s`: how long, where it lasts."""

    at_s: float
    kind: Kind
    slot: int
    lasts_s: float


@dataclass(frozen=True)
class Schedule:
    """`rounds`: the faults of each, by time. A round begins when every worker is ready, so that each fault hits
    something; in it a share of the events is delivered, and its faults overlap."""

    seed: int
    workers: int
    disorder: Disorder
    rounds: tuple[tuple[Fault, ...], ...]


ROUND_SECONDS = 4.0
ROUNDS = 4
DECK = (*Kind, Kind.KILL, Kind.STOP)
"""Every kind occurs in every schedule: what varies is when, whom, in which company, and for how long."""


def make_schedule(seed: int, session_s: float) -> Schedule:
    """The schedule of a seed, for workers whose session takes so long."""
    chance = random.Random(seed)
    workers = chance.randint(2, 4)
    disorder = list(Disorder)[seed % len(Disorder)]
    kinds = list(DECK)
    chance.shuffle(kinds)
    lasting = {
        Kind.STOP: (1.3 * session_s, 2.2 * session_s),
        Kind.BROKER_KILL: (0.2, 3.0),
        Kind.DELAY: (1.5, 4.0),
        Kind.CUT: (0.0, 2.0),
        Kind.TEAR: (0.5, 1.0),
        Kind.FREEZE: (0.5, 1.8 * session_s),
    }
    faults = [
        Fault(chance.uniform(0.2, ROUND_SECONDS - 0.5), kind, chance.randrange(workers),
              chance.uniform(*lasting.get(kind, (0.0, 0.0))))
        for kind in kinds
    ]  # fmt: skip
    rounds = (tuple(sorted(faults[n::ROUNDS], key=lambda fault: fault.at_s)) for n in range(ROUNDS))
    return Schedule(seed, workers, disorder, tuple(rounds))
