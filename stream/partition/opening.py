"""Whether a partition may go on from the state that was restored, and at which offsets (live 1, 3 and 4)."""

from collections.abc import Mapping
from typing import NamedTuple

from stream.engine.fingerprint import differing_keys, meaning_of
from stream.kafka.exits import RefusedError
from stream.partition.context import WorkerSetup
from stream.partition.positions import Positions


class Range(NamedTuple):
    """What the broker says of a topic partition. `later`: the first offset whose record has a later timestamp than all
    that the state has read; None: there is none, or it was not asked. `group`: the offset that the group has committed,
    None for none."""

    log_start: int
    log_end: int
    later: int | None = None
    group: int | None = None


def check_state(setup: WorkerSetup, state_topic: str, partition: int, found: Positions | None) -> None:
    """Raises RefusedError if the state was made with other definitions or for other partition counts; its text names
    the key or the topic. `found` None: there is no state, and nothing to check."""
    if found is None:
        return
    place = f"{state_topic}-{partition}"
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
    found: Positions | None, state_topic: str, partition: int, ranges: Mapping[str, Range], must_be_there: bool
) -> dict[str, int]:
    """topic -> the offset to read from: that of the state, else the start of the topic.

    RefusedError: the topic was made anew (the state has read further than the topic goes, or the topic begins later
    than what the state has read); or the state topic was (the group has read what the state knows nothing of); or, with
    `must_be_there`, retention has deleted records that the state has not read.
    """
    starts = {}
    for topic, there in ranges.items():
        at = found.tps.get(topic) if found else None
        offset = there.log_start if at is None else at.offset
        if at is None and there.group is not None:
            raise RefusedError(
                f"{state_topic}-{partition}: the group has read {topic} up to offset {there.group}, the state knows "
                f"nothing of it: its topic was deleted or made anew, and reading again would count twice"
            )
        if offset > there.log_end:
            raise RefusedError(
                f"{topic}-{partition}: the state has read up to offset {offset}, the log ends at {there.log_end}: "
                f"the topic was made anew, so its state has to be made anew, too"
            )
        if there.log_start == 0 and there.later == 0 and offset > 0:
            raise RefusedError(
                f"{topic}-{partition}: the log begins later than what the state has read up to offset {offset}: "
                f"the topic was made anew, so its state has to be made anew, too"
            )
        if offset < there.log_start and must_be_there:
            raise RefusedError(
                f"{topic}-{partition}: records {offset} to {there.log_start - 1} were deleted before they were read: "
                f"rebuild the windows (backfill and hand-over)"
            )
        starts[topic] = max(offset, there.log_start)
    return starts


def lost(found: Positions | None, starts: Mapping[str, int]) -> dict[str, int]:
    """topic -> how many records its retention deleted before the state read them; only topics with any."""
    tps = found.tps if found else {}
    unread = {topic: start - tps[topic].offset for topic, start in starts.items() if topic in tps}
    return {topic: count for topic, count in unread.items() if count > 0}
