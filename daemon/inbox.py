"""The watched folder: files of runs that appear in it are brought in, and stay as they are.

It is looked through every 15 s, which works on a network share, too. A file is read when it was the same in two
looks, so that a copy under way is left alone; what was brought in is known by its content.
"""

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, TypeVar

import structlog

from daemon.aside import patiently
from daemon.clock import Clock
from daemon.domain.marking import _
from daemon.importing import MAY_HOLD_RUNS, Harvest, Outcome, Told, keep
from daemon.library import Library
from daemon.store import FactRefusedError, Store, StoreError
from daemon.telling import Sentence, plain
from daemon.yardstick import Yardstick

EVERY_S = 15.0
"""Twice this and the time to read a file: the message is there within a minute."""
BEAT_S = 10.0
"""How often life is shown while a long file is read, or a folder does not answer."""
MOST_SHOWN = 20
_TEXT = ".txt"
_UNFINISHED = (".part", ".partial", ".filepart", ".crdownload", ".download", ".tmp", "~")
"""How programs call what they have not copied whole."""
_WHOSE = _("several runners live here: move it into a folder named after one of them ({known})")
_NO_FOLDER = _("is not there; make the folder, or name another under [import] in the settings")
_FORBIDDEN = _("may not be read by this user; change its permissions")
_NOT_A_FOLDER = _("is no folder; name one under [import] in the settings")
_UNREADABLE = _("cannot be read ({why}); it is tried again and again")

T = TypeVar("T")

log = structlog.get_logger()

Seen: TypeAlias = Mapping[str, tuple[str, ...]]
"""The files that one runner has brought in: the sports that were not wanted then, by the digest of the content."""
ReadFile: TypeAlias = Callable[[Path, Yardstick, Seen], Harvest]
"""Reads one file and judges what is in it; takes its time, and raises nothing."""


class _Mark(NamedTuple):
    """What changes when a file does, or when it may be read at last."""

    modified_ns: int
    changed_ns: int
    size_bytes: int


@dataclass(slots=True)
class _Sight:
    """What one look found, by the path below the folder."""

    files: dict[str, _Mark] = field(default_factory=dict)
    closed: dict[str, Sentence] = field(default_factory=dict)
    """Sub-folders that could not be looked into."""


@dataclass(frozen=True, slots=True)
class _Last:
    """What was brought in last."""

    file: str
    outcome: Outcome
    at: str


