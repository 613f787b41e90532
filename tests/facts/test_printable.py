"""Laws of what a person is shown of what producers sent."""

from hypothesis import given
from hypothesis import strategies as st

from stream.facts.printable import escaped, printable


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
