"""Whether a number may go on from the state that was restored, and at which offsets (live 1, 3 and 4)."""

from collections.abc import Mapping
from typing import NamedTuple

from stream.engine.fingerprint import differing_keys, meaning_of
from stream.kafka.exits import RefusedError
from stream.partition.context import WorkerSetup
from stream.partition.positions import Positions


class Range(NamedTuple):
    """What the broker says of a partition. `later`: the first offset of a record that is later than all that the state
    has read, None for none or if nothing was asked. `group`: the offset that the group has committed, None for none."""

    log_start: int
    log_end: int
    later: int | None = None
    group: int | None = None


def check_state(setup: WorkerSetup, state_topic: str, number: int, found: Positions | None) -> None:
    """Raises RefusedError, naming the key, if the state was made under another meaning or for other partitions."""
    if found is None:
        return
    place = f"{state_topic}-{number}"
    before, now = dict(found.fingerprint), dict(setup.fingerprint)
    keys = differing_keys(before, now)
    if keys:
        first, *rest = [
            f"{key} = {meaning_of(before, key)!r}, the configuration says {meaning_of(now, key)!r}" for key in keys
        ]
        also = f" (and {len(rest)} more: {', '.join(keys[1:6])}{', ...' if len(rest) > 5 else ''})" if rest else ""
        raise RefusedError(
            f"{place}: the state was made with {first}{also}: "
            f"a change of definition goes live by backfill and hand-over"
        )
    for what, theirs, ours in (
        ("inbound topics", found.partitions, setup.debtor_partitions),
        (setup.names.deltas, found.deltas, setup.entity_partitions),
    ):
        if theirs != ours:
            raise RefusedError(
                f"{place}: the state was made for {theirs} partitions of {what}, there are {ours}: "
                f"growing goes live by backfill and hand-over"
            )


def starting_offsets(
    found: Positions | None, state_topic: str, number: int, ranges: Mapping[str, Range], must_be_there: bool
) -> dict[str, int]:
    """topic -> the offset to read from: that of the state, else the log's start.

    RefusedError: the topic was made anew (the state has read further than the log goes, or the log begins later than
    what the state has read), or the state's topic was (the group has read what the state knows nothing of), or, if
    `must_be_there`, records that the state has not read are gone.
    """
    starts = {}
    for topic, there in ranges.items():
        at = found.tps.get(topic) if found else None
        offset = there.log_start if at is None else at.offset
        if at is None and there.group is not None:
            raise RefusedError(
                f"{state_topic}-{number}: the group has read {topic} up to offset {there.group}, the state knows "
                f"nothing of it: its topic was deleted or made anew, and reading again would count twice"
            )
        if offset > there.log_end:
            raise RefusedError(
                f"{topic}-{number}: the state has read up to offset {offset}, the log ends at {there.log_end}: "
                f"the topic was made anew, so its state has to be made anew, too"
            )
        if there.log_start == 0 and there.later == 0 and offset > 0:
            raise RefusedError(
                f"{topic}-{number}: the log begins later than what the state has read up to offset {offset}: "
                f"the topic was made anew, so its state has to be made anew, too"
            )
        if offset < there.log_start and must_be_there:
            raise RefusedError(
                f"{topic}-{number}: records {offset} to {there.log_start - 1} were deleted before they were read: "
                f"rebuild the windows (backfill and hand-over)"
            )
        starts[topic] = max(offset, there.log_start)
    return starts


def lost(found: Positions | None, starts: Mapping[str, int]) -> dict[str, int]:
    """topic -> how many records were deleted by its retention before the state read them; only topics with any."""
    tps = found.tps if found else {}
    behind = {topic: start - tps[topic].offset for topic, start in starts.items() if topic in tps}
    return {topic: count for topic, count in behind.items() if count > 0}