class Inbox:
    """Brings in what appears in a folder: below one with a runner's name for that runner, else for the only one."""

    def __init__(
        self, folder: Path, libraries: Mapping[str, Library], read: ReadFile, store: Store, clock: Clock
    ) -> None:
        self._folder = folder
        self._libraries = {name.casefold(): library for name, library in libraries.items()}
        self._known = ", ".join(libraries)
        self._read = read
        self._store = store
        self._clock = clock
        self._fresh: dict[str, _Mark] = {}
        """Seen, and not yet read."""
        self._done: dict[str, _Mark] = {}
        self._failed: dict[str, Sentence] = {}
        self._closed: dict[str, Sentence] = {}
        self._trouble: Sentence | None = None
        self._last: _Last | None = None

    async def run(self, beat: Callable[[], None]) -> None:
        """Watch the folder for ever; `beat` is called as it goes round."""
        while True:
            beat()
            await self._look(beat)
            await self._clock.sleep(EVERY_S)

    def report(self) -> dict[str, Any]:
        """Return how things stand, for `status`."""
        failed = {**self._closed, **self._failed}
        return {
            "folder": str(self._folder),
            "ok": self._trouble is None,
            **_told(self._trouble),
            "waiting": len(self._fresh),
            "failed": [
                {"file": _printable(name), **_told(reason)} for name, reason in list(failed.items())[:MOST_SHOWN]
            ],
            "last": self._last
            and {"file": _printable(self._last.file), "outcome": self._last.outcome.value, "at": self._last.at},
        }

    async def _look(self, beat: Callable[[], None]) -> None:
        try:
            ripe = self._compare(await self._patiently(partial(_look_through, self._folder), beat))
            if ripe:
                await self._bring(ripe, beat)
        except OSError as error:
            self._note(_why(error))
        except StoreError as error:
            self._note(plain(str(error)))  # what is not done is tried at the next look
        else:
            self._note(None)

    def _note(self, trouble: Sentence | None) -> None:
        if trouble != self._trouble:
            log.warning("inbox_in_trouble") if trouble else log.info("inbox_well")
        self._trouble = trouble

    def _compare(self, sight: _Sight) -> list[str]:
        """Take in what a look found; return the files that were the same in the last, the newest first."""
        self._done = {name: mark for name, mark in self._done.items() if sight.files.get(name) == mark}
        self._failed = {name: why for name, why in self._failed.items() if name in self._done}
        self._closed = sight.closed
        before, self._fresh = self._fresh, {name: m for name, m in sight.files.items() if name not in self._done}
        ripe = [name for name, mark in self._fresh.items() if before.get(name) == mark]
        return sorted(ripe, key=lambda name: self._fresh[name], reverse=True)

    async def _bring(self, names: list[str], beat: Callable[[], None]) -> None:
        seen: dict[str, dict[str, tuple[str, ...]]] = {}
        for name in names:
            beat()
            library = self._library_of(name)
            if library is None:
                self._settle(name, Told(name, Outcome.FAILED, reason=Sentence(_WHOSE, {"known": self._known})))
                continue
            runner = library.runner.name
            if runner not in seen:  # asked once a look: in a first look they may all be known
                seen[runner] = await self._store.seen_files(runner)
            harvest = await self._harvest(name, library, seen[runner], beat)
            try:
                told = await keep(harvest, library, self._store, self._clock.now())
            except FactRefusedError as error:  # it will tomorrow, too
                told = Told(name, Outcome.FAILED, reason=plain(str(error)))
            self._settle(name, told, is_news=not harvest.is_seen)

    async def _harvest(self, name: str, library: Library, seen: Seen, beat: Callable[[], None]) -> Harvest:
        return await self._patiently(partial(self._read, self._folder / name, library.yardstick, seen), beat)

    async def _patiently(self, work: Callable[[], T], beat: Callable[[], None]) -> T:
        return await patiently(work, "inbox", self._clock, BEAT_S, beat)

    def _settle(self, name: str, told: Told, *, is_news: bool = True) -> None:
        self._done[name] = self._fresh.pop(name)
        # a text may be anybody's: nobody wants to hear for ever that a shopping list is no run
        if told.outcome is Outcome.FAILED and told.reason and not name.lower().endswith(_TEXT):
            self._failed[name] = told.reason
        if is_news:  # after a restart every file is looked at once more
            self._last = _Last(name, told.outcome, self._clock.now().isoformat(timespec="seconds"))
            log.info("file_brought", outcome=told.outcome.value)  # its name is the runner's own business

    def _library_of(self, name: str) -> Library | None:
        if len(self._libraries) == 1:
            return next(iter(self._libraries.values()))
        above, slash, _ = name.partition("/")
        return self._libraries.get(above.casefold()) if slash else None


def _told(reason: Sentence | None) -> dict[str, Any]:
    """Return a reason in English, and as what any language can be made of."""
    if reason is None:
        return {"reason": None, "sentence": None, "parts": {}}
    parts = {name: str(part) for name, part in reason.parts.items()}
    return {"reason": str(reason), "sentence": reason.text, "parts": parts}


def _look_through(folder: Path) -> _Sight:
    """Return the files below a folder. Raises `OSError` if it cannot be looked into itself."""
    sight, below = _Sight(), [""]
    while below:
        here = below.pop()
        try:
            for entry in _entries(folder / here):
                name = f"{here}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    below.append(f"{name}/")
                elif _may_be_a_run(entry.name) and (mark := _mark_of(entry)):
                    sight.files[name] = mark
        except FileNotFoundError:
            if not here:
                raise  # below it: gone since it was listed
        except OSError as error:
            if not here:
                raise
            sight.closed[here] = _why(error)
    return sight


def _entries(folder: Path) -> Iterator["os.DirEntry[str]"]:
    with os.scandir(folder) as entries:
        yield from (entry for entry in entries if not _is_unfinished(entry.name))


def _mark_of(entry: "os.DirEntry[str]") -> _Mark | None:
    try:
        status = entry.stat()
    except OSError:
        return None  # gone since it was listed, or a link to nowhere
    return _Mark(status.st_mtime_ns, status.st_ctime_ns, status.st_size) if stat.S_ISREG(status.st_mode) else None


def _may_be_a_run(name: str) -> bool:
    return name.lower().removesuffix(".gz").endswith(MAY_HOLD_RUNS)


def _is_unfinished(name: str) -> bool:
    return name.startswith((".", "~")) or name.lower().endswith(_UNFINISHED)


def _why(error: OSError) -> Sentence:
    match error:
        case FileNotFoundError():
            return Sentence(_NO_FOLDER)
        case NotADirectoryError():
            return Sentence(_NOT_A_FOLDER)
        case PermissionError():
            return Sentence(_FORBIDDEN)
        case _:
            return Sentence(_UNREADABLE, {"why": error.strerror or "input/output error"})


def _printable(name: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in name)
