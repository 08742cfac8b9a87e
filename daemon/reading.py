"""One file, or one entry of an archive, read and judged: what a worker thread or process does."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from connectors.activity_files import ActivityFileError, RefusalError, explained, read_recordings
from connectors.activity_files.content import MOST_BYTES
from connectors.strava_archive import Entry, digest_of, is_archive, read_entry
from daemon.domain.marking import _
from daemon.domain.recording import Recording
from daemon.domain.run import Source
from daemon.importing import Harvest
from daemon.telling import Sentence
from daemon.yardstick import Yardstick

_OUR_FAULT = _("cannot be read for a fault of duurloop's own ({fault}); please report it, with the file if you can")


class Hint(Enum):
    """How it came to be looked at."""

    NAMED = auto()
    """On the command line."""
    FOUND = auto()
    """Its name says that it is an activity."""
    GUESSED = auto()
    """It lay there, and may be anything."""


@dataclass(frozen=True, slots=True)
class Job:
    """A file to be read."""

    path: Path
    entry: Entry | None = None
    """Which of an archive."""
    hint: Hint = Hint.NAMED

    @property
    def name(self) -> str:
        """Return what to call it."""
        return f"{self.path.name}: {self.entry.file}" if self.entry else str(self.path)

    @property
    def whole_path(self) -> Path:
        """Return where it lies, into the archive."""
        return self.path / self.entry.file if self.entry else self.path


def read(job: Job, yardstick: Yardstick, seen: Mapping[str, Sequence[str]]) -> Harvest:
    """Read a file, unless one with its content was `seen`; whatever is wrong with it is in the harvest.

    `seen` has the sports that were not wanted then, for they may be now.
    """
    try:
        return _read(job, yardstick, seen)
    except ActivityFileError as error:
        return refused(job, error)
    except Exception as error:  # noqa: BLE001 - whatever one file does to us, the others are to be read
        return Harvest(job.name, "", refusal=Sentence(_OUR_FAULT, {"fault": type(error).__name__}))


def refused(job: Job, error: ActivityFileError) -> Harvest:
    """Return what is left of a file that cannot be read."""
    return Harvest(job.name, "", refusal=Sentence(error.reason.sentence, error.reason.parts))


def _read(job: Job, yardstick: Yardstick, seen: Mapping[str, Sequence[str]]) -> Harvest:
    digest = _digest(job)
    if digest in seen and not any(yardstick.wants(sport) for sport in seen[digest]):
        return Harvest(job.name, digest, is_seen=True)
    recordings = _recordings(job)
    source = Source.ARCHIVE if job.entry else Source.FILE
    return Harvest(
        job.name,
        digest,
        runs=tuple(
            yardstick.judge(recording, source, _origin(digest, number))
            for number, recording in enumerate(recordings)
            if yardstick.wants(recording.sport)
        ),
        skipped=tuple(sorted({one.sport for one in recordings if not yardstick.wants(one.sport)})),
    )


def _origin(digest: str, number: int) -> str:
    """Name a recording by its place among all in the file: which of them are wanted may change."""
    return f"{digest}#{number}" if number else digest


def _recordings(job: Job) -> tuple[Recording, ...]:
    return read_entry(job.path, job.entry) if job.entry else read_recordings(job.path)


def _digest(job: Job) -> str:
    if job.entry:
        return digest_of(job.path, job.entry)
    with explained(job.path):
        if is_archive(job.path):
            raise RefusalError("is an archive; bring it in with duurloop import")
        if not job.path.is_file() or job.path.stat().st_size > MOST_BYTES:
            read_recordings(job.path)  # which says what is the matter, and reads nothing
        with job.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
