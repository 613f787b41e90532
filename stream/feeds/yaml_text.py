"""Reads the YAML 1.2 of a mapping (feeds 1): only `true` and `false` are booleans, dates are texts, a key given twice
is an error, and what stands in `map` and `none` is text as the file has it."""

from __future__ import annotations

import re
from typing import Any

import yaml

_MOST_NODES = 100_000
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map"))
"""What nodes have that carry no tag of their own."""


class _Loader(yaml.SafeLoader):
    """Nodes as they stand: what a plain scalar means is said below, by YAML 1.2 and not by 1.1."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


def parse_mapping(text: str) -> Any:
    """The value of a YAML document, None if it is empty. ValueError, with the line, if it is not YAML."""
    try:
        node = yaml.compose(text, Loader=_Loader)
        return None if node is None else _Reader().value(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise ValueError(f"{where}{error.problem or error.context}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"not YAML: {' '.join(str(error).split())[:200]}") from error


class _Reader:
    def __init__(self) -> None:
        self._nodes = 0

    def value(self, node: yaml.Node) -> Any:
        self._nodes += 1
        if self._nodes > _MOST_NODES:
            raise ValueError("more than 100,000 values: aliases within aliases?")
        if node.tag not in _TAGS:
            where = f"line {node.start_mark.line + 1}"
            raise ValueError(f"{where}: {node.tag} begins with ! and is read as a tag: put the text in quotes")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(each) for each in node.value]
        assert isinstance(node, yaml.MappingNode)
        return self._mapping(node)

    def _mapping(self, node: yaml.MappingNode, *, raw: bool = False) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            where = f"line {key_node.start_mark.line + 1}"
            if not isinstance(key_node, yaml.ScalarNode):
                raise ValueError(f"{where}: a key must be a word")
            key = str(key_node.value)
            if key in found:
                raise ValueError(f"{where}: {key!r} stands twice")
            if not raw and key == "map" and isinstance(value_node, yaml.MappingNode):
                found[key] = self._mapping(value_node, raw=True)
            elif not raw and key == "none" and isinstance(value_node, yaml.SequenceNode):
                found[key] = [_as_it_stands(each) for each in value_node.value]
            else:
                found[key] = self.value(value_node)
        return found

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        text = str(node.value)
        if node.style is not None:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
        return float(text) if _FLOAT.fullmatch(text) else text


def _as_it_stands(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise ValueError(f"line {node.start_mark.line + 1}: an item of `none` must be a word")
    return str(node.value)
