"""Where an installation puts things: for the whole system, by root, or for one user without."""

import os
import pwd
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from daemon.service_manager import UNIT_NAME, ServiceManager
from daemon.telling import TellingError

SERVICE_USER: Final = "duurloop"
OWN_ENVIRONMENT: Final = Path("/opt/duurloop")
"""The environment that the README's lines and `make install` make; nobody else uses it, so it goes with us."""

_SYSTEMD: Final = "run/systemd/system"
_USUAL_STATE: Final = ("var", "lib", "duurloop")
_HIDDEN: Final = (Path("/home"), Path("/root"), Path("/run/user"))
"""What ProtectHome= hides from the system service."""


class InstallationError(TellingError):
    """The program cannot be installed here, or not in this way."""

    status: int | None = None
    """How the command ended that is to blame, if one is."""


@dataclass(frozen=True, slots=True)
class Layout:
    """All the places of one installation."""

    is_system: bool
    settings: Path
    credentials: Path
    state: Path
    unit: Path
    """The file of the unit; the folder of its drop-ins stands beside it."""
    user: str | None
    """The user that the service gets, None where it is simply whoever installs."""
    program: Path
    """The executable that the service runs."""
    systemd: Path
    """What is there if it was systemd that started this machine."""
    person: str | None = None
    """Whoever installs for themselves."""
    runtime: Path | None = None
    """A person's runtime folder, by which their systemd is reached."""
    lingers: Path | None = None
    """What is there if a person's services run while they are away."""
    link: Path | None = None
    """Where the command is found without its environment."""
    sysusers: Path | None = None
    environment: Path | None = None
    """The environment of the program, if it was made for it alone."""
    man_page: Path | None = None
    completions: Mapping[str, Path] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of_system(cls, root: Path = Path("/")) -> "Layout":
        """Return the places of the system service, for tests below a folder of their own."""
        etc, share = root / "etc", root / "usr/local/share"
        return cls(
            is_system=True,
            settings=etc / "duurloop/duurloop.toml",
            credentials=etc / "duurloop/credentials",
            state=root / "var/lib/duurloop",
            unit=etc / "systemd/system" / UNIT_NAME,
            user=SERVICE_USER,
            program=running_program(),
            systemd=root / _SYSTEMD,
            link=root / "usr/local/bin/duurloop",
            sysusers=etc / "sysusers.d/duurloop.conf",
            environment=OWN_ENVIRONMENT if Path(sys.prefix) == OWN_ENVIRONMENT else None,
            man_page=share / "man/man1/duurloop.1",
            completions={
                "bash": share / "bash-completion/completions/duurloop",
                "zsh": share / "zsh/site-functions/_duurloop",
                "fish": etc / "fish/completions/duurloop.fish",  # below /usr/local fish looks only where it is told to
            },
        )

    @classmethod
    def of_user(cls, home: Path, environ: Mapping[str, str], root: Path = Path("/")) -> "Layout":
        """Return the places of somebody's own service, for tests on a machine below a folder of their own."""
        config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
        share = Path(environ.get("XDG_DATA_HOME") or home / ".local/share")
        owner = _owner_of(home, environ)
        person = pwd.getpwuid(owner).pw_name
        return cls(
            is_system=False,
            # settings and state stand where every command looks for them, whatever XDG says
            settings=home / ".config/duurloop/duurloop.toml",
            credentials=home / ".config/duurloop/credentials",
            state=home / ".local/state/duurloop",
            unit=config / "systemd/user" / UNIT_NAME,
            user=None,
            program=running_program(),
            systemd=root / _SYSTEMD,
            person=person,
            runtime=_runtime_of(environ, owner),
            lingers=root / "var/lib/systemd/linger" / person,
            man_page=share / "man/man1/duurloop.1",
            # zsh has no such folder that it looks into by itself
            completions={
                "bash": share / "bash-completion/completions/duurloop",
                "fish": config / "fish/completions/duurloop.fish",
            },
        )

    @property
    def manager(self) -> ServiceManager:
        """The systemd that has the service."""
        return ServiceManager.SYSTEM if self.is_system else ServiceManager.USER

    @property
    def settings_file(self) -> Path:
        """The file that holds the settings: where a link of our own leads to, so that the link stays one."""
        is_our_link = self.settings.is_symlink() and self.settings.lstat().st_uid == os.geteuid()
        return self.settings.resolve() if is_our_link else self.settings

    @property
    def drop_ins(self) -> Path:
        """The folder of what is added to the unit."""
        return self.unit.with_name(f"{self.unit.name}.d")

    @property
    def drop_in(self) -> Path:
        """The file that opens folders outside the state to the system service."""
        return self.drop_ins / "folders.conf"

    @property
    def linger_mark(self) -> Path:
        """Remembers that it was we who let a person's services run while they are away."""
        return self.drop_ins / "linger.conf"

    @property
    def has_usual_state(self) -> bool:
        """Whether the state is where systemd makes a folder for the service, and tells it so."""
        return self.is_system and self.state.parts[-3:] == _USUAL_STATE

    @property
    def is_set_up(self) -> bool:
        """Whether the service has been installed in this way."""
        return self.unit.exists()


def _owner_of(home: Path, environ: Mapping[str, str]) -> int:
    """Return whose home it is. Raises `InstallationError` where what is laid there would be somebody else's."""
    try:
        owner = home.stat().st_uid
    except FileNotFoundError as error:
        raise InstallationError("there is no home {folder}", folder=str(home)) from error
    if os.geteuid() == 0 and (owner != 0 or environ.get("SUDO_UID", "0") != "0"):
        raise InstallationError("--user is for yourself alone: the same again, without sudo")
    return owner


def running_program() -> Path:
    """Return the `duurloop` that runs: that of its environment, else the one that was called."""
    own = Path(sys.prefix, "bin/duurloop")
    return own if own.exists() else Path(sys.argv[0]).absolute()


def _runtime_of(environ: Mapping[str, str], owner: int) -> Path:
    """Return somebody's runtime folder; whoever came by su still has another's in the environment."""
    named = Path(environ.get("XDG_RUNTIME_DIR") or "/nonexistent")
    return named if named.exists() and named.stat().st_uid == owner else Path(f"/run/user/{owner}")


def refuse_hidden(layout: Layout) -> None:
    """Raise `InstallationError` if the service could not see its own program."""
    if layout.is_system and is_hidden(layout.program):
        raise InstallationError(
            "the program is in {program}, where a system service cannot see it: install it into /opt/duurloop, "
            "or use setup --user",
            program=str(layout.program),
        )


def is_hidden(path: Path) -> bool:
    """Tell whether a path lies in somebody's home, which the system service does not see."""
    return any(path.is_relative_to(home) for home in _HIDDEN)
