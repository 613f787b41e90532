"""JMESPath expressions, compiled once (feeds 2); plain paths are read without the library's interpreter.

What an expression means is the library's word, but for `<` and `>`: they take numbers only, and give null for the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from jmespath import exceptions, functions, parser, visitor

from stream.feeds.wrong import Wrong

Evaluate = Callable[[Any], Any]
_FAILURES = (
    exceptions.JMESPathError,
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    AttributeError,
    RecursionError,
)


class ExpressionFailed(Exception):  # noqa: N818  not an error of the program
    """An expression that fails on a record: a function on null, mostly. The text is the library's reason."""


class Expression(NamedTuple):
    """A compiled expression: its text, what evaluates it, and the names of fields that stand in it."""

    text: str
    evaluate: Evaluate
    names: frozenset[str]


def compiled(text: str) -> Expression:
    """The expression of a text. ValueError, in one line, where it does not parse or calls a function wrongly."""
    try:
        tree = parser.Parser().parse(text).parsed
    except exceptions.JMESPathError as error:
        raise ValueError(f"{text!r} is no JMESPath: {' '.join(str(error).split('^')[0].split())}") from None
    for node in _nodes(tree):
        if node["type"] == "function_expression":
            _check_call(node)
    names = frozenset(node["value"] for node in _nodes(tree) if node["type"] == "field")
    return Expression(text, _told(text, tree), names)


def _told(text: str, tree: Any) -> Evaluate:
    """What evaluates a tree; where it fails, Wrong names the expression."""
    evaluate = _evaluator(tree)
    if _steps(tree) is not None:
        return evaluate  # plain paths never fail

    def get(value: Any) -> Any:
        try:
            return evaluate(value)
        except ExpressionFailed as failed:
            raise Wrong(f"{text} fails on this record: {failed}") from None

    return get


def is_true(value: Any) -> bool:
    """Truth in JMESPath: null, false, an empty text, list or object are false; 0 is true."""
    return not (value is None or value is False or value == "" or value == [] or value == {})


def _nodes(tree: Any) -> Iterator[Any]:
    yield tree
    for child in tree.get("children", ()):
        if isinstance(child, dict):
            yield from _nodes(child)


def _check_call(node: Any) -> None:
    name, given = node["value"], len(node["children"])
    known = functions.Functions.FUNCTION_TABLE.get(name)
    if known is None:
        raise ValueError(f"there is no function {name}")
    signature = known["signature"]
    variadic = bool(signature) and bool(signature[-1].get("variadic"))
    if given < len(signature) or (given > len(signature) and not variadic):
        least = "at least " if variadic else ""
        raise ValueError(f"{name}() takes {least}{len(signature)} arguments, not {given}")


class _Interpreter(visitor.TreeInterpreter):  # type: ignore[misc]
    def visit_comparator(self, node: Any, value: Any) -> Any:
        """As the library's, but what is no number is greater or less than nothing."""
        if node["value"] in self._EQUALITY_OPS:
            return super().visit_comparator(node, value)
        left, right = (self.visit(child, value) for child in node["children"])
        if not (_is_number(left) and _is_number(right)):
            return None
        return self.COMPARATOR_FUNC[node["value"]](left, right)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_INTERPRETER = _Interpreter()


def _evaluator(tree: Any) -> Evaluate:
    quick = _QUICK.get(tree["type"])
    found = quick(tree) if quick is not None else None
    if found is not None:
        return found
    visit = _INTERPRETER.visit

    def get(value: Any) -> Any:
        try:
            return visit(tree, value)
        except _FAILURES as error:
            raise ExpressionFailed(" ".join(str(error).split())[:200]) from None

    return get


def _field(tree: Any) -> Evaluate:
    name = tree["value"]

    def get(value: Any) -> Any:
        try:
            return value.get(name)
        except AttributeError:
            return None

    return get


def _steps(tree: Any) -> list[Any] | None:
    """Names and indexes of a plain path, None where it is none."""
    kind = tree["type"]
    if kind == "field":
        return [tree["value"]]
    if kind == "index":
        return [tree["value"]]
    if kind in ("subexpression", "index_expression"):
        found = [_steps(child) for child in tree["children"]]
        return None if None in found else [step for steps in found if steps is not None for step in steps]
    return [] if kind in ("identity", "current") else None


def _path(tree: Any) -> Evaluate | None:
    steps = _steps(tree)
    if steps is None:
        return None
    if all(isinstance(step, str) for step in steps):
        return _names(steps)

    def get(value: Any) -> Any:
        for step in steps:
            if isinstance(step, str):
                if not isinstance(value, dict):
                    return None
                value = value.get(step)
            elif not isinstance(value, list) or not -len(value) <= step < len(value):
                return None
            else:
                value = value[step]
        return value

    return get


def _names(steps: list[Any]) -> Evaluate:
    if len(steps) == 1:
        return _field({"value": steps[0]})
    if len(steps) == 2:
        first, second = steps

        def get_two(value: Any) -> Any:
            try:
                return value.get(first).get(second)
            except AttributeError:
                return None

        return get_two

    def get(value: Any) -> Any:
        try:
            for step in steps:
                value = value.get(step)
        except AttributeError:
            return None
        return value

    return get


def _literal(tree: Any) -> Evaluate:
    constant = tree["value"]
    return lambda _value: constant


def _comparator(tree: Any) -> Evaluate | None:
    left, right = tree["children"]
    if tree["value"] not in ("eq", "ne") or right["type"] != "literal" or not isinstance(right["value"], str):
        return None
    get, wanted = _evaluator(left), right["value"]
    if tree["value"] == "eq":
        return lambda value: get(value) == wanted
    return lambda value: get(value) != wanted


def _and(tree: Any) -> Evaluate:
    first, second = map(_evaluator, tree["children"])

    def get(value: Any) -> Any:
        found = first(value)
        return second(value) if found is True or is_true(found) else found

    return get


def _or(tree: Any) -> Evaluate:
    first, second = map(_evaluator, tree["children"])

    def get(value: Any) -> Any:
        found = first(value)
        return found if found is True or is_true(found) else second(value)

    return get


_QUICK: dict[str, Callable[[Any], Evaluate | None]] = {
    "field": _field,
    "subexpression": _path,
    "index_expression": _path,
    "literal": _literal,
    "comparator": _comparator,
    "and_expression": _and,
    "or_expression": _or,
}
