"""A fact that fails half way leaves the ledger as it was, bit for bit (live 6)."""

from __future__ import annotations

import inspect
import sys
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream import ledger
from stream.engine.debtors.stage import DebtorStage
from stream.facts.decode import Rejection, decode
from stream.facts.fact import Fact
from tests.effort import examples
from tests.facts.events import event
from tests.ledger.test_laws import stage
from tests.ledger.worlds import facts

pytestmark = pytest.mark.interpreted  # compiled functions cannot be traced
ROOM = Path(ledger.__file__).parent
UNFAILING = {"definitions.py"}
"""Of the fold nothing else is left out; ledger/store, where facts are written down when nothing can fail any more, is
another folder."""


class SlipError(Exception):
    """The failure that is put in."""


def apply_slipping(one: DebtorStage, fact: Fact, calls: int) -> bool:
    """Applies a fact with a failure at the so-manieth call of a function of the fold; False if it has fewer."""
    left = calls
    entered: set[int] = set()

    def trace(frame: FrameType, event: str, _: Any) -> None:
        nonlocal left
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.parent == ROOM and path.name not in UNFAILING:
            if frame.f_code.co_flags & inspect.CO_GENERATOR:
                # It is entered again and again, at last to be closed, where a failure would be nobody's.
                if id(frame) in entered:
                    return
                entered.add(id(frame))
            left -= 1
            if left < 0:
                raise SlipError

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        one.apply(fact)
    except SlipError:
        return True
    finally:
        sys.settrace(before)
    return False


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(facts(), max_size=12), facts(), st.lists(facts(), max_size=4), st.integers(0, 40), st.booleans())
def test_a_fact_that_fails_is_undone_bit_for_bit(
    first: list[Fact], fact: Fact, then: list[Fact], calls: int, opened: bool
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if opened:
            patch.setattr("stream.ledger.store.dossier_cache.OPENED_BYTES", 0)
        slipped, untouched = stage(), stage()
        for one in (slipped, untouched):
            for each in first:
                one.apply(each)
        if not apply_slipping(slipped, fact, calls):
            untouched.apply(fact)
        assert slipped.take() == untouched.take()
        for each in [fact, *then]:
            assert slipped.apply(each) == untouched.apply(each)
        assert slipped.take() == untouched.take()


@pytest.mark.parametrize("kind", ["promise", "payment", "case", "complaint", "call"])
def test_wherever_a_fact_fails_in_a_dossier_that_is_kept_open_it_is_undone(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream.ledger.store.dossier_cache.OPENED_BYTES", 0)
    common = {"debtor_id": "d-1", "case_id": "c-1", "agent_id": "a-1"}
    first = [of(each, event_id=f"e-{each}", **common) for each in ("case", "call", "promise", "payment", "complaint")]
    fact = of(kind, event_id="e-9", **common, **IDENTITY.get(kind, {}))
    for calls in count():
        slipped, untouched = stage(), stage()
        for one in (slipped, untouched):
            for each in first:
                one.apply(each)
            one.take()
        if not apply_slipping(slipped, fact, calls):
            break
        assert slipped.take() == ([], [], [], [], [], [])
        assert slipped.apply(fact) == untouched.apply(fact)
        assert slipped.take() == untouched.take()
    assert calls > 3


IDENTITY: dict[str, dict[str, Any]] = {
    "promise": {"promise_id": "o-9"},
    "payment": {"payment_id": "p-9"},
    "complaint": {"complaint_id": "q-9"},
    "call": {"call_id": "k-9"},
}


def of(kind: str, **fields: Any) -> Fact:
    fact = decode(orjson.dumps(event(kind, **fields)))
    assert not isinstance(fact, Rejection)
    return fact


def test_the_failure_is_really_put_in() -> None:
    """Else the law above would hold of nothing."""
    promise = decode(orjson.dumps(event("promise")))
    assert not isinstance(promise, Rejection)
    one = stage()
    assert [apply_slipping(one, promise, calls) for calls in (0, 2, 10_000)] == [True, True, False]
