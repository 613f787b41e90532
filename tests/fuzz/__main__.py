"""`make fuzz`: drawn requests to real servers over real sockets, and drawn values to the decoder of events.

What is sent follows from its seed and number: `make fuzz ARGS="--requests 1000 --values 0 --seed S"` repeats it.
"""

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.fuzz.asking import FaultError, ask
from tests.fuzz.decoding import DecoderError, look_at

REQUESTS, VALUES = 100_000, 10_000_000
REQUESTS_STEP, VALUES_STEP = 5_000, 100_000


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _requests(number: int, seed: int) -> Iterator[Counter[str]]:
    for done in range(0, number, REQUESTS_STEP):
        yield asyncio.run(ask(min(REQUESTS_STEP, number - done), seed * 1_000_003 + done))


def _values(number: int, seed: int) -> Iterator[Counter[str]]:
    firsts = range(0, number, VALUES_STEP)
    with ProcessPoolExecutor() as processes:
        yield from processes.map(partial(look_at, seed), firsts, (min(VALUES_STEP, number - first) for first in firsts))


def _run(kind: str, number: int, steps: Iterator[Counter[str]]) -> bool:
    """Whether there was no fault."""
    began_s, total = time.monotonic(), Counter[str]()
    try:
        for counts in steps:
            total += counts
            _say(f"{total.total():,} of {number:,} {kind}, {time.monotonic() - began_s:.0f} s")
    except (FaultError, DecoderError) as fault:
        _say(f"fault: {fault}")
        return False
    _say(f"{kind}: " + ", ".join(f"{what} {count:,}" for what, count in sorted(total.items())))
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=REQUESTS, help=f"how many requests ({REQUESTS:,})")
    parser.add_argument("--values", type=int, default=VALUES, help=f"how many values ({VALUES:,})")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    fine = _run("requests", given.requests, _requests(given.requests, given.seed))
    fine = _run("values", given.values, _values(given.values, given.seed)) and fine
    _say(f"seed {given.seed}: {'no fault' if fine else 'a fault, above'}")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
