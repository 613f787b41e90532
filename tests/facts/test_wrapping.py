"""Laws of values that hold an event inside something else."""

from __future__ import annotations

import orjson
import pytest

from stream.facts.decode import Rejection, decode
from tests.facts.events import SAMPLES, event, wire

FRAME = b"\0\0\0\0\x2a"


def cloud(data: object, **fields: object) -> bytes:
    """A structured CloudEvent."""
    head = {"specversion": "1.0", "id": "1", "source": "/dialler", "type": "call.ended"}
    return orjson.dumps({**head, "data": data, **fields})


def refused(value: bytes) -> Rejection:
    found = decode(value)
    assert isinstance(found, Rejection)
    return found


@pytest.mark.parametrize("kind", SAMPLES)
def test_an_event_is_the_same_in_a_schema_registrys_frame_and_in_a_cloud_event(kind: str) -> None:
    plain = decode(wire(kind))
    assert not isinstance(plain, Rejection)
    assert decode(FRAME + wire(kind)) == plain
    assert decode(cloud(event(kind))) == plain


def test_a_value_is_unwrapped_once() -> None:
    assert refused(cloud(orjson.loads(cloud(event())))).reason == "invalid"
    assert refused(FRAME + FRAME + wire()).reason == "malformed"
    assert refused(FRAME + cloud(event())).reason == "invalid"


@pytest.mark.parametrize("data", [None, "text", [], 7])
def test_a_cloud_event_whose_data_is_no_object_is_invalid_and_says_so(data: object) -> None:
    found = refused(cloud(data))
    assert (found.reason, "CloudEvent" in found.detail) == ("invalid", True)


def test_a_cloud_event_with_binary_data_and_a_batch_are_invalid() -> None:
    binary = refused(cloud({}, data_base64="e30="))
    assert (binary.reason, "data_base64" in binary.detail) == ("invalid", True)
    batch = refused(b"[" + cloud(event()) + b"]")
    assert (batch.reason, "batches" in batch.detail) == ("invalid", True)


@pytest.mark.parametrize(
    ("value", "reason", "word"),
    [
        (orjson.dumps({"payload": {"op": "c", "before": None, "after": event()}}), "invalid", "Debezium"),
        (orjson.dumps({"op": "u", "before": {}, "after": event()}), "invalid", "Debezium"),
        (orjson.dumps({"Type": "Notification", "Message": wire().decode()}), "invalid", "SNS"),
        (orjson.dumps(wire().decode()), "invalid", "encoded twice"),
        (FRAME + b"\x02\x06abc", "malformed", "Avro"),
        (b"k-1,2026-11-02,outbound", "malformed", "CSV"),
        (b"k-1;2026-11-02;outbound", "malformed", "CSV"),
        (b"<event/>", "malformed", "XML"),
        (b"", "malformed", "empty"),
        (b'{"type":"call","x":"\xff"}', "malformed", "UTF-8"),
        (b"\xef\xbb\xbf{}", "malformed", "byte-order mark"),
    ],
)
def test_what_looks_like_something_else_is_refused_by_its_name(value: bytes, reason: str, word: str) -> None:
    found = refused(value)
    assert (found.reason, word in found.detail) == (reason, True), found.detail
