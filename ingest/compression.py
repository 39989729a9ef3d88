"""Compressed bodies, decompressed step by step under a hard limit: a bomb never gets to unfold."""

import zlib
from collections.abc import Callable, Iterator

import zstandard

from ingest.refusal import Refused

_GZIP = 31
_STEP = 256 * 1024
# 256 bytes of zstd hold at most 64 blocks of 128 KiB: eight megabytes beyond the limit at worst.
_ZSTD_STEP = 256
# RFC 8878 recommends that a decoder supports windows of 8 MiB, and allows it to refuse larger ones.
_ZSTD_WINDOW = 8 * 1024 * 1024
_MOST_FRAMES = 64

ENCODINGS = ("gzip", "zstd")


def decompressed(body: bytes, encoding: str, limit: int) -> bytes:
    """The body as it was before its Content-Encoding, at most `limit` bytes. Raises Refused."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    decoder = _DECODERS.get(encoding.removeprefix("x-"))
    if decoder is None:
        raise Refused(
            "unsupported-encoding", f"One of: {', '.join(ENCODINGS)}.", "Content-Encoding", encoding
        )
    parts, total = [], 0
    try:
        for part in decoder(body):
            total += len(part)
            if total > limit:
                raise Refused("body-too-large", f"At most {limit:,} bytes after decompression.")
            parts.append(part)
    except (zlib.error, zstandard.ZstdError, EOFError) as error:
        raise Refused("bad-encoding", f"This is not {encoding}: {error}", "Content-Encoding") from None
    return b"".join(parts)


def _gunzip(body: bytes) -> Iterator[bytes]:
    """The content of all members, in small parts."""
    for _ in range(_MOST_FRAMES):
        member = zlib.decompressobj(_GZIP)
        rest = body
        while not member.eof:
            part = member.decompress(rest, _STEP)
            if not part and not member.unconsumed_tail and not member.eof:
                raise EOFError("it ends too early")
            yield part
            rest = member.unconsumed_tail
        body = member.unused_data
        if not body:
            return
    raise EOFError("it has too many members")


def _unzstd(body: bytes) -> Iterator[bytes]:
    """The content of all frames, in small parts."""
    decoder = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    start = 0
    for _ in range(_MOST_FRAMES):
        frame = decoder.decompressobj()
        while not frame.eof:
            if start >= len(body):
                raise EOFError("it ends too early")
            yield frame.decompress(body[start : start + _ZSTD_STEP])
            start += _ZSTD_STEP
        start = min(start, len(body)) - len(frame.unused_data)
        if start >= len(body):
            return
    raise EOFError("it has too many frames")


_DECODERS: dict[str, Callable[[bytes], Iterator[bytes]]] = {"gzip": _gunzip, "zstd": _unzstd}
