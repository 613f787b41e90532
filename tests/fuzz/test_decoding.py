"""The fuzzer of the decoder: some thousand of its values; and it sees what should not be."""

import pytest

from stream.facts.decode import Rejection
from tests.fuzz import decoding


def test_no_value_makes_the_decoder_raise_or_say_what_cannot_be_shown() -> None:
    counts = decoding.look_at(seed=7, first=0, number=5_000)
    assert counts.total() == 5_000
    assert min(counts["event"], counts["malformed"], counts["invalid"]) > 300


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (Rejection("internal", "x"), "refused as internal"),  # type: ignore[arg-type]
        (Rejection("invalid", ""), "said as"),
        (Rejection("invalid", "two\nlines"), "said as"),
    ],
)
def test_a_refusal_that_should_not_be_is_seen(monkeypatch: pytest.MonkeyPatch, said: Rejection, why: str) -> None:
    monkeypatch.setattr(decoding, "decode", lambda _: said)
    monkeypatch.setattr(decoding, "decode_all", lambda values: [said for _ in values])
    with pytest.raises(decoding.DecoderError, match=why):
        decoding.look([b"{}"])
