"""Streams, such as an archive's, are read as files are."""

import gzip
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from connectors.activity_files import RefusalError, read_stream
from tests.activity_builders import START
from tests.edges.activity_files.reading import WHOLE, Read


class _Endless(io.RawIOBase):
    """Two gigabytes of one byte, though nobody said so."""

    def __init__(self, byte: bytes) -> None:
        self._byte = byte
        self._left = 2_000_000_000
        self.given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 - any writable buffer, as typeshed has it
        count = min(len(buffer), self._left)
        buffer[:count] = self._byte * count
        self._left -= count
        self.given += count
        return count


class TestStreams:
    @pytest.mark.parametrize("kind", ["fit", "tcx", "gpx", "table"])
    @pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "packed"])
    def test_give_what_a_file_gives_and_stay_open(self, read: Read, kind: str, pack: Callable[[bytes], bytes]) -> None:
        content = pack(WHOLE[kind])
        stream = io.BytesIO(content)
        assert read_stream(stream, packed_bytes=len(content), modified_s=0.0) == read(content)
        assert not stream.closed

    def test_without_times_of_day_they_ended_when_they_were_written(self) -> None:
        (run,) = read_stream(io.BytesIO(b"800\n" * 6), packed_bytes=24, modified_s=START.timestamp())
        assert run.started_at == START - timedelta(seconds=4)

    @pytest.mark.parametrize(
        ("content", "packed_bytes", "reason"),
        [
            pytest.param(b"", 0, "is empty", id="empty"),
            pytest.param(b"", 9, "is empty", id="empty-but-announced"),
            pytest.param(b"PK\x03\x04...", 9, "is an archive", id="zip"),
            pytest.param(b"<gpx/>", 200_000_001, "too large: over 200 MB", id="giant"),
            pytest.param(b"<gpx/>", 100_000_001, "too large: over 100 MB", id="giant-of-its-kind"),
            pytest.param(gzip.compress(b"<gpx>")[:-4], 9, "does not unpack", id="damaged"),
        ],
    )
    def test_are_refused_as_files_are(self, content: bytes, packed_bytes: int, reason: str) -> None:
        with pytest.raises(RefusalError, match=reason):
            read_stream(io.BytesIO(content), packed_bytes=packed_bytes, modified_s=0.0)

    @pytest.mark.parametrize("byte", [b" ", b"\n", b"x", b"\0"])
    def test_without_end_are_left_early(self, byte: bytes) -> None:
        endless = _Endless(byte)
        with io.BufferedReader(endless) as stream, pytest.raises(RefusalError):
            read_stream(stream, packed_bytes=1000, modified_s=0.0)
        assert endless.given < 201_000_000
