"""`kpi-stream deadletter list`, `show` and `resubmit`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream.cli.broker import reached
from stream.cli.configuration import Config, settings_of
from stream.cli.failure import CommandError

if TYPE_CHECKING:
    from stream.cli.letters import Letter

app = typer.Typer(help="Look at dead letters, and send them once more.", rich_markup_mode=None)

Place = Annotated[str, typer.Argument(metavar="PARTITION:OFFSET", help="As `list` prints it.", show_default=False)]
Reason = Annotated[
    str | None, typer.Option("--reason", metavar="NAME", help="Only those with this reason.", show_default=False)
]


@app.command(name="list")
def list_(
    reason: Reason = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="Print at most so many; 0: all.")] = 100,
    config: Config = None,
) -> None:
    """Prints a line per dead letter: place, arrival, reason, origin, key and detail; then the counts by reason.

    \b
    Examples:
      kpi-stream deadletter list
      kpi-stream deadletter list --reason misrouted --limit 0
    """
    counts: dict[str, int] = {}
    for number, letter in enumerate(_letters(config, reason)):
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
    """Prints one dead letter: why it is one, where it came from, its key, headers and value.

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
      kpi-stream deadletter resubmit --reason misrouted

    The value and headers are those of the event. Its key is the one that the event should have had, where it can be
    read, and its partition is the key's: so a misrouted event arrives. An event that is sent twice counts once. The
    dead letters themselves stay.
    """
    if sum((bool(places), reason is not None, all_)) != 1:
        raise CommandError("say which: PARTITION:OFFSET, --reason or --all", exit_code=2)
    if value is not None and len(places or []) != 1:
        raise CommandError("--value replaces the value of one dead letter: give its PARTITION:OFFSET", exit_code=2)
    letters = [_one(config, place) for place in places] if places else list(_letters(config, reason))
    if value is not None:
        letters = [letters[0].with_value(_content(value))]
    cut = next((letter for letter in letters if letter.cut), None)
    if cut is not None and places:
        raise CommandError(f"{cut.place}: its value was too long for the dead-letter topic, only a part of it is there")
    whole = [letter for letter in letters if not letter.cut]
    if not dry_run:
        from stream.cli.letters import send

        settings = settings_of(config)
        with reached(settings):
            send(settings, whole)
    for letter in whole:
        print(f"{'would be sent' if dry_run else 'sent'}: {letter.place} to {letter.topic}, key {letter.home_key()}")
    if len(whole) < len(letters):
        print(f"{len(letters) - len(whole)} left out: only a part of their value is there")


def _letters(config: Path | None, reason: str | None) -> Iterator["Letter"]:
    from stream.cli.letters import letters

    settings = settings_of(config)
    with reached(settings):
        yield from (letter for letter in letters(settings) if reason in (None, letter.reason))


def _one(config: Path | None, place: str) -> "Letter":
    from stream.cli.letters import letters, parsed_place

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
