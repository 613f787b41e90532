"""`kpi-stream topics create`, `topics check` and `topics acls`: every topic with its settings, made or verified;
what each program has to be allowed."""

import json
import shlex
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from stream.cli.broker import reached
from stream.cli.configuration import Config, settings_of
from stream.cli.failure import CommandError

if TYPE_CHECKING:
    from stream.kafka.acls import Acl


class Program(StrEnum):
    """What the rights are for."""

    WORKER = "worker"
    BOARD = "board"
    FORWARD = "forward"
    FEED = "feed"
    ERASE = "erase"


class AclFormat(StrEnum):
    """Lines for a person, commands for Kafka's own tool, or JSON."""

    TABLE = "table"
    COMMANDS = "commands"
    JSON = "json"


app = typer.Typer(help="Make or verify the Kafka topics, or print the ACLs for them.", rich_markup_mode=None)


@app.command()
def create(config: Config = None) -> None:
    """Makes the topics that are missing, with their settings; those that are there are left alone.

    \b
    Examples:
      kpi-stream topics create
      kpi-stream topics create --config my.yaml
    """
    from stream.kafka.topics import TopicsError, create_topics

    settings = settings_of(config)
    try:
        with reached(settings):
            made = create_topics(settings)
    except TopicsError as error:
        raise CommandError(str(error)) from error
    for name in made:
        print(f"created {name}")
    if not made:
        print("all topics are there")


@app.command()
def check(config: Config = None) -> None:
    """Compares every topic with what it should be; exit code 1 and a line each if one is missing or deviates.

    \b
    Examples:
      kpi-stream topics check
      kpi-stream topics check --config my.yaml
    """
    from stream.kafka.topics import TopicsError, check_topics

    settings = settings_of(config)
    try:
        with reached(settings):
            deviations = check_topics(settings)
    except TopicsError as error:
        raise CommandError(str(error)) from error
    for deviation in deviations:
        print(deviation)
    if deviations:
        raise typer.Exit(1)
    print("all topics are as they should be")


@app.command()
def acls(
    program: Annotated[Program | None, typer.Option("--program", help="Only of this one; else of all.")] = None,
    principal: Annotated[str | None, typer.Option("--principal", help="Who gets them; else User:PROGRAM.")] = None,
    to: Annotated[AclFormat, typer.Option("--format", help="How they are printed.")] = AclFormat.TABLE,
    config: Config = None,
) -> None:
    """Prints the least ACLs that each program needs under this configuration. No broker is asked.

    \b
    Examples:
      kpi-stream topics acls --program worker
      kpi-stream topics acls --program feed --principal User:bank-feed --format commands
      kpi-stream topics acls --format json

    The commands are for Kafka's own `kafka-acls.sh`; add --bootstrap-server, and --command-config for a login. Making
    the topics (`topics create`) takes an administrator: Create, Describe, DescribeConfigs and AlterConfigs.
    """
    from stream.kafka.acls import least_acls

    settings = settings_of(config)
    chosen = [program] if program is not None else list(Program)
    rows = [(principal or f"User:{each}", acl) for each in chosen for acl in least_acls(each.value, settings)]
    if to is AclFormat.JSON:
        print(json.dumps([{"principal": who, **acl._asdict()} for who, acl in rows], indent=2))
        return
    if to is AclFormat.COMMANDS:
        for who, acl in rows:
            print(_command(who, acl))
        return
    width = max(len(who) for who, _ in rows)
    for who, acl in rows:
        print(f"{who:<{width}}  {acl}")


def _command(principal: str, acl: "Acl") -> str:
    return (
        f"kafka-acls.sh --add --allow-principal {shlex.quote(principal)} --operation {acl.operation} "
        f"--{acl.resource} {acl.name} --resource-pattern-type {acl.pattern}"
    )
