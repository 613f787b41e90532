"""What a run sets in a mapping (feeds 6): zone, constants, sources and results of fields, revision, prefix of ids."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from stream.facts.one_field import field_names, refusal_of
from stream.feeds.json_text import decode
from stream.feeds.mapping import EventRule, FeedMapping, ValueDescription


class CannotAdjust(ValueError):  # noqa: N818  a sentence for the user
    """A setting that does not fit the mapping: its key, and the reason."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}")
        self.key, self.reason = key, reason


@dataclass(frozen=True)
class Adjustments:
    """The settings of a run; what is left out leaves the mapping as it is."""

    zone: str | None = None
    constants: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)
    results: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    revision: int | None = None
    id_prefix: str = ""

    def applied(self, mapping: FeedMapping) -> FeedMapping:
        """The mapping with these settings. Raises CannotAdjust."""
        events = [*mapping.events]
        for name, text in self.constants.items():
            events = _each(events, f"set {name}", name, lambda rule, name=name, text=text: _constant(rule, name, text))
        for name, path in self.paths.items():
            events = _each(events, f"set-path {name}", name, lambda rule, name=name, path=path: _path(rule, name, path))
        for name, results in self.results.items():
            events = _each(
                events, f"set-map {name}", name, lambda rule, name=name, results=results: _results(rule, name, results)
            )
            if not any(name in rule.fields and rule.fields[name].map is not None for rule in events):
                raise CannotAdjust(f"set-map {name}", f"no event has a map of {name}")
        if self.revision is not None and not 0 <= self.revision <= 999:
            raise CannotAdjust("revision", f"{self.revision} is not 0-999")
        return mapping.model_copy(
            update={
                "events": events,
                "revision": mapping.revision if self.revision is None else self.revision,
                "input": mapping.input.model_copy(update={"zone": self.zone}) if self.zone else mapping.input,
            }
        )


def _each(events: list[EventRule], key: str, name: str, change: Any) -> list[EventRule]:
    if not any(name in field_names(rule.type) for rule in events):
        raise CannotAdjust(key, f"no event of the mapping has a field {name}")
    return [change(rule) if name in field_names(rule.type) else rule for rule in events]


def _with(rule: EventRule, name: str, described: ValueDescription) -> EventRule:
    return rule.model_copy(update={"fields": {**rule.fields, name: described}})


def _constant(rule: EventRule, name: str, text: str) -> EventRule:
    return _with(rule, name, ValueDescription(value=of_kind(rule.type, name, text, f"set {name}")))


def _path(rule: EventRule, name: str, path: str) -> EventRule:
    kept = rule.fields[name].model_dump(by_alias=True, exclude_unset=True) if name in rule.fields else {}
    kept.pop("value", None)
    return _with(rule, name, ValueDescription.model_validate(kept | {"path": path}))


def _results(rule: EventRule, name: str, results: Mapping[str, str]) -> EventRule:
    described = rule.fields.get(name)
    if described is None or described.map is None:
        return rule
    converted = bool(described.conversions)
    new = {
        value: text if converted else of_kind(rule.type, name, text, f"set-map {name}.{value}")
        for value, text in results.items()
    }
    return _with(rule, name, described.model_copy(update={"map": {**described.map, **new}}))


def of_kind(kind: str, name: str, text: str, key: str) -> Any:
    """The constant that a text states in a field: a text, number, boolean or list, whichever the contract allows."""
    candidates: list[Any] = [text]
    with suppress(ValueError):
        candidates.append(decode(text))
    reasons = [refusal_of(kind, name, each) for each in candidates]
    for candidate, reason in zip(candidates, reasons, strict=True):
        if reason is None:
            return candidate
    raise CannotAdjust(key, str(reasons[-1]))
