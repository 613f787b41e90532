"""What `feed run` is to do: the options of the command over what the configuration says of a feed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from stream.cli.failure import CommandError
from stream.cli.feed_topic import entry_of, mapping_of

if TYPE_CHECKING:
    from stream.feeds.adjustment import Adjustments
    from stream.feeds.loading import Feed
    from stream.settings import Settings
    from stream.settings.document import Feed as Entry

MOST_OPEN = 100_000


@dataclass(frozen=True)
class Options:
    """Options as they were given; None, or empty: not given. The names of `set`, `paths` and `results` are fields."""

    zone: str | None = None
    constants: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)
    results: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    revision: int | None = None
    id_prefix: str | None = None
    most_open: int | None = None
    files: Sequence[str] = ()
    state: str | None = None
    topic: str | None = None
    group: str | None = None


@dataclass(frozen=True)
class Wish:
    """What is to be run. `name`: that of the feed in the configuration, None where the command says all. Such a feed
    goes to Kafka unless the command says otherwise, and its `files`, which may be globs, are followed."""

    feed: "Feed"
    name: str | None
    files: tuple[str, ...]
    state: str | None
    topic: str | None
    group: str | None
    most_open: int


def wish_of(settings: "Settings", config: Path | None, mapping: str, options: Options) -> Wish:
    """What a command with this MAPPING is to do: the name of a feed of the configuration, a shipped name or a file.

    CommandError with exit code 2: there is no such mapping, it is wrong, or there is nothing to read.
    """
    from stream.feeds.loading import MappingError, load

    entry = entry_of(settings, mapping)
    given = options if entry is None else _over(entry, options)
    configured = entry is not None
    text, named = mapping_of(config, mapping if entry is None else entry.mapping, configured=configured)
    if given.files and given.topic is not None:
        raise CommandError("FILE and --topic: only one of them", exit_code=2)
    if given.group is not None and given.topic is None:
        raise CommandError("--group is for --topic", exit_code=2)
    if given.state is not None and given.topic is not None:
        raise CommandError("--state is for files: of a topic the group keeps the place", exit_code=2)
    if not given.files and given.topic is None:
        raise CommandError("no input: give FILE, `-` or --topic", exit_code=2)
    try:
        feed = load(text, named, _adjustments(given))
    except MappingError as error:
        raise CommandError(str(error), exit_code=2) from error
    return Wish(
        feed,
        entry.name if entry is not None else None,
        tuple(given.files),
        given.state,
        given.topic,
        given.group,
        given.most_open or MOST_OPEN,
    )


def _adjustments(options: Options) -> "Adjustments":
    from stream.feeds.adjustment import Adjustments

    return Adjustments(
        zone=options.zone,
        constants=options.constants,
        paths=options.paths,
        results=options.results,
        revision=options.revision,
        id_prefix=options.id_prefix or "",
    )


def _over(entry: "Entry", options: Options) -> Options:
    """The options over the entry. A source that is given takes the place of the entry's as a whole."""
    source = entry.source
    elsewhere = bool(options.files) or options.topic is not None
    results = {name: {**entry.set_map.get(name, {}), **options.results.get(name, {})}
               for name in (*entry.set_map, *options.results)}  # fmt: skip
    return Options(
        zone=options.zone or entry.zone,
        constants={**{name: value for name, value in entry.set.items() if name not in options.paths},
                   **options.constants},
        paths={**{name: path for name, path in entry.set_path.items() if name not in options.constants},
               **options.paths},
        results=results,
        revision=entry.revision if options.revision is None else options.revision,
        id_prefix=entry.id_prefix if options.id_prefix is None else options.id_prefix,
        most_open=options.most_open or entry.open,
        files=options.files if elsewhere else source.files or (),
        state=options.state if options.state is not None or elsewhere else source.state,
        topic=options.topic if elsewhere else source.topic,
        group=options.group if options.group is not None or elsewhere else source.group,
    )  # fmt: skip
