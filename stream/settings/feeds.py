"""What the keys of feeds must satisfy together (contract 4, `feeds`). A mapping is looked at when it runs."""

from collections.abc import Iterator, Sequence

from stream.facts.zones import is_zone
from stream.settings.document import FeedSection, FeedSource
from stream.settings.failure import KeyPath


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
