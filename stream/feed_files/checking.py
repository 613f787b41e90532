"""What `feed check` shows of a mapping over files: what became of the records, and what is doubtful (feeds 8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from stream.facts.instant import instant_ms
from stream.feeds.feed_counts import FeedCounts
from stream.feeds.given import GivenEvent, RecordPlace, RefusedRecord
from stream.feeds.loading import Feed
from stream.feeds.wrong import shown

FIRST = 3
_MOST_DEPTH = 4
_MOST_FIELDS = 500
_LENGTHS = ("queue_ms", "talk_ms", "hold_ms", "wrap_ms", "effective_ms")


class FeedCheck:
    """Looks on while a feed runs, takes what it gives, and says what was seen. `show`: so many events are kept."""

    def __init__(self, feed: Feed, show: int = 0) -> None:
        self._feed = feed
        self._show = show
        self._by_rule = Counter({rule.key: 0 for rule in feed.rules})
        self._examples: dict[tuple[str, str], list[str]] = {}
        self._fields: dict[str, str] = {}
        self._unzoned: Counter[str] = Counter()
        self._units: dict[str, str] = {}
        self._lengths: dict[str, list[int]] = {}
        self.shown: list[bytes] = []

    def saw(self, record: Any) -> None:
        """A record of the input: its fields."""
        if len(self._fields) < _MOST_FIELDS:
            for name, value in _leaves(record, "", 0):
                if value is not None or name not in self._fields:
                    self._fields.setdefault(name, shown(value))

    def gave(self, rule: str, count: int) -> None:
        """So many events of the rule."""
        self._by_rule[rule] += count

    def left(self, record: Any, place: RecordPlace) -> None:
        """A record that no event wanted."""
        self._example("unused", "", lambda: f"{place.source}:{place.line}: {shown(record)}")

    def write(self, events: Sequence[GivenEvent], refused: Sequence[RefusedRecord] = ()) -> None:
        """What the run gave."""
        for event in events:
            if len(self.shown) < self._show:
                self.shown.append(event.json)
            self._example("events", event.type, lambda event=event: _summary(event))
            if event.type == "call":
                self._measure(event)
        for each in refused:
            field = each.field or each.reason
            self._example("refused", field, lambda each=each: f"{each.place.source}:{each.place.line}: {each.detail}")
            if "which zone is it in" in each.detail:
                self._unzoned[field] += 1
            if "it looks like `as:" in each.detail:
                self._units.setdefault(field, each.detail.rpartition("it looks like ")[2])

    def close(self) -> None:
        """Nothing is kept open."""

    def _example(self, what: str, name: str, text: Any) -> None:
        kept = self._examples.setdefault((what, name), [])
        if len(kept) < FIRST:
            kept.append(text())

    def _measure(self, event: GivenEvent) -> None:
        """Notes the lengths of a call that are far too short for it."""
        fields = orjson.loads(event.json)
        whole_ms = instant_ms(fields["ended_at"]) - event.occurred_at
        for name in _LENGTHS:
            if fields.get(name):
                seen = self._lengths.setdefault(name, [0, 0, 0])
                seen[0] += 1
                seen[1] += 1000 * fields[name] <= whole_ms + 2000
                seen[2] = max(seen[2], fields[name])

    def table(self, counts: FeedCounts) -> Iterator[str]:
        """Records, events of each type, unused, refused by field; the first three of each."""
        yield f"{counts.records:>10,}  records"
        if counts.joined:
            yield f"{counts.joined:>10,}  joined records given out"
        for kind, count in sorted(counts.events.items()):
            yield f"{count:>10,}  {kind}"
            yield from self._indented("events", kind)
        yield f"{counts.unused:>10,}  unused"
        yield from self._indented("unused", "")
        yield f"{counts.malformed + counts.unmapped:>10,}  refused"
        for field, count in counts.refused.most_common():
            yield f"{count:>10,}  refused: {field or 'the event'}"
            yield from self._indented("refused", field or "unmapped")
        unused = self._unused_fields()
        if unused:
            yield ""
            yield "input fields that the mapping does not name, with a value of each:"
            width = min(40, max(len(name) for name, _ in unused))
            yield from (f"  {name:<{width}}  {value}" for name, value in unused)

    def _indented(self, what: str, name: str) -> Iterator[str]:
        yield from (f"{'':>12}{line}" for line in self._examples.get((what, name), ()))

    def _unused_fields(self) -> list[tuple[str, str]]:
        named = {name for each in self._feed.expressions for name in each.names} | set(self._feed.mapping.input.json_)
        found = []
        for path, value in sorted(self._fields.items()):
            if path.rpartition(".")[2].removesuffix("[]") not in named:
                found.append((path, value))
        return found

    def warnings(self, counts: FeedCounts) -> Iterator[tuple[str, str]]:
        """What is doubtful, now that records were seen: (key, text)."""
        if not counts.records:
            yield "input", "the files hold no record"
            return
        for rule, count in self._by_rule.items():
            if not count:
                yield rule, "no record wanted this event"
        for each in self._feed.expressions:
            if ".path" in each.key and self._feed.asked.get(each.key) is False:
                yield each.key, f"{each.text} was null in every record"
        refused = counts.malformed + counts.unmapped
        whole = max(counts.records, 1)
        if refused * 100 > whole:
            yield "events", f"{refused:,} of {whole:,} records are refused, over 1 %"
        if counts.clock_ahead:
            yield "join.ahead", f"clock_ahead: {counts.clock_ahead:,} rows lie far beyond event time and do not move it"
        for field, count in self._unzoned.items():
            yield "input.zone", f"{count:,} times of {field} have no offset and no zone: `zone`, or --zone"
        for field, word in self._units.items():
            yield field, f"the numbers are refused as instants: they look like {word}"
        for name, (seen, short, greatest) in self._lengths.items():
            if seen == short:
                said = f"at most {greatest:,} ms, in calls a thousand times as long"
                yield name, f"{said}: are these seconds? `as: seconds`"


def _summary(event: GivenEvent) -> str:
    fields = orjson.loads(event.json)
    return " ".join(str(fields[name]) for name in ("event_id", "occurred_at", "occurred_on") if name in fields)


def _leaves(value: Any, path: str, depth: int) -> Iterator[tuple[str, Any]]:
    """Fields of a record by their paths: names and points, `[]` for the items of a list."""
    if isinstance(value, dict) and depth < _MOST_DEPTH:
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else name, depth + 1)
    elif isinstance(value, list) and depth < _MOST_DEPTH:
        for inner in value[:20]:
            yield from _leaves(inner, f"{path}[]", depth)
    elif path:
        yield path, value
