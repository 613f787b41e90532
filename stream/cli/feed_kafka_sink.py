"""Where a feed of files writes to Kafka: in transactions, and within `limits.deadletter_*`."""

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from stream.cli.broker import refuse_denied
from stream.cli.failure import CommandError, warn
from stream.feed_files.output import LinesOut, Sink

if TYPE_CHECKING:
    from stream.feed_kafka.sink import KafkaSink
    from stream.feeds.given import GivenEvent, RefusedRecord
    from stream.settings import Settings


def kafka_sink(
    settings: "Settings",
    name: str | None,
    rejects: str | None,
    stack: ExitStack,
    *,
    append: bool,
    waits: threading.Event | None,
) -> Sink:
    """The sink, open; the stack closes it. `rejects`: refused records go to this file instead. `waits`: a broker is
    waited for until this is set; None: for a minute. CommandError."""
    from stream.feed_kafka.sink import CannotSend, KafkaSink

    refuse_denied(settings)
    sink = KafkaSink(settings, name, warn, None if waits is not None else 60.0, waits.is_set if waits else None)
    stack.callback(sink.close)
    try:
        sink.open()
    except CannotSend as error:
        raise CommandError(str(error)) from error
    try:
        file = None if rejects is None else LinesOut(rejects, append=append)
    except OSError as error:
        raise CommandError(f"{rejects}: {error.strerror or error}") from error
    if file is not None:
        stack.push(lambda kind, _error, _trace: file.abandon() if kind is not None else None)
    return _Limited(sink, file, settings)


class _Limited:
    """The sink, until more is refused than the configuration allows."""

    def __init__(self, sink: "KafkaSink", rejects: LinesOut | None, settings: "Settings") -> None:
        from stream.partition.deadletter_limit import DeadLetterLimit

        self._sink, self._rejects = sink, rejects
        self._limit = DeadLetterLimit(settings.document.limits)

    def write(self, events: "Sequence[GivenEvent]", refused: "Sequence[RefusedRecord]" = ()) -> None:
        from stream.feed_files.rejects import reject_line
        from stream.feed_kafka.sink import CannotSend

        try:
            self._sink.write(events, () if self._rejects is not None else refused)
        except CannotSend as error:
            raise CommandError(str(error)) from error
        if refused and self._rejects is not None:
            self._rejects.write(b"".join(map(reject_line, refused)))
        self._limit.passed(len(events))
        for each in refused:
            clause = self._limit.refused(each.reason)
            if clause is not None:
                raise CommandError(f"{each.place.source}:{each.place.line}: {clause}; the last: {each.detail}")

    def close(self) -> None:
        if self._rejects is not None:
            self._rejects.close()
