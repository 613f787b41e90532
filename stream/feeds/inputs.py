"""What the bytes of one input value say (feeds 1): a value of JSON, or a row as an object of texts."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from stream.feeds.mapping import RecordInput
from stream.feeds.wrong import shown

Read = Callable[[bytes], Any]
"""The value that bytes state. Raises Malformed."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_json: Callable[[bytes], Any] = msgspec.json.Decoder().decode


class Malformed(Exception):  # noqa: N818  not an error of the program
    """Bytes that are not of the input's format; the text says why."""


def reader_of(given: RecordInput, columns: Sequence[str] | None) -> Read:
    """What reads values of a format. `columns`: of the header line, where the mapping names none."""
    if given.format == "json":
        return _read_json
    if given.format == "form":
        return _read_form
    names = tuple(given.columns or columns or ())
    if given.format == "csv":
        return _csv_reader(names, given.delimiter or ",")
    return _delimited_reader(names, given.delimiter or "")


def header_of(given: RecordInput, line: bytes) -> tuple[str, ...]:
    """The names of the columns in a header line. Raises Malformed."""
    names = _cells(_text(line.removeprefix(BYTE_ORDER_MARK)), given.delimiter or ",")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise Malformed(f"the header line names {shown(twice)} twice")
    return tuple(names)


def is_open(text: bytes, delimiter: str) -> bool:
    """Whether a row of CSV ends within quotes: the next line belongs to it, too."""
    if text.count(b'"') % 2 == 0:
        return False
    try:
        list(csv.reader([text.decode("latin-1")], delimiter=delimiter, strict=True))
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False


def _read_json(value: bytes) -> Any:
    try:
        return _json(value)
    except (ValueError, RecursionError) as error:
        try:  # halves of surrogate pairs are JSON, too
            return json.loads(_text(value), parse_constant=_refuse)
        except (ValueError, RecursionError):
            raise Malformed(f"is no JSON: {error}") from None


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise Malformed(f"is no UTF-8 from byte {error.start + 1} on") from None


def _csv_reader(columns: tuple[str, ...], delimiter: str) -> Read:
    length = len(columns)

    def read(value: bytes) -> Any:
        cells = _cells(_text(value), delimiter)
        if len(cells) != length:
            raise Malformed(f"is a row of {len(cells)} fields; wanted {length}, as the header or `columns` has them")
        return dict(zip(columns, [cell or None for cell in cells], strict=True))

    return read


def _cells(text: str, delimiter: str) -> list[str]:
    if '"' not in text:
        return text.split(delimiter)
    try:
        rows = list(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise Malformed(f"is no row of CSV: {error}") from None
    return rows[0] if rows else []


def _delimited_reader(columns: tuple[str, ...], delimiter: str) -> Read:
    nothing = dict.fromkeys(columns)

    def read(value: bytes) -> Any:
        cells = _text(value).split(delimiter)
        return nothing | dict(zip(columns, [cell or None for cell in cells], strict=False))

    return read


def _read_form(value: bytes) -> Any:
    text = _text(value)
    if "=" not in text:
        raise Malformed("is no URL-encoded body: it has no =")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise Malformed(f"is no URL-encoded body in UTF-8: {error}") from None
    return {name: cell or None for name, cell in pairs}
