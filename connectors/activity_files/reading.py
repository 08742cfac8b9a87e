"""From a path to its recordings: the content decides which reader is asked, not the name's ending."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from connectors.activity_files.content import (
    BLANKS,
    MEGABYTE,
    ActivityFileError,
    Content,
    RefusalError,
    opened,
    unpacked,
)
from connectors.activity_files.fit import is_fit, read_fit
from connectors.activity_files.markup import is_markup, read_markup
from connectors.activity_files.table import is_text, read_table
from daemon.domain.marking import _
from daemon.domain.recording import Recording

_UNKNOWN = _("is no FIT, TCX or GPX file and no table of RR intervals or heart rates; export it as one of these")
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class _Reader:
    """One kind of content: how it is recognised, how long it may be, who reads it."""

    recognises: Callable[[Content], bool]
    most_bytes: int
    read: Callable[[Content], tuple[Recording, ...]]


# The first that recognises the content reads it. The limits hold days of running; a minute of decoding is the most.
_READERS = (
    _Reader(is_fit, 32 * MEGABYTE, read_fit),
    _Reader(is_markup, 100 * MEGABYTE, read_markup),
    _Reader(is_text, 64 * MEGABYTE, read_table),
)


def read_recordings(path: Path) -> tuple[Recording, ...]:
    """Read every activity in the file, in order of time, or raise one `ActivityFileError`."""
    with explained(path), opened(path) as content:
        return _read(content)


def read_stream(stream: io.BufferedIOBase, *, packed_bytes: int, modified_s: float) -> tuple[Recording, ...]:
    """Read every activity in what a stream holds, in order of time, or raise `RefusalError`; it is left open."""
    with unpacked(stream, packed_bytes, modified_s) as content:
        return _read(content)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Make an `ActivityFileError` about this path of whatever may go wrong with a file."""
    try:
        yield
    except RefusalError as refusal:
        raise ActivityFileError(path, refusal) from refusal
    except FileNotFoundError as error:
        raise ActivityFileError(path, RefusalError("no such file; check the path")) from error
    except PermissionError as error:
        raise ActivityFileError(path, RefusalError("may not be read by this user; change its permissions")) from error
    except OSError as error:
        unreadable = RefusalError(
            "cannot be read ({why}); copy it elsewhere and try again", why=error.strerror or "input/output error"
        )
        raise ActivityFileError(path, unreadable) from error
    except MemoryError as error:
        raise ActivityFileError(
            path, RefusalError("too large for the memory of this machine; export it in parts")
        ) from error


def _read(content: Content) -> tuple[Recording, ...]:
    reader = _reader_of(content)
    content.allow(reader.most_bytes)
    recordings = reader.read(content)
    if not recordings:
        raise RefusalError("holds no points with a time; choose a recorded activity, not a route or a plan")
    return tuple(sorted(recordings, key=lambda recording: recording.started_at))


def _reader_of(content: Content) -> _Reader:
    if not is_fit(content):  # the first byte of a FIT header may itself be a blank
        content.skip_blanks()
    head = content.head()
    if not head.strip(BLANKS):
        raise RefusalError("is empty; export it again")
    if head.startswith(_ZIP):
        raise RefusalError("is an archive; bring it in with duurloop import")
    for reader in _READERS:
        if reader.recognises(content):
            return reader
    raise RefusalError(_UNKNOWN)
