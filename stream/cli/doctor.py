"""`kpi-stream doctor`: checks versions, broker, topics, producers, lag and clock, a line each."""

from typing import Annotated

import typer

from stream.cli.configuration import Config, settings_of
from stream.facts.printable import escaped


def doctor(
    timeout: Annotated[float, typer.Option("--timeout", min=1, help="Give up after so many seconds.")] = 15.0,
    config: Config = None,
) -> None:
    """Looks at everything that a worker needs, a line each; exit code 1 if anything is wrong.

    \b
    Examples:
      kpi-stream doctor
      kpi-stream doctor --timeout 5 --config my.yaml

    Looked at: package versions, the broker, the topics, whether producers use the right keys and partitioner (the
    last records of each partition), the lag of the group, and the clock against the broker's.
    """
    from stream.cli.checkup import checkup

    settings = settings_of(config)
    wrong = False
    for finding in checkup(settings, timeout):
        wrong = wrong or finding.verdict == "fail"
        print(f"{finding.verdict:<4}  {finding.subject}: {escaped(finding.text)}", flush=True)
    if wrong:
        raise typer.Exit(1)
