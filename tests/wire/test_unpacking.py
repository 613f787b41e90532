"""Laws of decompression under a budget."""

import contextlib
import tracemalloc

import cramjam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.wire.unpacking import CODECS, DamagedError, TooLargeError, beginning, unpacked
from tests.wire.raw import packed, xerial, zeros

MIB = 1 << 20


def pack(codec: int, content: bytes) -> memoryview:
    return memoryview(packed(CODECS[codec], [content]))


contents = st.one_of(st.binary(min_size=1, max_size=3_000), st.integers(1, 300_000).map(lambda n: b"ab" * n))


@given(codec=st.sampled_from(list(CODECS)), content=contents, room=st.integers(0, 100))
def test_what_is_unpacked_is_what_was_packed_and_one_byte_less_is_too_little(
    codec: int, content: bytes, room: int
) -> None:
    found, end = unpacked(codec, pack(codec, content), len(content), room)
    assert found[room:end] == content
    with pytest.raises(TooLargeError):
        unpacked(codec, pack(codec, content), len(content) - 1, room)


@given(content=contents, block=st.integers(1_000, 100_000))
def test_snappy_as_java_frames_it_is_unpacked_too(content: bytes, block: int) -> None:
    framed = memoryview(xerial(content, block))
    found, end = unpacked(2, framed, len(content))
    assert found[:end] == content
    with pytest.raises(TooLargeError) as refused:
        unpacked(2, framed, len(content) - 1)
    assert refused.value.size_bytes == len(content)


@given(codec=st.sampled_from([1, 4]), parts=st.lists(contents, min_size=2, max_size=4))
def test_frames_one_behind_the_other_are_one_content(codec: int, parts: list[bytes]) -> None:
    whole = b"".join(parts)
    framed = memoryview(b"".join(bytes(pack(codec, part)) for part in parts))
    found, end = unpacked(codec, framed, len(whole))
    assert found[:end] == whole


@given(codec=st.sampled_from(list(CODECS)), content=st.binary(max_size=2_000), data=st.data())
def test_damaged_bytes_are_named_damaged_or_too_large_and_nothing_else_is_raised(
    codec: int, content: bytes, data: st.DataObject
) -> None:
    whole = bytearray(pack(codec, content))
    for _ in range(data.draw(st.integers(1, 4))):
        if whole:
            whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    for damaged in (whole, whole[:cut]):
        with contextlib.suppress(DamagedError, TooLargeError):
            _, end = unpacked(codec, memoryview(bytes(damaged)), 10_000)
            assert end <= 10_000
        assert len(beginning(codec, memoryview(bytes(damaged)), 100)) <= 100


@given(noise=st.binary(max_size=200), codec=st.integers(0, 7))
def test_noise_is_damaged_or_too_large_or_happens_to_be_content(noise: bytes, codec: int) -> None:
    with contextlib.suppress(DamagedError, TooLargeError):
        _, end = unpacked(codec, memoryview(noise), 10_000)
        assert end <= 10_000


@pytest.mark.parametrize("codec", ["gzip", "lz4", "zstd"])
def test_what_is_refused_is_never_held(codec: str) -> None:
    bomb = memoryview(packed(codec, zeros(200 * MIB)))
    tracemalloc.start()
    with pytest.raises(TooLargeError):
        unpacked(CODECS_BY_NAME[codec], bomb, 4 * MIB)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 * MIB


def test_a_size_that_is_stated_is_refused_before_anything_is_unpacked() -> None:
    stated = memoryview(bytes(cramjam.zstd.compress(bytes(50 * MIB))))
    with pytest.raises(TooLargeError) as refused:
        unpacked(4, stated, MIB)
    assert refused.value.size_bytes == 50 * MIB


@pytest.mark.parametrize("codec", [1, 3, 4])
@given(content=contents, most=st.integers(1, 500))
def test_the_beginning_can_be_had_alone(codec: int, content: bytes, most: int) -> None:
    assert beginning(codec, pack(codec, content), most) == content[:most]


CODECS_BY_NAME = {name: codec for codec, name in CODECS.items()}
