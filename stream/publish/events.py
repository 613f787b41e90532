"""Server-sent events as bytes: plain, and packed so that one packing does for all browsers."""

import zlib

GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""What a gzip stream begins with; its end never comes."""
LEVEL = 3  # 54 KB become 11 KB in 0.3 ms


def event(name: str, data: bytes) -> bytes:
    """One event; `data` is one line."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), data)


def packed(content: bytes) -> bytes:
    """The content as blocks of deflate that end at a byte and refer to nothing before them: they may follow whatever
    was sent before in any gzip stream."""
    deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflate.compress(content) + deflate.flush(zlib.Z_FULL_FLUSH)


def floor_event(body: bytes) -> bytes:
    """The event `floor` of a view's data, packed."""
    return packed(event("floor", body))
