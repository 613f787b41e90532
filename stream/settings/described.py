"""What each key of a section is for: the text that stands under it in the source, for people who read the JSON Schema
or the page of all keys."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from functools import cache

from pydantic import BaseModel


def about(model: type[BaseModel]) -> str:
    """What a section is, in one paragraph."""
    return " ".join((model.__doc__ or "").split("\n\n")[0].split())


def meanings(model: type[BaseModel]) -> dict[str, str]:
    """Field of a section -> what it is for, those that it inherits included. Without the sources there are none."""
    found: dict[str, str] = {}
    for each in reversed(model.__mro__):
        if issubclass(each, BaseModel) and each is not BaseModel:
            found.update(_stated(each))
    return {name: found[name] for name in model.model_fields if name in found}


@cache
def _stated(model: type[BaseModel]) -> dict[str, str]:
    try:
        source = textwrap.dedent(inspect.getsource(model))
    except OSError:
        return {}
    return dict(_texts(source))


def _texts(source: str) -> Iterator[tuple[str, str]]:
    body = ast.parse(source).body[0]
    assert isinstance(body, ast.ClassDef)
    for field, text in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
            and isinstance(text.value.value, str)
        ):
            yield field.target.id, " ".join(text.value.value.split())
