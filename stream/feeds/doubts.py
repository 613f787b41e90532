"""What an expression may say but hardly means (feeds 2, the traps): each is silent, and found here by its tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from jmespath import lexer

_OPEN = {"lparen", "lbracket", "lbrace", "filter", "flatten"}
_CLOSE = {"rparen", "rbracket", "rbrace"}
_NAMES = ("unquoted_identifier", "quoted_identifier")
_NEEDLESS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def doubts(text: str) -> Iterator[str]:
    """A sentence for each trap in the text of an expression that parses."""
    tokens: list[Any] = list(lexer.Lexer().tokenize(text))
    kinds = [token["type"] for token in tokens]
    for at in range(len(tokens)):
        if kinds[at] == "not" and kinds[at + 1] in _NAMES and kinds[at + 2 : at + 3] == ["dot"]:
            name = tokens[at + 1]["value"]
            yield f"!{name}. is (!{name})., always null: write !({name}.…)"
        if kinds[at : at + 3] == ["and", "literal", "or"] and tokens[at + 1]["value"] is None:
            yield "x && `null` || y is always y"
        if kinds[at] in ("eq", "ne"):
            for beside in (tokens[at - 1], tokens[at + 1]):
                if beside["type"] == "quoted_identifier" and _NEEDLESS.fullmatch(beside["value"]):
                    name = beside["value"]
                    yield f"\"{name}\" is a field: the text is '{name}', and a field needs no quotes"
    if _pipe_beside(kinds):
        yield "a pipe beside && or || without brackets: a | b || c is a | (b || c): put brackets round the pipe"


def _pipe_beside(kinds: list[str]) -> bool:
    """Whether a pipe and `&&` or `||` stand within the same brackets, in the same argument."""
    groups: list[set[str]] = [set()]
    for kind in kinds:
        if kind in _OPEN and kind != "flatten":
            groups.append(set())
        elif kind in _CLOSE and len(groups) > 1:
            groups.pop()
        elif kind == "comma":
            groups[-1] = set()
        elif kind in ("pipe", "and", "or"):
            groups[-1].add(kind)
            if "pipe" in groups[-1] and len(groups[-1]) > 1:
                return True
    return False
