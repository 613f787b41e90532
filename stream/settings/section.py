"""A section of a configuration document: what all of them do with keys that they do not know, and with empty ones."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class Section(BaseModel):
    """A section of the document: unknown keys are refused, and a key without a value counts as absent."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    @model_validator(mode="before")
    @classmethod
    def _without_empty_keys(cls, document: Any) -> Any:
        known = {field.alias or name for name, field in cls.model_fields.items()}
        if document is None:
            return {}
        if not isinstance(document, Mapping):
            return document
        return {key: value for key, value in document.items() if value is not None or key not in known}
