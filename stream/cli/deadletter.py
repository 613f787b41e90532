"""`kpi-stream deadletter list`, `show` and `resubmit`: what was refused, listed, shown and sent again."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream.cli.broker import reached
from stream.cli.configuration import Config, settings_of
from stream.cli.failure import CommandError
from stream.cli.options import instant_option

if TYPE_CHECKING:
    from stream.cli.deadletters import Letter, Wanted

app = typer.Typer(help="Look at dead letters, and send them once more.", rich_markup_mode=None)

Place = Annotated[str, typer.Argument(metavar="PARTITION:OFFSET", help="As `list` prints it.", show_default=False)]
Reason = Annotated[
    str | None, typer.Option("--reason", metavar="NAME", help="Only those with this reason.", show_default=False)
]
Topic = Annotated[
    str | None, typer.Option("--topic", metavar="NAME", help="Only those from this topic.", show_default=False)
]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="T", help="Only those that were refused at T or later.", show_default=False),
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="T", help="Only those that were refused before T.", show_default=False)
]


@app.command(name="list")
def list_(
    reason: Reason = None,
    topic: Topic = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="Print at most so many; 0: all.")] = 100,
    config: Config = None,
) -> None:
    """Prints a line per dead letter: place, arrival, reason, origin, key and detail; then the counts by reason.

    \b
    Examples:
      kpi-stream deadletter list
      kpi-stream deadletter list --reason misrouted --limit 0
      kpi-stream deadletter list --topic collections.calls.v1 --since 2026-11-02T08:00:00Z
    """
    counts: dict[str, int] = {}
    for number, letter in enumerate(_letters(config, _wanted(reason, topic, since, until))):
        counts[letter.reason] = counts.get(letter.reason, 0) + 1
        if limit == 0 or number < limit:
            print(letter.line())
    for name, count in sorted(counts.items()):
        print(f"{count} {name}")
    if not counts:
        print("no dead letters")


@app.command()
def show(
    place: Place,
    value_only: Annotated[bool, typer.Option("--value", help="Only the value, byte for byte.")] = False,
    config: Config = None,
) -> None:
    """Prints one dead letter: why it is one, where it came from, its key, headers and value, each on one line.

    What cannot be seen is escaped, and what is long is cut, with its length; --value gives the value as it is.

    \b
    Examples:
      kpi-stream deadletter show 3:1042
      kpi-stream deadletter show 3:1042 --value > event.json
    """
    letter = _one(config, place)
    if value_only:
        sys.stdout.flush()
        sys.stdout.buffer.write(letter.value or b"")
        sys.stdout.buffer.flush()
    else:
        print("\n".join(letter.page()))


@app.command()
def resubmit(
    places: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PARTITION:OFFSET]...", help="As `list` prints them.", show_default=False),
    ] = None,
    reason: Reason = None,
    topic: Topic = None,
    since: Since = None,
    until: Until = None,
    all_: Annotated[bool, typer.Option("--all", help="Every dead letter.")] = False,
    value: Annotated[
        Path | None,
        typer.Option("--value", metavar="FILE", help="Send this instead of the one value.", show_default=False),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be sent.")] = False,
    config: Config = None,
) -> None:
    """Sends dead letters to the topic that they came from, once more: after a mistake has been mended.

    \b
    Examples:
      kpi-stream deadletter resubmit 3:1042
      kpi-stream deadletter resubmit 3:1042 --value mended.json
      kpi-stream deadletter resubmit --reason internal --since 2026-11-02T08:00:00Z --dry-run

    Value and headers are those of the event, byte for byte. Its key is the one that the event should have had, where
    it can be read, and its partition is the key's: so a misrouted event arrives. A line says each that is sent.

    An event that is sent twice counts once, so a command that was stopped may be given again. Letters of the same
    event are sent once. A letter that holds only the beginning of its value cannot be sent, but with --value. The dead
    letters themselves stay; an event that is refused again becomes another one.
    """
    from stream.cli.deadletters import parsed_place

    wanted = _wanted(reason, topic, since, until)
    if sum((bool(places), not wanted.any, all_)) != 1:
        which = "PARTITION:OFFSET, --all, or any of --reason, --topic, --since and --until"
        raise CommandError(f"say which: {which}", exit_code=2)
    if value is not None and len(places or []) != 1:
        raise CommandError("--value replaces the value of one dead letter: give its PARTITION:OFFSET", exit_code=2)
    for place in places or ():
        parsed_place(place)
    letters = (_one(config, place) for place in places) if places else _letters(config, wanted)
    if value is not None:
        letters = iter([next(iter(letters)).with_value(_content(value))])
    _resubmit(config, letters, dry_run=dry_run, named=bool(places))


def _resubmit(config: Path | None, letters: Iterator["Letter"], *, dry_run: bool, named: bool) -> None:
    from stream.cli.resubmission import resubmit
    from stream.facts.printable import printable

    outcome = "would be sent" if dry_run else "sent"
    sent = 0

    def on_sent(letter: "Letter") -> None:
        nonlocal sent
        sent += 1
        print(f"{outcome}: {letter.place} to {letter.topic}, key {printable(letter.home_key())}")

    settings = settings_of(config)
    with reached(settings):
        left_out = resubmit(settings, letters, on_sent, dry_run=dry_run)
    print(f"{sent:,} {outcome}")
    for why, count in sorted(left_out.items()):
        print(f"{count:,} left out: {why}")
    if named and not sent:
        raise CommandError("nothing was sent: " + ", ".join(sorted(left_out)))


def _wanted(reason: str | None, topic: str | None, since: str | None, until: str | None) -> "Wanted":
    from stream.cli.deadletters import Wanted
    from stream.kafka.deadletter import REASONS, UNMAPPED

    known = (*REASONS, UNMAPPED)
    if reason is not None and reason not in known:
        raise CommandError(f"--reason {reason}: there is no such reason (there are {', '.join(known)})", exit_code=2)
    return Wanted(reason, topic, instant_option("--since", since), instant_option("--until", until))


def _letters(config: Path | None, wanted: "Wanted") -> Iterator["Letter"]:
    from stream.cli.deadletters import letters

    settings = settings_of(config)
    with reached(settings):
        yield from filter(wanted.holds, letters(settings))


def _one(config: Path | None, place: str) -> "Letter":
    from stream.cli.deadletters import letters, parsed_place

    settings = settings_of(config)
    wanted = parsed_place(place)
    with reached(settings):
        found = next((letter for letter in letters(settings, wanted) if letter.place == place), None)
    if found is None:
        raise CommandError(f"there is no dead letter {place}")
    return found


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror or error}") from error
