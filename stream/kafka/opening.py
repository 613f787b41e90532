"""Whether a number may go on from the state that was restored, and at which offsets (live 1, 3 and 4)."""

from collections.abc import Mapping

import structlog

from stream.engine.fingerprint import differing_key
from stream.kafka.context import Context
from stream.kafka.exits import RefusedError
from stream.kafka.positions import Positions

log = structlog.get_logger("stream.kafka")

Range = tuple[int, int]
"""(log start, log end) of a partition."""


def check_state(context: Context, state_topic: str, number: int, found: Positions | None) -> None:
    """Raises RefusedError, naming the key, if the state was made under another meaning or for other partitions."""
    if found is None:
        return
    place = f"{state_topic}-{number}"
    key = differing_key(dict(found.fingerprint), dict(context.fingerprint))
    if key is not None:
        theirs, ours = found.fingerprint.get(key), context.fingerprint.get(key)
        raise RefusedError(
            f"{place}: the state was made with {key} = {theirs!r}, the configuration says {ours!r}: "
            f"a change of definition goes live by backfill and hand-over"
        )
    for what, theirs, ours in (
        ("inbound topics", found.partitions, context.numbers),
        (context.names.deltas, found.deltas, context.deltas),
    ):
        if theirs != ours:
            raise RefusedError(
                f"{place}: the state was made for {theirs} partitions of {what}, there are {ours}: "
                f"growing goes live by backfill and hand-over"
            )


def starting_offsets(
    found: Positions | None, number: int, ranges: Mapping[str, Range], must_be_there: bool
) -> dict[str, int]:
    """topic -> the offset to read from: that of the state, else the log's start.

    RefusedError: the state has read further than the log goes (the topic was made anew), or, if `must_be_there`,
    records that the state has not read are gone.
    """
    starts = {}
    for topic, (log_start, log_end) in ranges.items():
        at = found.tps.get(topic) if found else None
        offset = log_start if at is None else at.offset
        if offset > log_end:
            raise RefusedError(
                f"{topic}-{number}: the state has read up to offset {offset}, the log ends at {log_end}: "
                f"the topic was made anew, so its state has to be made anew, too"
            )
        if offset < log_start and must_be_there:
            raise RefusedError(
                f"{topic}-{number}: records {offset} to {log_start - 1} were deleted before they were read: "
                f"rebuild the windows (backfill and hand-over)"
            )
        if offset < log_start:
            log.error("records were deleted unread by the topic's retention",
                      topic=topic, partition=number, records=log_start - offset)  # fmt: skip
        starts[topic] = max(offset, log_start)
    return starts
