"""A mapping made ready to run: read, adjusted, checked and compiled once (feeds 1 and 8)."""

from __future__ import annotations

from dataclasses import dataclass, field

from stream.facts.one_field import is_instant_field
from stream.feeds.adjustment import Adjustments, CannotAdjust
from stream.feeds.doubts import doubts
from stream.feeds.event_rules import CompiledRule, LegNumbers
from stream.feeds.expressions import Evaluate, compiled
from stream.feeds.mapping import EventRule, FeedMapping, ValueDescription, span_ms
from stream.feeds.rightness import faults
from stream.feeds.structure import MappingError, structured
from stream.feeds.values import Getter, Surroundings, getter
from stream.feeds.wrong import Wrong
from stream.windows.zone import load_zone

__all__ = ["CompiledJoin", "Feed", "MappingError", "load"]


@dataclass(frozen=True)
class CompiledJoin:
    """A join, compiled; spans in ms."""

    by: Getter
    time: Getter
    after_ms: int
    ahead_ms: int
    closes: Evaluate | None
    parts_by: Evaluate | None
    parts_ends: Evaluate | None


@dataclass(frozen=True)
class Expressed:
    """An expression of a mapping: its key, its text and the names that stand in it."""

    key: str
    text: str
    names: frozenset[str]


@dataclass(frozen=True)
class Feed:
    """A mapping that is ready to run. It keeps nothing: one may be run any number of times."""

    mapping: FeedMapping
    rules: tuple[CompiledRule, ...]
    join: CompiledJoin | None
    records: Evaluate | None
    expressions: tuple[Expressed, ...]
    warnings: tuple[tuple[str, str], ...]
    asked: dict[str, bool] = field(default_factory=dict)
    """With `watched`: the keys of the expressions that were asked, and whether they ever gave something."""

    @property
    def name(self) -> str:
        """What the mapping calls itself; event ids begin with it."""
        return self.mapping.feed

    @property
    def format(self) -> str:
        """json, csv, delimited or form."""
        return self.mapping.input.format

    @property
    def needs_header(self) -> bool:
        """Whether the first line of the input names the columns."""
        return self.format == "csv" and not self.mapping.input.columns

    @property
    def joins(self) -> bool:
        """Whether several records become one."""
        return self.join is not None


def load(text: str, name: str, adjustments: Adjustments | None = None, *, watched: bool = False) -> Feed:
    """The feed of a mapping's text. `name` is what the line of an error begins with.

    `watched`: the feed notes which of its paths ever give something. Raises MappingError.
    """
    settings = adjustments or Adjustments()
    try:
        mapping = settings.applied(structured(text, name))
    except CannotAdjust as error:
        raise MappingError(name, error.key, error.reason) from None
    for key, reason in faults(mapping):
        raise MappingError(name, key, reason)
    return _Compiler(mapping, name, settings.id_prefix, watched=watched).feed()


class _Compiler:
    def __init__(self, mapping: FeedMapping, name: str, id_prefix: str, *, watched: bool) -> None:
        self._mapping = mapping
        self._name = name
        self._id_prefix = id_prefix
        self._watched = watched
        self._expressed: list[Expressed] = []
        self._asked: dict[str, bool] = {}
        zone = mapping.input.zone
        self._around = Surroundings(self._expression, load_zone(zone) if zone else None)

    def feed(self) -> Feed:
        records = self._optional("records", self._mapping.records)
        join = self._join()
        rules = tuple(self._rule(f"events[{at}]", rule) for at, rule in enumerate(self._mapping.events))
        warnings = dict.fromkeys((each.key, doubt) for each in self._expressed for doubt in doubts(each.text))
        return Feed(self._mapping, rules, join, records, tuple(self._expressed), tuple(warnings), self._asked)

    def _expression(self, key: str, text: str) -> Evaluate:
        try:
            expression = compiled(text)
        except ValueError as error:
            raise MappingError(self._name, key, str(error)) from None
        self._expressed.append(Expressed(key, text, expression.names))
        return _watched(expression.evaluate, key, self._asked) if self._watched else expression.evaluate

    def _optional(self, key: str, text: str | None) -> Evaluate | None:
        return None if text is None else self._expression(key, text)

    def _getter(self, key: str, described: ValueDescription, around: Surroundings, *, instant: bool = False) -> Getter:
        try:
            return getter(described, key, around, instant=instant)
        except Wrong as wrong:
            raise MappingError(self._name, key, str(wrong)) from None

    def _join(self) -> CompiledJoin | None:
        rule = self._mapping.join
        if rule is None:
            return None
        parts = rule.parts
        return CompiledJoin(
            by=self._getter("join.by", rule.by, self._around),
            time=self._getter("join.time", rule.time, self._around, instant=True),
            after_ms=span_ms(rule.after),
            ahead_ms=span_ms(rule.ahead),
            closes=self._optional("join.closes", rule.closes),
            parts_by=None if parts is None else self._optional("join.parts.by", parts.by),
            parts_ends=None if parts is None else self._optional("join.parts.ends", parts.ends),
        )

    def _rule(self, key: str, rule: EventRule) -> CompiledRule:
        around = self._around
        currency = rule.fields.get("currency")
        if currency is not None:
            own = self._getter(f"{key}.fields.currency", currency, around)
            around = Surroundings(self._expression, around.zone, own)
        fields = tuple(
            (name, self._getter(f"{key}.fields.{name}", described, around, instant=is_instant_field(rule.type, name)))
            for name, described in rule.fields.items()
        )
        legs = rule.leg_ids
        return CompiledRule(
            feed=self._mapping.feed,
            key=key,
            kind=rule.type,
            when=self._optional(f"{key}.when", rule.when),
            each=self._optional(f"{key}.each", rule.each),
            legs=None
            if legs is None
            else LegNumbers(
                self._getter(f"{key}.leg_ids.first", legs.first, around),
                None if legs.then is None else self._getter(f"{key}.leg_ids.then", legs.then, around),
            ),
            also_void=rule.also_void,
            fields=fields,
            instants=frozenset(name for name in rule.fields if is_instant_field(rule.type, name)),
            revision=self._mapping.revision,
            id_prefix=self._id_prefix,
        )


def _watched(evaluate: Evaluate, key: str, asked: dict[str, bool]) -> Evaluate:
    def get(value: object) -> object:
        asked.setdefault(key, False)
        found = evaluate(value)
        if found is not None:
            asked[key] = True
        return found

    return get
