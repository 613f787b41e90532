"""Laws of what a person is shown of what producers sent."""

import pytest
from aiokafka.errors import KafkaError
from hypothesis import given
from hypothesis import strategies as st

from stream.facts.printable import error_text, escaped, printable
from stream.kafka.exits import RefusedError


@given(content=st.none() | st.text() | st.binary(), most=st.integers(1, 400))
def test_it_is_printable_whatever_comes_and_hardly_longer_than_asked_for(
    content: bytes | str | None, most: int
) -> None:
    shown = printable(content, most)
    assert shown.isprintable()
    assert len(shown) <= most + 40


@given(text=st.text(max_size=100).filter(str.isprintable))
def test_text_that_can_be_seen_stays_as_it_is(text: str) -> None:
    assert printable(text, 100) == printable(text.encode(), 100) == escaped(text) == text


def test_what_a_terminal_would_obey_stands_there_as_an_escape() -> None:
    assert printable(b"\x1b[2Jgone\r\nforged \xff\xc2\x9b1m") == "\\x1b[2Jgone\\r\\nforged \\xff\\x9b1m"
    assert printable("left\u202eright\u2028") == "left\\u202eright\\u2028"
    assert printable(None) == "null"


def test_what_is_cut_says_how_much_there_is() -> None:
    assert printable(b"x" * 900_000, 5) == "xxxxx... (900,000 bytes)"
    assert printable("x" * 6, 5) == "xxxxx... (6 characters)"
    assert printable(b"xxxxxx", 5) == "xxxxx... (6 bytes)"
    assert printable(b"xxxxx", 5) == "xxxxx"


class OfOthersError(Exception):
    pass


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "ConnectionRefusedError(111, 'Connection refused')"),
        (KafkaError("no leader"), "KafkaError('no leader')"),
        (RefusedError("the topic is gone"), "RefusedError('the topic is gone')"),
        (KeyError("debtor-7"), "KeyError at test_printable.py:"),
        (ValueError("not a date: debtor-7"), "ValueError at test_printable.py:"),
        (OfOthersError("debtor-7"), "OfOthersError at test_printable.py:"),
    ],
)
def test_an_error_says_in_a_log_what_is_written_for_people_and_of_others_the_kind_and_place(
    error: Exception, text: str
) -> None:
    with pytest.raises(type(error)) as caught:
        raise error
    said = error_text(caught.value)
    assert said.startswith(text)
    assert "debtor-7" not in said
    assert error_text(ValueError("debtor-7")) == "ValueError"
