"""What an installation does, step by step: values that can be shown before anything happens, and be done twice.

Each is told as the line that somebody would type for it, so that it needs no language.
"""

import os
import pwd
import shlex
import shutil
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from daemon.installation.hands import Execute, Hands, Say, run_command
from daemon.installation.layout import InstallationError
from daemon.telling import Sentence
from daemon.whole_file import put_whole

ANYBODY, GROUP_ALONE, OWNER_ALONE = 0o644, 0o640, 0o600
PATIENCE_S: Final = 15.0
"""A person's systemd is there within a second of being asked for; on a busy Pi it takes longer."""
_LOOK_EACH_S: Final = 0.1


class Step(Protocol):
    """One thing to do, which does no harm when it has been done already."""

    def told(self) -> str:
        """Return it as a line of a shell."""

    def perform(self, hands: Hands) -> None:
        """Do it."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a file is."""

    user: str
    group: str

    def __str__(self) -> str:
        """Return it as chown takes it."""
        return f"{self.user}:{self.group}"


@dataclass(frozen=True, slots=True)
class MakeFolder:
    """Makes a folder and those above it; one of ours that is there gets the right mode and owner."""

    path: Path
    mode: int | None = None
    owner: Owner | None = None
    is_ours: bool = True
    """Whether it is nobody else's; else one that is there stays as it is."""

    def told(self) -> str:
        """Return it as a line of a shell."""
        line = _line("install", "-d", *_rights(self.mode, self.owner), str(self.path))
        return line if self.is_ours else f"test -d {shlex.quote(str(self.path))} || {line}"

    def perform(self, hands: Hands) -> None:
        """Make it."""
        del hands
        if self.path.exists() and not self.is_ours:
            return
        self.path.mkdir(mode=0o755, parents=True, exist_ok=True)
        if self.mode is not None:
            self.path.chmod(self.mode)
        if self.owner is not None:
            _give(self.path, self.owner)


@dataclass(frozen=True, slots=True)
class OpenFolder:
    """Makes a folder that the service is to use; one that is there is somebody's, and stays as it is."""

    path: Path
    owner: Owner | None = None

    def told(self) -> str:
        """Return it as a line of a shell."""
        folder = shlex.quote(str(self.path))
        return f"test -d {folder} || " + _line("install", "-d", *_rights(0o750, self.owner), str(self.path))

    def perform(self, hands: Hands) -> None:
        """Make it, or tell if the service cannot use it."""
        if not self.path.exists():
            self.path.mkdir(mode=0o750, parents=True)
            if self.owner is not None:
                _give(self.path, self.owner)
        elif self.owner is not None and not _is_open_to(self.path, self.owner.user):
            hands.say(
                Sentence(
                    "the service may not use {folder}, which belongs to somebody else: "
                    "sudo chgrp {group} {folder} && sudo chmod g+rwx {folder} lets it",
                    {"folder": str(self.path), "group": self.owner.group},
                )
            )


@dataclass(frozen=True, slots=True)
class WriteFile:
    """Writes a whole file at once: whoever reads it sees the old one or the new."""

    path: Path
    text: str = field(repr=False)
    mode: int = ANYBODY
    owner: Owner | None = None
    """Whose it gets; else it stays whose it was, and a new one goes with its folder."""
    unless: Path | None = None
    """What makes it superfluous."""
    comes_along: bool = False
    """Its text is the program's own, and nothing that anybody chose."""

    def told(self) -> str:
        """Return it as a line of a shell."""
        return _line("install", *_rights(self.mode, self.owner), "/dev/stdin", str(self.path))

    def perform(self, hands: Hands) -> None:
        """Write it, if it says something else than it does."""
        del hands
        if self.unless is not None and self.unless.exists():
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        put_whole(self.path, self.text.encode(), self.mode, self._give)

    def _give(self, file: int) -> None:
        if self.owner is not None:
            _give(file, self.owner)
        elif os.geteuid() == 0:
            before = (self.path if self.path.exists() else self.path.parent).stat()
            os.fchown(file, before.st_uid, before.st_gid)


@dataclass(frozen=True, slots=True)
class MakeLink:
    """Makes a link, in place of another one."""

    path: Path
    target: Path

    def told(self) -> str:
        """Return it as a line of a shell."""
        return _line("ln", "-sfn", str(self.target), str(self.path))

    def perform(self, hands: Hands) -> None:
        """Make it; something that is no link is not ours, and in the way."""
        del hands
        if self.path.exists() and not self.path.is_symlink():
            raise InstallationError("{path} is in the way: remove it, and try again", path=str(self.path))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_name(f".{self.path.name}.new")
        new.unlink(missing_ok=True)
        new.symlink_to(self.target)
        new.replace(self.path)


