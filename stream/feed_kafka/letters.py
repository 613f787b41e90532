"""Dead letters of a feed: the record as it came where it came alone, else its JSON (contract 2)."""

from collections.abc import Mapping

from stream.feeds.given import RefusedRecord
from stream.kafka.deadletter import dead_letter
from stream.kafka.writer import Line
from stream.wire.record import PlainRecord, Record


def letter_of_file(refused: RefusedRecord, room_bytes: int) -> Line:
    """Of a record of a file: the file stands for the topic, and the line for the offset. The partition is 0."""
    place = refused.place
    record = PlainRecord(place.line, -1, 0, None, refused.value, ())
    return dead_letter(place.source, 0, record, refused.reason, refused.detail, room_bytes)


def letter_of_record(
    refused: RefusedRecord, records: Mapping[int, Record], topic: str, partition: int, room_bytes: int
) -> Line:
    """Of a record of a topic. `records`: those in hand by offset; one whose whole value is refused keeps key and
    headers."""
    offset = refused.place.line
    record = records.get(offset) if refused.raw else None
    if record is None:
        record = PlainRecord(offset, -1, 0, None, refused.value, ())
    return dead_letter(topic, partition, record, refused.reason, refused.detail, room_bytes)
