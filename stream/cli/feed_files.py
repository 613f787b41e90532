"""What `kpi-stream feed check` and `feed run` do: settings, mappings, and runs over files."""

import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from stream.cli.configuration import settings_of
from stream.cli.failure import CommandError, warn
from stream.cli.feed_metrics import FeedMetrics, numbers_beside, serving
from stream.cli.feed_topic import entry_of, mapping_of, run_topic
from stream.cli.options import check_identifier
from stream.cli.progress import show_line
from stream.feeds.adjustment import Adjustments

if TYPE_CHECKING:
    from stream.feed_files.output import Sink
    from stream.feed_files.places import Places
    from stream.feeds.feed_run import FeedRun
    from stream.feeds.given import GivenEvent, RefusedRecord
    from stream.feeds.loading import Feed
    from stream.settings import Settings

STDIN = STDOUT = "-"


@dataclass(frozen=True)
class Wanted:
    """What the command line of `feed run` asks for."""

    mapping: str | None
    files: tuple[str, ...]
    out: str | None
    kafka: bool
    rejects: str | None
    topic: str | None
    group: str | None
    state: str | None
    follow: bool
    most_open: int | None
    every: bool
    progress: bool | None
    adjustments: Adjustments
    metrics_port: int | None = None
    metrics_file: Path | None = None


def settings_from(
    zone: str | None,
    constants: Sequence[str] | None,
    paths: Sequence[str] | None,
    results: Sequence[str] | None,
    revision: int | None,
    id_prefix: str | None,
) -> Adjustments:
    """The settings that the options state. CommandError, exit code 2, where one has not its form."""
    maps: dict[str, dict[str, str]] = {}
    for text in results or ():
        field, point, rest = text.partition(".")
        value, sign, result = rest.rpartition("=")
        if not (field and point and sign):
            raise CommandError(f"--set-map: {text!r} is not F.VALUE=RESULT", exit_code=2)
        maps.setdefault(field, {})[value] = result
    if id_prefix:
        check_identifier("--id-prefix", id_prefix.strip() or id_prefix)
    return Adjustments(
        zone=zone,
        constants=dict(_pair("--set", "F=V", text) for text in constants or ()),
        paths=dict(_pair("--set-path", "F=JMESPATH", text) for text in paths or ()),
        results=maps,
        revision=revision,
        id_prefix=id_prefix or "",
    )


def _pair(option: str, form: str, text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign):
        raise CommandError(f"{option}: {text!r} is not {form}", exit_code=2)
    return name, value


def loaded(
    mapping: str, given: Adjustments, settings: "Settings", config: Path | None, *, watched: bool = False
) -> "Feed":
    """The feed of an argument MAPPING: a name in `feeds`, whose settings the given ones go over, a shipped name, or a
    file. CommandError, exit code 2, in one line, where it is wrong."""
    from stream.feeds.loading import MappingError, load

    entry = entry_of(settings, mapping)
    text, name = mapping_of(config, mapping if entry is None else entry.mapping, configured=entry is not None)
    if entry is not None:
        given = Adjustments(
            zone=given.zone or entry.zone,
            constants=_over(entry.set, given.constants, given.paths),
            paths=_over(entry.set_path, given.paths, given.constants),
            results={
                field: {**entry.set_map.get(field, {}), **given.results.get(field, {})}
                for field in {*entry.set_map, *given.results}
            },
            revision=entry.revision if given.revision is None else given.revision,
            id_prefix=given.id_prefix or entry.id_prefix or "",
        )
    try:
        feed = load(text, name, given, watched=watched)
    except MappingError as error:
        raise CommandError(str(error), exit_code=2) from error
    for key, doubt in feed.warnings:
        print(f"warning: {key}: {doubt}", file=sys.stderr)
    return feed


def _over(entry: Mapping[str, str], given: Mapping[str, str], otherwise: Mapping[str, str]) -> dict[str, str]:
    """What options and entry say of fields. `otherwise`: fields of which an option says it in another way."""
    return {**{name: said for name, said in entry.items() if name not in otherwise}, **given}


def checked(feed: "Feed", files: Sequence[str], show: int, most_open: int) -> tuple[bool, list[str]]:
    """Tries a feed on files and prints what became of their records. Whether there was a warning, and a line for each
    file that is missing or torn."""
    from stream.feed_files.checking import FeedCheck
    from stream.feed_files.reading import read_all
    from stream.feeds.feed_run import FeedRun

    if not files:
        kinds = ", ".join(rule.kind for rule in feed.rules)
        print(f"{feed.name}: the mapping is right ({feed.format} to {kinds}); with files it is tried on them")
        return bool(feed.warnings), []
    seen = FeedCheck(feed, show)
    run = FeedRun(feed, most_open, seen)
    wrong = read_all(files, feed, run, seen, None, lambda _records: None)
    run.end()
    seen.write(*run.drain())
    for line in seen.table(run.counts):
        print(line)
    for event in seen.shown:
        print(event.decode())
    sys.stdout.flush()
    doubts = list(seen.warnings(run.counts))
    for key, doubt in doubts:
        print(f"warning: {key}: {doubt}", file=sys.stderr)
    return bool(doubts or feed.warnings), wrong


