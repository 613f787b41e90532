"""The hash of keys is that of Kafka's clients."""

from aiokafka.partitioner import murmur2 as clients
from hypothesis import example, given
from hypothesis import strategies as st

from stream.facts.murmur import murmur2


@given(st.binary(max_size=70))
@example(b"")
@example(b"\xff" * 7)
def test_a_key_is_hashed_as_the_client_hashes_it(key: bytes) -> None:
    assert murmur2(key) == clients(key) & 0xFFFFFFFF
