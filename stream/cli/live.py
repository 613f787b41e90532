"""The KPI records of the live topic."""

from collections.abc import Iterator
from pathlib import Path

from stream.cli.broker import committed_records, reached
from stream.cli.configuration import settings_of


def kpi_values(config: Path | None) -> Iterator[tuple[bytes, str]]:
    """The values of the KPI topic of a configuration, each with its place."""
    from stream.kafka.names import Names

    settings = settings_of(config)
    topic = Names(settings.kafka.topic_prefix, settings.kafka.group).kpi
    with reached(settings):
        for record in committed_records(settings, [topic]):
            if record.value is not None:
                yield record.value, f"{topic} partition {record.partition} offset {record.offset}"
