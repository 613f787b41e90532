"""The section `feeds` of a configuration: its shape, and what its keys must satisfy together (contract 4, `feeds`). A
mapping is looked at when it runs."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import BeforeValidator, Field

from stream.facts.zones import is_zone
from stream.settings.failure import KeyPath
from stream.settings.section import Section
from stream.settings.units import Count, Positive, TopicPart


def _constant(value: object) -> object:
    """A constant of a feed as text, as an option of the command line gives it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


Constant = Annotated[str, BeforeValidator(_constant, json_schema_input_type=str | bool | int)]
FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class FeedSource(Section):
    """Where a feed's records come from: files (globs), which are followed, or a topic."""

    files: tuple[str, ...] | None = None
    """Paths, which may hold `*`, `?` and `[...]`; followed as they grow, rotate and appear. Either this or `topic` is
    required."""
    state: str | None = None
    """A file of its own, which remembers the place in `files`."""
    topic: TopicPart | None = None
    """A Kafka topic, instead of `files`."""
    group: TopicPart | None = None
    """The group of the topic's readers; left out: `<kafka.group>.<feed of the mapping>`."""


class FeedSection(Section):
    """One feed that this host runs. A key that is not given is the mapping's own."""

    name: TopicPart
    """Unique: letters, digits, `.`, `_` and `-`."""
    mapping: str
    """The name of a shipped mapping, or a file, whose path begins where the configuration lies."""
    source: FeedSource
    """Where its records come from."""
    zone: str | None = None
    """Of times without an offset: the option `--zone`."""
    set: dict[FieldName, Constant] = {}
    """Field to constant: the option `--set`."""
    set_path: dict[FieldName, str] = {}
    """Field to the JMESPath of where it comes from: the option `--set-path`."""
    set_map: dict[FieldName, dict[Constant, Constant]] = {}
    """Field to more of every `map` of it: the option `--set-map`."""
    id_prefix: str | None = None
    """Stands before every fact's own id."""
    open: Positive | None = None
    """How many joins may be open; left out: 100,000."""
    revision: Annotated[Count, Field(le=999)] | None = None
    """Of the mapping: a greater one corrects what a former one made of the same records."""


def feed_problems(feeds: Sequence[FeedSection]) -> Iterator[tuple[KeyPath, str]]:
    """Everything that is wrong, as (path of the key, reason), in the order of the document."""
    names: set[str] = set()
    states: set[str] = set()
    readers: set[tuple[str, str]] = set()
    for index, feed in enumerate(feeds):
        if feed.name in names:
            yield ("feeds", index, "name"), f"{feed.name!r} is the name of another feed already"
        names.add(feed.name)
        for key, reason in _source(feed.source):
            yield ("feeds", index, "source", *key), reason
        if feed.zone is not None and not is_zone(feed.zone):
            yield ("feeds", index, "zone"), f"{feed.zone!r} is no IANA time zone"
        for field in feed.set:
            if field in feed.set_path:
                yield ("feeds", index, "set_path", field), "is in `set` already"
        state, reader = feed.source.state, (feed.source.topic or "", feed.source.group or "")
        if state is not None and state in states:
            yield ("feeds", index, "source", "state"), f"{state!r} is the state of another feed already"
        if reader[0] and reader[1] and reader in readers:
            reason = f"{reader[1]!r} is the group of another feed of this topic already"
            yield ("feeds", index, "source", "group"), reason
        if state is not None:
            states.add(state)
        readers.add(reader)


def _source(source: FeedSource) -> Iterator[tuple[KeyPath, str]]:
    if (source.files is None) == (source.topic is None):
        yield (), "needs either `files` or `topic`"
    if source.files is not None and not source.files:
        yield ("files",), "names no file"
    if source.state is not None and source.topic is not None:
        yield ("state",), "is for files: of a topic the group keeps the place"
    if source.group is not None and source.files is not None:
        yield ("group",), "is for a topic"
