"""What is inside a file, unpacked and never more of it than a run can need."""

import codecs
import gzip
import io
import os
import stat
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daemon.telling import ExpectedError, TellingError, Words

MEGABYTE = 1_000_000
MOST_BYTES = 200 * MEGABYTE
"""No file is opened above this; the readers allow less, each for its own format."""
BLANKS = b" \t\r\n"
_GZIP = b"\x1f\x8b"
_BUFFER_BYTES = 1 << 16
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class ActivityFileError(ExpectedError):
    """A file that gives no run: one line that says which, why, and what to try."""

    def __init__(self, path: Path, reason: "RefusalError") -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{self.name}: {reason}")

    def __reduce__(self) -> tuple[type["ActivityFileError"], tuple[Path, "RefusalError"]]:
        return ActivityFileError, (self.path, self.reason)  # whole again after the way from another process

    @property
    def name(self) -> str:
        """The file's name, fit for any terminal."""
        return printable(self.path.name or str(self.path))

    def told(self, words: Words) -> str:
        """Return it in one line, in the language of `words`."""
        return f"{self.name}: {self.reason.told(words)}"


class RefusalError(TellingError):
    """A reader's no, with its reason; whoever knows the path makes an `ActivityFileError` of it."""

    def __reduce__(self) -> tuple[Callable[..., "RefusalError"], tuple[str, dict[str, object]]]:
        return _refusal_again, (self.sentence, self.parts)


def _refusal_again(sentence: str, parts: dict[str, object]) -> "RefusalError":
    return RefusalError(sentence, **parts)


def printable(text: str) -> str:
    """Return the text on one line, fit for any terminal and log."""
    return "".join(character if character.isprintable() else "?" for character in text)


class _Limited(io.RawIOBase):
    """Passes bytes on until there are more than allowed: what unpacks to gigabytes stops here."""

    def __init__(self, source: io.BufferedIOBase) -> None:
        self._source = source
        self._passed = 0
        self.most_bytes = MOST_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 - any writable buffer, as typeshed has it
        try:
            count = self._source.readinto(buffer)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise RefusalError("damaged: it does not unpack (cut short or altered); download it again") from error
        self._passed += count
        if self._passed > self.most_bytes:
            raise too_large(self.most_bytes)
        return count


@dataclass(frozen=True, slots=True)
class Content:
    """The unpacked bytes of one file, and when it was last written."""

    stream: "io.BufferedReader[Any]"
    packed_bytes: int
    modified_s: float
    """Seconds since 1970: the only clock of a file without times."""
    _raw: _Limited

    def head(self) -> bytes:
        """Return the first bytes that are still unread, without reading them; none at the end."""
        return self.stream.peek()

    def allow(self, most_bytes: int) -> None:
        """Refuse whatever turns out to be longer than this."""
        if self.packed_bytes > most_bytes:
            raise too_large(most_bytes)
        self._raw.most_bytes = most_bytes

    def skip_blanks(self) -> None:
        """Go on to the first byte that says something; exporters leave blanks before an XML declaration."""
        while head := self.head():
            text = head.lstrip(BLANKS).removeprefix(codecs.BOM_UTF8).lstrip(BLANKS)
            self.stream.read(len(head) - len(text))
            if text:
                return

    @property
    def is_utf16(self) -> bool:
        """Whether the text announces itself as UTF-16."""
        return self.head().startswith(_UTF16_MARKS)


def too_large(most_bytes: int) -> RefusalError:
    """Say that there is more than any run needs."""
    return RefusalError("too large: over {limit} MB; export that one activity by itself", limit=most_bytes // MEGABYTE)


@contextmanager
def opened(path: Path) -> Iterator[Content]:
    """Open a file for its readers."""
    status = _checked(path)
    with path.open("rb") as packed, unpacked(packed, status.st_size, status.st_mtime) as content:
        yield content


@contextmanager
def unpacked(packed: io.BufferedIOBase, packed_bytes: int, modified_s: float) -> Iterator[Content]:
    """Hand a stream to its readers, unpacked if it was packed with gzip; who opened the stream closes it."""
    if packed_bytes == 0:
        raise RefusalError("is empty; export it again")
    if packed_bytes > MOST_BYTES:
        raise too_large(MOST_BYTES)
    with ExitStack() as streams:
        raw = _Limited(packed)
        stream = streams.enter_context(io.BufferedReader(raw, _BUFFER_BYTES))
        if stream.peek(len(_GZIP)).startswith(_GZIP):
            raw = _Limited(gzip.GzipFile(fileobj=stream))
            stream = streams.enter_context(io.BufferedReader(raw, _BUFFER_BYTES))
        yield Content(stream, packed_bytes, modified_s, raw)


def _checked(path: Path) -> os.stat_result:
    """Look before opening: a pipe would wait for ever."""
    try:
        status = path.stat()
    except ValueError as error:  # a zero byte in it
        raise RefusalError("is no possible path; check it") from error
    if stat.S_ISDIR(status.st_mode):
        raise RefusalError("is a folder; name a file in it")
    if not stat.S_ISREG(status.st_mode):
        raise RefusalError("is not an ordinary file; copy what it holds into one")
    return status