def run_wanted(wanted: Wanted, config: Path | None) -> int:
    """Does what `feed run` is asked for, and gives the exit code. CommandError."""
    settings = settings_of(config)
    if wanted.every:
        return _run_every(wanted, settings, config)
    if wanted.mapping is None:
        raise CommandError("MAPPING is missing (`kpi-stream feed list` names those that are shipped)", exit_code=2)
    entry = entry_of(settings, wanted.mapping)
    name = None
    if entry is not None:
        wanted = replace(wanted, kafka=wanted.kafka or wanted.out is None, most_open=wanted.most_open or entry.open)
        if not (wanted.files or wanted.topic):
            # A source from the options is another one: it has no part in the place and the name of the configured one.
            source, name = entry.source, entry.name
            wanted = replace(
                wanted,
                files=source.files or (),
                topic=source.topic,
                group=wanted.group or source.group,
                state=wanted.state or source.state,
                follow=wanted.follow or source.files is not None,
            )
    _check(wanted)
    feed = loaded(wanted.mapping or "", wanted.adjustments, settings, config)
    most_open = wanted.most_open or 100_000
    metrics = FeedMetrics(name or feed.name, wanted.metrics_file)
    with serving(settings, wanted.metrics_port, lambda: (metrics.numbers,)):
        if wanted.topic is not None:
            return run_topic(settings, feed, wanted.topic, wanted.group, most_open, wanted.progress, name, metrics)
        return _run_files(wanted, feed, settings, name, most_open, metrics)


def _check(wanted: Wanted) -> None:
    """CommandError, exit code 2, for options that do not go together."""
    if wanted.topic is not None:
        for name, given in (("FILE", wanted.files), ("--out", wanted.out), ("--rejects", wanted.rejects)):
            if given:
                raise CommandError(f"--topic and {name}: only one of them (a topic's events go to Kafka)", exit_code=2)
        if wanted.state or wanted.follow:
            raise CommandError("--state and --follow are for files: a topic's place is its group's offset", exit_code=2)
        return
    if wanted.group is not None:
        raise CommandError("--group is for --topic", exit_code=2)
    if not wanted.files:
        raise CommandError("there is nothing to read: FILE..., `-` for standard input, or --topic", exit_code=2)
    if wanted.out is not None and wanted.kafka:
        raise CommandError("--out and --kafka: only one of them", exit_code=2)
    if wanted.out is None and not wanted.kafka:
        raise CommandError("where shall the events go? --out FILE (`-` is standard output) or --kafka", exit_code=2)
    if wanted.rejects == STDOUT and wanted.out == STDOUT:
        raise CommandError("--out and --rejects: only one of them can be standard output", exit_code=2)
    _check_paths(wanted)


def _check_paths(wanted: Wanted) -> None:
    """CommandError, exit code 2, for a file that would be read and written, or written twice: one of them is lost."""
    known = {str(Path(name).resolve()): "FILE" for name in wanted.files if name != STDIN}
    for option, path in (("--out", wanted.out), ("--rejects", wanted.rejects), ("--state", wanted.state)):
        if path is None or path == STDOUT or (Path(path).exists() and not Path(path).is_file()):  # /dev/null
            continue
        other = known.setdefault(str(Path(path).resolve()), option)
        if other != option:
            raise CommandError(f"{option} and {other}: both are {path}", exit_code=2)


def _run_every(wanted: Wanted, settings: "Settings", config: Path | None) -> int:
    from stream.cli.feed_all import run_all

    if wanted.mapping is not None or wanted.files or wanted.topic:
        raise CommandError("--all takes no MAPPING, FILE or --topic: it runs what the configuration names", exit_code=2)
    if wanted.metrics_file is not None:
        raise CommandError("--all and --metrics-file: --metrics-port serves the metrics of all feeds", exit_code=2)
    if wanted.adjustments != Adjustments() or wanted.out or wanted.rejects or wanted.state:
        raise CommandError(
            "--all takes no settings and no files: each feed has those of the configuration", exit_code=2
        )
    names = [entry.name for entry in settings.document.feeds]
    if not names:
        raise CommandError("the configuration has no feeds", exit_code=2)
    for name in names:  # what is wrong is said at once, and not by each process again and again
        loaded(name, wanted.adjustments, settings, config)
    options = [] if config is None else ["--config", str(config)]
    if wanted.metrics_port is None:
        return run_all([(name, ["feed", "run", name, *options]) for name in names])
    with TemporaryDirectory(prefix="kpi-stream-feeds-") as folder:
        kept = Path(folder)
        feeds = [
            (name, ["feed", "run", name, "--metrics-file", str(kept / f"{number}.prom"), *options])
            for number, name in enumerate(names)
        ]
        with serving(settings, wanted.metrics_port, lambda: numbers_beside(kept)):
            return run_all(feeds)


