"""State made under another meaning is told by the key that differs (live 4)."""

from __future__ import annotations

import orjson

from stream.engine.fingerprint import differing_key, fingerprint
from stream.ledger.definitions import Definitions
from stream.windows.plan import SiteClock, WindowPlan


def test_a_fingerprint_survives_json() -> None:
    made = fingerprint(Definitions(), WindowPlan(sites={"main": SiteClock("Asia/Shanghai", {"day": (540, 1080)})}))
    assert differing_key(orjson.loads(orjson.dumps(made)), made) is None


def test_the_key_that_differs_is_named() -> None:
    one = fingerprint(Definitions(), WindowPlan())
    assert differing_key(one, fingerprint(Definitions(promise_grace_days=4), WindowPlan())) == (
        "definitions.promise_grace_days"
    )
    assert differing_key(one, fingerprint(Definitions(), WindowPlan(pane_ms=5_000))) == "windows.pane"
    sites = {"east": SiteClock("America/New_York")}
    assert differing_key(one, fingerprint(Definitions(), WindowPlan(sites=sites))) == "sites.east.shifts"
