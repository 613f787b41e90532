"""`make fuzz`: drawn requests, whole and broken, to real servers over real sockets.

A request follows from its seed and number: `make fuzz ARGS="--requests 1000 --seed S"` repeats them.
"""

import argparse
import asyncio
import sys
import time
from collections import Counter

from tests.fuzz.asking import FaultError, ask

REQUESTS = 100_000
STEP = 5_000


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=REQUESTS, help=f"how many requests ({REQUESTS:,})")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    began_s, done = time.monotonic(), 0
    total: Counter[str] = Counter()
    while done < given.requests:
        number = min(STEP, given.requests - done)
        try:
            counts = asyncio.run(ask(number, given.seed * 1_000_003 + done))
        except FaultError as fault:
            _say(f"fault: {fault}")
            return 1
        done += number
        total += counts
        _say(f"{done:,} requests, {time.monotonic() - began_s:.0f} s")
    _say(", ".join(f"{status}: {count:,}" for status, count in sorted(total.items())))
    _say(f"{done:,} requests, seed {given.seed}: no fault")
    return 0


if __name__ == "__main__":
    sys.exit(main())
