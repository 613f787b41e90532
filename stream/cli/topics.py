"""`kpi-stream topics create` and `kpi-stream topics check`: every topic with its settings, made or verified."""

import typer

from stream.cli.broker import reached
from stream.cli.configuration import Config, settings_of
from stream.cli.failure import CommandError

app = typer.Typer(help="Make or verify the Kafka topics.", rich_markup_mode=None)


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
