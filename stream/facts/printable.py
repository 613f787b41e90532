"""What came from outside, for a person to look at: on one line, without anything that a terminal would obey."""

from pathlib import PurePath

MOST_SHOWN = 300
TOLD_OF = ("aiokafka", "stream")
"""Packages whose errors say in words that are written for people what went wrong."""


def printable(content: bytes | str | None, most: int = MOST_SHOWN) -> str:
    """Text in which every character can be seen: line ends, escape sequences, signs that turn the direction of writing
    and bytes that are no UTF-8 stand as `\\n`, `\\x1b`, `\\u202e`, `\\xff`. Beyond `most` characters it is cut, and
    says how much there is. None is `null`."""
    if content is None:
        return "null"
    if isinstance(content, bytes):
        # A character has four bytes at most; the one that the cut goes through is not shown.
        text, whole, unit = content[: 4 * most + 4].decode(errors="backslashreplace"), len(content), "bytes"
    else:
        text, whole, unit = content, len(content), "characters"
    shown = escaped(text[:most])
    if len(text) <= most and (unit != "bytes" or whole <= 4 * most + 4) and len(shown) <= most:
        return shown
    return f"{shown[:most]}... ({whole:,} {unit})"


def escaped(text: str) -> str:
    """The text with every character that cannot be seen as `\\x1b` and the like."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def error_text(error: BaseException) -> str:
    """What a log says of an error: its own words, if it is of the system, of Kafka or of ours. Others say what they
    were about, which may be a debtor's id or a part of an event: of them the kind, and the line that raised it."""
    if isinstance(error, OSError) or type(error).__module__.partition(".")[0] in TOLD_OF:
        return repr(error)
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    if place is None:
        return type(error).__name__
    return f"{type(error).__name__} at {PurePath(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}"