def _run_files(
    wanted: Wanted, feed: "Feed", settings: "Settings", name: str | None, most_open: int, metrics: FeedMetrics
) -> int:
    from stream.feeds.feed_run import FeedRun

    stopped = threading.Event()
    if wanted.follow and STDIN not in wanted.files:  # a pipe is waited for where only an exception ends it
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: stopped.set())
    run = FeedRun(feed, most_open)
    places = _places(wanted, run)
    refused: list[str] = []
    with ExitStack() as stack:
        sink = _sink(wanted, settings, name, stack, refused, stopped)
        try:
            wrong = _read(wanted, feed, run, sink, places, stopped, metrics)
            if wanted.state is None:
                run.end()
            sink.write(*run.drain())
            sink.close()
            if wanted.state is not None and places is not None:
                places.save(Path(wanted.state), run.state())
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            raise CommandError(f"{error.filename or wanted.out}: {error.strerror or error}") from error
    metrics.look(run.counts, run.open_joins)
    metrics.write()
    show_line("", wanted.progress)
    for line in refused:
        warn(line)
    for line in wrong:
        warn(line)
    print(f"feed {name or feed.name}: {run.counts.line()}", file=sys.stderr)
    return 1 if wrong else 0


def _places(wanted: Wanted, run: "FeedRun") -> "Places | None":
    """Where reading goes on, with the run put back as it was; None where every file is read whole. CommandError."""
    from stream.feed_files.places import Places, load_places

    if wanted.state is None:
        return Places() if wanted.follow else None
    try:
        places = load_places(Path(wanted.state))
        if places.feed_state is not None:
            run.restore(places.feed_state)
    except (OSError, ValueError) as error:
        raise CommandError(f"{wanted.state}: {getattr(error, 'strerror', None) or error}", exit_code=2) from error
    return places


def _read(
    wanted: Wanted,
    feed: "Feed",
    run: "FeedRun",
    sink: "Sink",
    places: "Places | None",
    stopped: threading.Event,
    metrics: FeedMetrics,
) -> list[str]:
    from stream.feed_files.following import Following
    from stream.feed_files.reading import read_all
    from stream.replay.chunks import InputError

    line = _Progress(wanted.progress)

    def report(records: int) -> None:
        line.show(records)
        metrics.look(run.counts, run.open_joins)

    if not wanted.follow or STDIN in wanted.files:
        wrong: list[str] = []
        try:
            wrong = read_all(wanted.files, feed, run, sink, places, report)
        except KeyboardInterrupt:
            if not wanted.follow:
                raise  # with --follow a SIGTERM is the end of the input
        return wrong
    assert places is not None
    following = Following(wanted.files, feed, run, sink, places)

    def save() -> None:
        if wanted.state is not None:
            sink.sync()
            following.keep_places()
            places.save(Path(wanted.state), run.state())

    try:
        following.follow(stopped.wait, save, time.monotonic, report)
    except InputError as error:
        return [str(error)]
    finally:
        following.close()
    return []


def _sink(
    wanted: Wanted,
    settings: "Settings",
    name: str | None,
    stack: ExitStack,
    refused: list[str],
    stopped: threading.Event,
) -> "Sink":
    """Where events and refusals go; it is abandoned where the run fails."""
    from stream.feed_files.output import FileSink

    append = wanted.follow or wanted.state is not None
    if wanted.kafka:
        from stream.cli.feed_kafka_sink import kafka_sink

        waits = stopped if wanted.follow else None
        return kafka_sink(settings, name, wanted.rejects, stack, append=append, waits=waits)
    assert wanted.out is not None
    try:
        sink = FileSink(wanted.out, wanted.rejects, append=append)
    except OSError as error:
        raise CommandError(f"{error.filename or wanted.out}: {error.strerror or error}") from error
    stack.push(lambda kind, _error, _trace: sink.abandon() if kind is not None else None)
    return sink if wanted.rejects is not None else _Telling(sink, refused)


class _Telling:
    """A sink that tells a person of the first refusals, where nothing keeps them."""

    def __init__(self, sink: "Sink", told: list[str]) -> None:
        self._sink, self._told = sink, told

    def write(self, events: "Sequence[GivenEvent]", refused: "Sequence[RefusedRecord]" = ()) -> None:
        for each in refused[: max(0, 3 - len(self._told))]:
            self._told.append(f"{each.place.source}:{each.place.line}: refused, {each.reason}: {each.detail}")
        self._sink.write(events, ())

    def sync(self) -> None:
        self._sink.sync()

    def close(self) -> None:
        self._sink.close()


class _Progress:
    """A line of progress a second."""

    def __init__(self, wanted: bool | None) -> None:
        self._wanted, self._began = wanted, time.monotonic()
        self._at = self._began

    def show(self, records: int) -> None:
        """Shows it, if a second has passed."""
        now = time.monotonic()
        if now - self._at >= 1:
            show_line(f"{records:,} records, {records / (now - self._began):,.0f} a second", self._wanted)
            self._at = now
