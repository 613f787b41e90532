"""An event of a mapping, compiled: a record goes in, its events come out, checked and keyed (feeds 4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from stream.facts.decode import Rejection, decode
from stream.facts.fact import Fact
from stream.facts.identity import expected_key
from stream.feeds.event_ids import event_id, event_id_of_content, fitting, own_id_field
from stream.feeds.expressions import Evaluate, is_true
from stream.feeds.given import GivenEvent, Unmapped
from stream.feeds.times import wire_instant
from stream.feeds.values import Getter
from stream.feeds.wrong import Wrong, shown

Event = dict[str, Any]
_CASE_NEEDS_DEBTOR = frozenset({"call", "message", "complaint", "bot_session"})
_PREFIXED = ("call_id", "payment_id", "transferred_from")


@dataclass(frozen=True)
class LegNumbers:
    """How the legs of one call are named: the first, and later ones; `then` None: by `/2`, `/3`."""

    first: Getter
    then: Getter | None


@dataclass(frozen=True)
class CompiledRule:
    """One entry of `events`, compiled. `instants`: the fields whose getters give ms, `version` among them or not."""

    feed: str
    key: str
    kind: str
    when: Evaluate | None
    each: Evaluate | None
    legs: LegNumbers | None
    also_void: bool
    fields: tuple[tuple[str, Getter], ...]
    instants: frozenset[str]
    revision: int
    id_prefix: str

    def events(self, record: Any, version: int) -> Iterator[GivenEvent]:
        """The events that the record states by this rule. Raises Unmapped; `version` counts where none is mapped."""
        if self.each is None:
            if self.when is None or self._wanted(record):
                yield from self._given(record, version, None)
            return
        items = self._items(record)
        for index in range(len(items)):
            scope = _scope(record, items, index)
            if self.when is None or self._wanted(scope):
                yield from self._given(scope, version, self._leg(record, items, scope))

    def _wanted(self, scope: Any) -> bool:
        assert self.when is not None
        try:
            found = self.when(scope)
        except Wrong as wrong:
            raise Unmapped(f"{self.key}.when", str(wrong)) from None
        return found is True or is_true(found)

    def _items(self, record: Any) -> list[Any]:
        assert self.each is not None
        try:
            items = self.each(record)
        except Wrong as wrong:
            raise Unmapped(f"{self.key}.each", str(wrong)) from None
        if items is None:
            return []
        if not isinstance(items, list):
            raise Unmapped(f"{self.key}.each", f"{shown(items)} is no list")
        return items

    def _leg(self, record: Any, items: list[Any], scope: Event) -> Event | None:
        if self.legs is None:
            return None
        index = scope["index"]
        try:
            if index == 0:
                return {"call_id": self._leg_id(scope)}
            return {
                "call_id": self._leg_id(scope),
                "transferred_from": self._leg_id(_scope(record, items, index - 1)),
            }
        except Wrong as wrong:
            raise Unmapped("call_id", str(wrong)) from None

    def _leg_id(self, scope: Any) -> str:
        assert self.legs is not None
        index = scope["index"]
        get = self.legs.first if index == 0 or self.legs.then is None else self.legs.then
        found = get(scope)
        if not isinstance(found, str):
            raise Wrong(
                "is missing: leg_ids gives nothing" if found is None else f"{shown(found)} is no text: `as: text`"
            )
        return f"{found}/{index + 1}" if index and self.legs.then is None else found

    def _given(self, scope: Any, version: int, leg: Event | None) -> Iterator[GivenEvent]:
        event = self._event(scope, version, leg)
        mapped_id = event.get("event_id")
        yield self._checked(event, mapped_id)
        if self.also_void and event.get("debtor_id") is not None and event.get("void") is not True:
            twin = {name: value for name, value in event.items() if name not in ("debtor_id", "case_id")}
            yield self._checked(twin | {"void": True}, mapped_id)

    def _event(self, scope: Any, version: int, leg: Event | None) -> Event:
        event: Event = {"type": self.kind}
        name = ""
        try:
            for name, get in self.fields:
                value = get(scope)
                if value is not None:
                    event[name] = wire_instant(value) if name in self.instants and type(value) is int else value
        except Wrong as wrong:
            raise Unmapped(name, str(wrong)) from None
        if leg is not None:
            event |= leg
        if "case_id" in event and "debtor_id" not in event and self.kind in _CASE_NEEDS_DEBTOR:
            del event["case_id"]
        own = event.setdefault("version", version)
        if self.revision and type(own) is int and own > 0:
            event["version"] = own * 1000 + self.revision
        if self.id_prefix:
            for field in {own_id_field(self.kind), *_PREFIXED, "event_id"}:
                if isinstance(event.get(field), str) and event[field]:
                    event[field] = self.id_prefix + event[field]
        return event

    def _checked(self, event: Event, mapped_id: Any) -> GivenEvent:
        own = own_id_field(self.kind)
        identified = own and (own != "reversal_id" or "reversal_id" in event)
        void = event.get("void") is True
        if mapped_id is None and identified:
            status = event.get("status")
            event["event_id"] = event_id(
                self.feed, self.kind, str(event.get(own)), event["version"], status=status, void=void
            )
        elif isinstance(mapped_id, str) and mapped_id:
            event["event_id"] = fitting(f"{mapped_id}:void" if void and identified else mapped_id)
        elif mapped_id is None:
            event["event_id"] = "-"
            event["event_id"] = event_id_of_content(self.feed, _fact(event)[0])
        try:
            fact, written = _fact(event)
        except Unmapped as unmapped:
            if mapped_id is None and unmapped.field == "event_id":
                _fact(event | {"event_id": "-"})  # what is wrong with the id is wrong with the field that it is made of
            raise
        return GivenEvent(self.kind, fact.TOPIC, expected_key(fact), written, fact.occurred_at)


def _scope(record: Any, items: list[Any], index: int) -> Event:
    """What the expressions of an item see."""
    previous = items[index - 1] if index else None
    return {"record": record, "item": items[index], "index": index, "previous": previous}


def _fact(event: Event) -> tuple[Fact, bytes]:
    try:
        written = orjson.dumps(event)
    except TypeError as error:
        raise Unmapped("", f"holds what JSON cannot: {error}") from None
    fact = decode(written)
    if isinstance(fact, Rejection):
        raise Unmapped(fact.detail.partition(":")[0], fact.detail.partition(": ")[2])
    return fact, written
