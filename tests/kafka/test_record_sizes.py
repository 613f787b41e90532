"""The greatest records that there can be fit the topics that they go to (docs/configuration.md, sizes)."""

from itertools import product
from string import ascii_uppercase

from stream.engine.entities.stage import EntityStage
from stream.kafka.topics import ROOM_BYTES
from stream.windows.measures import MONEY
from tests.engine.floor import BASE, LIVE, MINUTE, PANE, PLAN, feed, grain_at, state_time

EVERY = 26**3
SHARE = 16
MOST = 2**53 * 100_000
"""A hundred thousand of the greatest amounts."""


def test_records_of_a_site_with_every_currency_fit_their_topics() -> None:
    """Five minutes of panes are one record. Here are a sixteenth of the 17,576 currencies that three letters can spell:
    the greatest record is 16 times as long."""
    currencies = ["".join(letters) for letters in product(ascii_uppercase, repeat=3)][: EVERY // SHARE]
    amounts = {f"{measure}:{currency}": MOST for measure in MONEY for currency in currencies}
    stage = EntityStage(PLAN, (), LIVE, 0, 1)
    panes = [grain_at(0) + pane * PANE // PLAN.grain_ms for pane in range(5 * MINUTE // PANE)]
    later = grain_at(60)  # of its time to come
    feed(stage, [("main|site|main", grain, 0, dict(amounts), 1) for grain in (*panes, later)], BASE + 5 * MINUTE)
    state_time(stage, BASE + 5 * MINUTE)
    said = stage.tick(0)
    longest = {key[:1]: len(value) for key, value in sorted(said.state, key=lambda r: len(r[1] or b"")) if value}
    assert longest.keys() >= {b"w", b"p", b"f"}
    assert SHARE * max(*longest.values(), *(len(value) for _, value in said.kpis)) < ROOM_BYTES, longest
