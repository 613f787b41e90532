"""`kpi-stream feed list`, `show`, `check` and `run`: events out of other systems' files and topics (feeds.md)."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream.cli.configuration import Config, settings_of
from stream.cli.failure import CommandError
from stream.cli.options import Progress

if TYPE_CHECKING:
    from stream.feeds.adjustment import Adjustments
    from stream.feeds.loading import Feed

app = typer.Typer(
    help="Turn records of other systems into events, by a mapping (docs/feeds.md).",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Mapping = Annotated[
    str,
    typer.Argument(metavar="MAPPING", help="A name in `feeds`, a shipped name, or a file.", show_default=False),
]
Zone = Annotated[
    str | None, typer.Option("--zone", metavar="IANA", help="Zone of times without an offset.", show_default=False)
]
Constants = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="F=V", help="Field F is V, in every event that has F.", show_default=False),
]
Sources = Annotated[
    list[str] | None,
    typer.Option("--set-path", metavar="F=JMESPATH", help="Where field F comes from.", show_default=False),
]
Results = Annotated[
    list[str] | None,
    typer.Option(
        "--set-map", metavar="F.VALUE=RESULT", help="What the map of field F makes of VALUE.", show_default=False
    ),
]
Revision = Annotated[
    int | None,
    typer.Option("--revision", min=0, max=999, metavar="N", help="Versions are times 1000 plus N.", show_default=False),
]
Open = Annotated[
    int | None,
    typer.Option("--open", min=1, metavar="N", help="So many joins may be open (100000).", show_default=False),
]
Prefix = Annotated[
    str | None,
    typer.Option("--id-prefix", metavar="TEXT", help="Stands before every fact's own id.", show_default=False),
]


@app.command(name="list")
def list_(config: Config = None) -> None:  # noqa: ARG001  every command takes it (contract 3)
    """Names the shipped mappings.

    \b
    Examples:
      kpi-stream feed list
    """
    from stream.feeds.shipped import shipped_names

    for name in shipped_names():
        print(name)


@app.command()
def show(
    mapping: Annotated[str, typer.Argument(metavar="NAME", help="Of a shipped mapping.")],
    config: Config = None,  # noqa: ARG001  every command takes it (contract 3)
) -> None:
    """Prints a shipped mapping: to read it, or to begin one's own.

    \b
    Examples:
      kpi-stream feed show asterisk_queue_log > my_queue_log.yaml
    """
    from stream.feeds.shipped import shipped_names, shipped_text

    if mapping not in shipped_names():
        raise CommandError(f"no shipped mapping is called {mapping!r} (there are {', '.join(shipped_names())})", 2)
    print(shipped_text(mapping), end="")


@app.command()
def check(
    mapping: Mapping,
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE...]", help="Records to try it on; `-` is standard input.", show_default=False),
    ] = None,
    zone: Zone = None,
    set_: Constants = None,
    set_path: Sources = None,
    set_map: Results = None,
    revision: Revision = None,
    id_prefix: Prefix = None,
    show_: Annotated[int, typer.Option("--show", min=0, metavar="N", help="Print the first N events, too.")] = 0,
    open_: Annotated[int, typer.Option("--open", min=1, metavar="N", help="As in `run`.")] = 100_000,
    strict: Annotated[bool, typer.Option("--strict", help="End with 1 where there is a warning.")] = False,
    config: Config = None,
) -> None:
    """Says what is wrong with a mapping; with files, what becomes of their records. Nothing is written anywhere.

    \b
    Examples:
      kpi-stream feed check my.yaml
      kpi-stream feed check my.yaml calls.csv --zone Europe/Lisbon --show 2
      kpi-stream feed check asterisk_queue_log /var/log/asterisk/queue_log --set site_id=lisbon

    A wrong mapping is one line, FILE: KEY: reason, and exit code 2. Warnings are on stderr; they do not change the exit
    code, unless with --strict (1). 1 also: a file is missing or torn.
    """
    from stream.cli.feed_files import checked, settings_from

    settings = settings_from(zone, set_, set_path, set_map, revision, id_prefix)
    feed = feed_of(mapping, settings, config, watched=True)
    warned, wrong = checked(feed, files or [], show_, open_)
    if wrong:
        raise CommandError("; ".join(wrong))
    if warned and strict:
        raise typer.Exit(1)


MappingName = Annotated[
    str | None,
    typer.Argument(metavar="MAPPING", help="A name in `feeds`, a shipped name, or a file.", show_default=False),
]
Files = Annotated[
    list[str] | None,
    typer.Argument(metavar="[FILE...]", help="Plain, .gz or .zst; `-` is standard input.", show_default=False),
]
Out = Annotated[
    str | None,
    typer.Option("--out", metavar="FILE", help="Events to a file (plain, .gz, .zst); `-`: stdout."),
]
Rejects = Annotated[
    str | None,
    typer.Option("--rejects", metavar="FILE", help="Refused records to a file, as lines of deadletter.jsonl."),
]
Topic = Annotated[str | None, typer.Option("--topic", metavar="T", help="Read a topic, to Kafka.", show_default=False)]
TopicGroup = Annotated[
    str | None, typer.Option("--group", metavar="G", help="The consumer group of --topic.", show_default=False)
]
State = Annotated[
    str | None,
    typer.Option("--state", metavar="FILE", help="Keeps places and open joins between runs.", show_default=False),
]
MetricsPort = Annotated[
    int | None,
    typer.Option(
        "--metrics-port", min=0, max=65_535, metavar="N", help="Serve /metrics at this port.", show_default=False
    ),
]
MetricsFile = Annotated[
    Path | None,
    typer.Option("--metrics-file", metavar="FILE", help="Keep the metrics in a file.", show_default=False),
]


@app.command()
def run(
    mapping: MappingName = None,
    files: Files = None,
    out: Out = None,
    kafka: Annotated[bool, typer.Option("--kafka", help="Events to Kafka, instead.")] = False,
    rejects: Rejects = None,
    topic: Topic = None,
    group: TopicGroup = None,
    state: State = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on as files grow and rotate, until SIGTERM.")] = False,
    zone: Zone = None,
    set_: Constants = None,
    set_path: Sources = None,
    set_map: Results = None,
    revision: Revision = None,
    id_prefix: Prefix = None,
    open_: Open = None,
    metrics_port: MetricsPort = None,
    metrics_file: MetricsFile = None,
    all_: Annotated[bool, typer.Option("--all", help="Every feed of the configuration, until SIGTERM.")] = False,
    progress: Progress = None,
    config: Config = None,
) -> None:
    """Turns records into events: of files to a file or to Kafka, of a topic to Kafka.

    \b
    Examples:
      kpi-stream feed run payments_csv bank.csv --out payments.jsonl --rejects refused.jsonl
      kpi-stream feed run asterisk_queue_log /var/log/asterisk/queue_log --follow --state pbx.state --kafka
      kpi-stream feed run my.yaml --topic ctr --group kpi --config my-config.yaml
      kpi-stream feed run --all --metrics-port 6067 --config my-config.yaml

    Refused records go to the dead-letter topic, or to --rejects; the counts are on the last line. Exit codes: 0 done,
    also with refusals; 1 a file is missing or torn (what was readable is given); 2 wrong mapping or usage.
    """
    from stream.cli.feed_files import Wanted, run_wanted, settings_from

    given = settings_from(zone, set_, set_path, set_map, revision, id_prefix)
    wanted = Wanted(
        mapping, tuple(files or ()), out, kafka, rejects, topic, group, state, follow, open_, all_, progress, given,
        metrics_port, metrics_file,
    )  # fmt: skip
    if code := run_wanted(wanted, config):
        raise typer.Exit(code)


def feed_of(mapping: str, settings: "Adjustments", config: Path | None, *, watched: bool = False) -> "Feed":
    """The feed of an argument MAPPING, with the settings. CommandError, exit code 2: it is wrong."""
    from stream.cli.feed_files import loaded

    return loaded(mapping, settings, settings_of(config), config, watched=watched)
