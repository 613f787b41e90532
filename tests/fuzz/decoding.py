"""Values that are hardly events, drawn and broken, for the decoder of events: it never raises, says the same each time,
and what it says of a refusal is one line that can be seen."""

import json
import random
from collections import Counter
from functools import cache

from stream.facts.decode import Rejection, decode, decode_all
from tests.fuzz.drawn import BREAKS
from tests.worlds.garbage import INVALID, MALFORMED, WRONG_VALUES
from tests.worlds.valid import OWN, full

LONGEST_DETAIL = 20_000
TOGETHER = 50
"""Values that are looked at together, as a batch of a topic is."""


class DecoderError(AssertionError):
    """The decoder said what it should not. The message holds the value."""


@cache
def _wholes() -> list[dict[str, object]]:
    return [full(kind) for kind in sorted(OWN)]


def value(draw: random.Random) -> bytes:
    """An event with one thing wrong, or several, or none; or no event at all."""
    if draw.random() < 0.02:
        return draw.choice(MALFORMED + INVALID)
    event = draw.choice(_wholes())
    for _ in range(draw.choice([0, 1, 1, 2])):
        name = draw.choice(list(event))
        event = event | {name: draw.choice(WRONG_VALUES) if draw.random() < 0.8 else draw.choice(list(event.values()))}
    whole = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
    if draw.random() < 0.05:
        whole = b"\x00" + draw.randbytes(4) + whole
    for _ in range(draw.choice([0, 0, 1, 2, 5])):
        whole = draw.choice(BREAKS)(draw, whole)
    return whole


def look(values: list[bytes]) -> Counter[str]:
    """What became of values; DecoderError: of one of them what should not."""
    counts: Counter[str] = Counter()
    for one, again in zip(values, decode_all(values), strict=True):
        found = decode(one)
        if found != again:
            raise DecoderError(f"{one!r}: {found!r} alone, {again!r} among others")
        if not isinstance(found, Rejection):
            counts["event"] += 1
            continue
        counts[found.reason] += 1
        if found.reason not in ("malformed", "invalid"):
            raise DecoderError(f"{one!r}: refused as {found.reason}")
        if not found.detail or len(found.detail) > LONGEST_DETAIL or not found.detail.isprintable():
            raise DecoderError(f"{one!r}: said as {found.detail[:500]!r}")
    return counts


def look_at(seed: int, first: int, number: int) -> Counter[str]:
    """Looks at the values `first` to `first + number` of a seed."""
    counts: Counter[str] = Counter()
    for start in range(first, first + number, TOGETHER):
        draw = random.Random(f"{seed} {start}")
        values = [value(draw) for _ in range(min(TOGETHER, first + number - start))]
        try:
            counts += look(values)
        except DecoderError:
            raise
        except Exception as error:
            raise DecoderError(f"seed {seed}, values from {start}: raises {error!r}") from error
    return counts
