"""Instants as texts: read and written, each the other way round (contract 1 and 2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.facts import instant
from stream.facts.instant import END_MS, FIRST_MS, instant_ms, instant_text

MINUTE_MS = 60_000
instants = st.one_of(
    st.integers(FIRST_MS, END_MS - 1),
    st.sampled_from([FIRST_MS, END_MS - 1, 1_793_577_599_999, 1_793_577_600_000, 1_793_577_600_001]),
)


@given(instants, st.lists(st.integers(0, MINUTE_MS - 1), max_size=5))
def test_a_text_is_that_of_the_calendar_whatever_was_written_before(at_ms: int, others: list[int]) -> None:
    begins = at_ms - at_ms % MINUTE_MS
    for each in (at_ms, *(begins + other for other in others)):
        shown = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=each)
        millis = f".{each % 1000:03}" if each % 1000 else ""
        text = instant_text(each)
        assert text == f"{shown:%Y-%m-%dT%H:%M:%S}{millis}Z"
        assert instant_ms(text) == each


@pytest.mark.interpreted
def test_texts_of_many_minutes_take_no_more_room_than_the_cache_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instant, "_CACHE_SIZE", 3)
    monkeypatch.setattr(instant, "_minute_texts", {})
    for minute in range(20):
        assert instant_text(1_793_577_600_000 + minute * MINUTE_MS) == f"2026-11-02T00:{minute:02}:00Z"
        assert len(instant._minute_texts) <= 3
