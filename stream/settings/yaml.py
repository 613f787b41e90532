"""Reads YAML so that nothing is rounded: decimals and times of day stay text."""

import re
from typing import Any

import yaml


class UnquotedTime(str):
    """A time of day without quotes. YAML 1.1 reads it as a number: 21:00 is 1260."""

    __slots__ = ()


class _Loader(yaml.SafeLoader):
    """Only the scalars of YAML 1.2, without floats: in 1.1, `22:00` is 1320, `on` is true and 0.10 a binary float."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """As usual, but a key that occurs twice is an error: the first value would be lost without a word. One that
        `<<` brings along may be written over."""
        if isinstance(node, yaml.MappingNode):
            self._refuse_repeated(node)
        return super().construct_mapping(node, deep=deep)

    def _refuse_repeated(self, node: yaml.MappingNode) -> None:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, list | dict):
                raise yaml.constructor.ConstructorError(None, None, "a key must be a word", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key!r} stands twice", key_node.start_mark)
            seen.add(key)


_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"(?:~|null|Null|NULL|)\Z"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(?:[tT]rue|TRUE|[fF]alse|FALSE)\Z"), list("tTfF"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"-?(?:0|[1-9][0-9]*)\Z"), list("-0123456789"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"<<\Z"), ["<"])

_Loader.add_implicit_resolver("!time", re.compile(r"[1-9][0-9]*(?::[0-5]?[0-9])+\Z"), list("123456789"))
_Loader.add_constructor("!time", lambda _, node: UnquotedTime(node.value))


def parse(text: str) -> Any:
    """The value of a YAML document, None if it is empty. ValueError, with the line, if it is not YAML."""
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 (a SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise ValueError(f"{where}{error.problem or error.context}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"not YAML: {' '.join(str(error).split())}") from error
