"""The structs of the core and the pydantic models of the wire have the same fields."""

from __future__ import annotations

from typing import get_args

import pytest

from stream.facts import fact as kinds
from stream.facts import models


@pytest.mark.parametrize("kind", get_args(kinds.Fact), ids=lambda kind: str(kind.__name__))
def test_a_struct_has_the_fields_of_its_model_with_the_same_needs(kind: type[kinds.Event]) -> None:
    model = models.MODELS[kind.TYPE]
    wire = {name: info.is_required() for name, info in model.model_fields.items() if name != "type"}
    fields = kind.__struct_fields__
    required = {name for name in fields if name in _required(kind)}
    assert set(fields) == set(wire)
    assert required == {name for name, needed in wire.items() if needed}


def _required(kind: type[kinds.Event]) -> set[str]:
    from msgspec import NODEFAULT, structs

    return {info.name for info in structs.fields(kind) if info.default is NODEFAULT}
