"""Compressed bodies: whole, or refused; never more than the limit."""

import gzip
import random

import pytest
import zstandard

from ingest.compression import decompressed
from ingest.refusal import Refused

LIMIT = 1_000_000
PLAIN = b'{"ticketId": "T-1"}\n' * 2_000
NOISE = random.Random(1).randbytes(600_000)


@pytest.mark.parametrize("plain", [b"", b"[]", PLAIN, NOISE])
def test_a_body_comes_back_as_it_was(plain: bytes) -> None:
    assert decompressed(gzip.compress(plain), "gzip", LIMIT) == plain
    assert decompressed(gzip.compress(plain), "X-GZIP", LIMIT) == plain
    assert decompressed(zstandard.compress(plain), "zstd", LIMIT) == plain
    assert decompressed(plain, "identity", LIMIT) == plain


def test_several_frames_are_one_body() -> None:
    assert decompressed(gzip.compress(PLAIN) + gzip.compress(NOISE), "gzip", LIMIT) == PLAIN + NOISE
    frames = zstandard.compress(PLAIN) + zstandard.compress(NOISE)
    assert decompressed(frames, "zstd", LIMIT) == PLAIN + NOISE


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
@pytest.mark.parametrize("kept", [1, 10, 200, -9, -1])
def test_a_cut_body_is_refused(encoding: str, kept: int) -> None:
    whole = gzip.compress(NOISE[:4000]) if encoding == "gzip" else zstandard.compress(NOISE[:4000])
    assert code(whole[:kept], encoding) == "bad-encoding"


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_what_follows_the_end_is_refused(encoding: str) -> None:
    whole = gzip.compress(PLAIN) if encoding == "gzip" else zstandard.compress(PLAIN)
    assert code(whole + b"more", encoding) == "bad-encoding"


@pytest.mark.parametrize("size", [LIMIT + 1, 300_000_000])
def test_a_bomb_is_stopped_at_the_limit(size: int) -> None:
    zeros = bytes(size)
    assert code(gzip.compress(zeros), "gzip") == "body-too-large"
    assert code(zstandard.compress(zeros), "zstd") == "body-too-large"


def test_a_window_that_would_take_much_memory_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    assert code(compressor.compress(PLAIN) + compressor.flush(), "zstd") == "bad-encoding"


def test_thousands_of_tiny_frames_are_refused() -> None:
    assert code(gzip.compress(b"") * 5_000, "gzip") == "bad-encoding"
    assert code(zstandard.compress(b"") * 5_000, "zstd") == "bad-encoding"


def test_other_encodings_are_named() -> None:
    assert code(b"", "gzip, gzip") == "unsupported-encoding"


def code(body: bytes, encoding: str) -> str:
    with pytest.raises(Refused) as caught:
        decompressed(body, encoding, LIMIT)
    return caught.value.code