@dataclass(frozen=True, slots=True)
class Run:
    """Runs a command."""

    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()
    needs: Path | None = None
    """What must be there for it to have any sense."""
    unless: tuple[Path, ...] = ()
    """What makes it superfluous, each of them."""
    only_if: tuple[str, ...] = ()
    """A command that has to end well first."""
    otherwise: Sentence | None = None
    """What to say where what it needs is not there."""
    remedy: Sentence | None = None
    """What to say if it fails; without it, failing is the end."""
    absent: int | None = None
    """The status by which it says that what it is about is not there, which is as good as done."""
    may_fail: bool = False
    """All is well enough without it."""

    def told(self) -> str:
        """Return it as a line of a shell."""
        before = " ".join(f"{name}={shlex.quote(value)}" for name, value in self.environment)
        commands = [command for command in (self.only_if, self.command) if command]
        return " && ".join(f"{before} {_line(*command)}".lstrip() for command in commands)

    def perform(self, hands: Hands) -> None:
        """Run it, if there is need."""
        if any(path.exists() for path in self.unless):
            return
        if self.needs is not None and not self.needs.exists():
            if self.otherwise is not None:
                hands.say(self.otherwise)
            return
        if self.only_if and not self._is_asked_for(hands):
            return
        try:
            hands.execute(self.command, self.environment)
        except InstallationError as error:
            if error.status is not None and error.status == self.absent:
                return
            if self.remedy is not None:
                hands.say(self.remedy)
            elif not self.may_fail:
                raise

    def _is_asked_for(self, hands: Hands) -> bool:
        try:
            hands.execute(self.only_if, self.environment)
        except InstallationError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Await:
    """Waits a while for something that another program makes."""

    path: Path
    needs: tuple[Path, ...]
    """Without all of these it would not come."""

    def told(self) -> str:
        """Return it as a line of a shell."""
        return f"until test -e {shlex.quote(str(self.path))}; do sleep {_LOOK_EACH_S}; done"

    def perform(self, hands: Hands) -> None:
        """Wait; whoever needs it says if it did not come."""
        until = hands.monotonic() + PATIENCE_S
        while all(path.exists() for path in self.needs) and not self.path.exists() and hands.monotonic() < until:
            hands.sleep(_LOOK_EACH_S)


@dataclass(frozen=True, slots=True)
class RemoveFile:
    """Removes a file; with `target` only a link that leads there."""

    path: Path
    target: Path | None = None

    def told(self) -> str:
        """Return it as a line of a shell."""
        return _line("rm", "-f", str(self.path))

    def perform(self, hands: Hands) -> None:
        """Remove it, if it is there."""
        del hands
        if self.target is not None and not (self.path.is_symlink() and self.path.readlink() == self.target):
            return
        with suppress(NotADirectoryError):
            self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class RemoveFolder:
    """Removes a folder: an empty one, or `whole`, with all that is in it."""

    path: Path
    whole: bool = False

    def told(self) -> str:
        """Return it as a line of a shell."""
        return _line("rm", "-rf", str(self.path)) if self.whole else _line("rmdir", str(self.path))

    def perform(self, hands: Hands) -> None:
        """Remove it, if it is there."""
        del hands
        if self.whole:
            self._remove_whole()
        else:
            with suppress(OSError):  # it is gone, or holds what somebody else put there
                self.path.rmdir()

    def _remove_whole(self) -> None:
        if not self.path.exists():
            return
        try:
            shutil.rmtree(self.path)
        except OSError as error:  # whatever kept it: nobody shall hear that it is gone
            place, why = error.filename or self.path, error.strerror or error
            raise InstallationError("{place}: {why}", place=str(place), why=str(why)) from error


def perform(steps: Iterable[Step], say: Say, execute: Execute | None = None) -> None:
    """Do all steps in their order. Raises `InstallationError`, `PermissionError`."""
    hands = Hands(say, execute or run_command)
    for step in steps:
        try:
            step.perform(hands)
        except OSError as error:
            if isinstance(error, PermissionError) or error.filename is None:
                raise  # known everywhere: no permission, no room
            # a card that can only be read, a file where a folder should be
            raise InstallationError("{place}: {why}", place=str(error.filename), why=str(error.strerror)) from error
        except LookupError as error:  # what chown says of a user or a group that is not there
            raise InstallationError("{line}: {why}", line=step.told(), why=str(error)) from error


def _line(*words: str) -> str:
    return shlex.join(words)


def _rights(mode: int | None, owner: Owner | None) -> list[str]:
    rights = [] if mode is None else ["-m", f"{mode:04o}"]
    return rights if owner is None else [*rights, "-o", owner.user, "-g", owner.group]


def _give(path: Path | int, owner: Owner) -> None:
    if os.geteuid() == 0:  # nobody else may give anything away
        shutil.chown(path, owner.user, owner.group)


def _is_open_to(folder: Path, user: str) -> bool:
    """Tell whether a user may work in a folder, however it is reached: the service has it before its eyes."""
    if os.geteuid() != 0:
        return os.access(folder, os.R_OK | os.W_OK | os.X_OK)
    who = pwd.getpwnam(user)
    groups = os.getgrouplist(user, who.pw_gid)
    question = ["test", "-r", ".", "-a", "-w", ".", "-a", "-x", "."]
    asked = subprocess.run(question, cwd=folder, user=who.pw_uid, group=who.pw_gid, extra_groups=groups, check=False)  # noqa: S603
    return asked.returncode == 0
