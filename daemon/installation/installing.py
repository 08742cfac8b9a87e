"""What is to be done to install, and to bring an installation up to date."""

import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from daemon.installation.completion import completion_for
from daemon.installation.layout import Layout, refuse_hidden
from daemon.installation.steps import (
    GROUP_ALONE,
    OWNER_ALONE,
    Await,
    MakeFolder,
    MakeLink,
    OpenFolder,
    Owner,
    RemoveFile,
    Run,
    Step,
    WriteFile,
)
from daemon.installation.unit import folders_drop_in, shipped, unit_of
from daemon.service_manager import UNIT_NAME
from daemon.telling import Sentence

_OPEN_TO_SERVICE, _CLOSED = 0o750, 0o700
_OUR_NAME = "duurloop"


def install_steps(
    layout: Layout, settings_text: str, secrets: Mapping[str, str], folders: Sequence[Path] = ()
) -> list[Step]:
    """Return what installs the service and starts it.

    `secrets` are the credentials by their names; `folders` are those that the settings name outside the state. Doing it
    again changes what has changed. Raises `InstallationError` where the service could not see its program.
    """
    refuse_hidden(layout)
    house = _house(layout, settings_text, secrets)
    return [*house, *_folders(layout, folders), *_program(layout), *_enable(layout), *_start(layout)]


def refresh_steps(layout: Layout, folders: Sequence[Path] | None = ()) -> list[Step]:
    """Return what an upgrade or a changed folder wants: all but settings and credentials; what runs is restarted.

    Where nobody knows the folders, None, those that are open to the service stay so.
    """
    refuse_hidden(layout)
    restart = _restart(layout, "try-restart")
    # what was stopped stays so; what had failed may well be the reason for the upgrade
    start = replace(
        _restart(layout, "start"), only_if=(*restart.command[:-2], "is-failed", "--quiet", UNIT_NAME), otherwise=None
    )
    opened = [] if folders is None else _folders(layout, folders)
    return [*_user(layout), *_places(layout), *opened, *_program(layout), *_reload(layout), restart, start]


def completing_steps(layout: Layout) -> list[Step]:
    """Return what an installation that broke off half-way still wants; one that is whole is not disturbed by it."""
    return [*_program(layout), *_enable(layout), *_reload(layout), replace(_restart(layout, "start"), otherwise=None)]


def control(
    layout: Layout,
    *command: str,
    otherwise: Sentence | None = None,
    absent: int | None = None,
    may_fail: bool = False,
) -> Run:
    """Return a call of the systemd that has the service: the machine's, or a person's own."""
    if layout.is_system:
        return Run(("systemctl", *command), needs=layout.systemd, otherwise=otherwise, absent=absent, may_fail=may_fail)
    assert layout.runtime is not None  # noqa: S101 - a person's layout has one
    return Run(
        ("systemctl", "--user", *command),
        # it is reached by this alone; who came by su or sudo has none in the environment
        environment=(("XDG_RUNTIME_DIR", str(layout.runtime)),),
        needs=_manager(layout),
        otherwise=otherwise,
        absent=absent,
        may_fail=may_fail,
    )


def enabling_link(layout: Layout) -> Path:
    """Return the link that `systemctl enable` makes: it can be made without a systemd that runs."""
    target = "multi-user.target" if layout.is_system else "default.target"
    return layout.unit.with_name(f"{target}.wants") / UNIT_NAME


def service_owner(layout: Layout) -> Owner | None:
    """Return whose the service's own files are; None where they are simply the person's."""
    return None if layout.user is None else Owner(layout.user, layout.user)


def _house(layout: Layout, settings_text: str, secrets: Mapping[str, str]) -> Iterator[Step]:
    """Give what the service lives by: its user, its folders, its settings, its secrets."""
    yield from _user(layout)
    yield from _places(layout)
    # first what the settings speak of: a service that waits for better ones looks at once
    for name, secret in secrets.items():
        yield WriteFile(layout.credentials / name, f"{secret}\n", OWNER_ALONE, service_owner(layout))
    reader = None if layout.user is None else Owner("root", layout.user)
    yield WriteFile(layout.settings_file, settings_text, GROUP_ALONE if reader else OWNER_ALONE, reader)


def _user(layout: Layout) -> Iterator[Step]:
    if layout.sysusers is not None:
        yield WriteFile(layout.sysusers, shipped("systemd", "duurloop.sysusers"))
        yield Run(("systemd-sysusers", str(layout.sysusers)))


def _places(layout: Layout) -> Iterator[Step]:
    own, house = service_owner(layout), layout.settings.parent
    reader = None if layout.user is None else Owner("root", layout.user)
    # whoever names a file or a folder of their own may have named /etc or /srv: those are not for us to close
    yield MakeFolder(house, _OPEN_TO_SERVICE if reader else _CLOSED, reader, is_ours=house.name == _OUR_NAME)
    # the service's own, not root's: its commands read the files, too, and refuse those that a group may read
    yield MakeFolder(layout.credentials, _CLOSED, own)
    if own is not None:  # somebody may have put files there by hand
        found = ("find", str(layout.credentials), "-maxdepth", "1", "-type", "f", "-exec")
        yield Run((*found, "chown", str(own), "{}", "+"))
        yield Run((*found, "chmod", "600", "{}", "+"))
    yield MakeFolder(layout.state, _CLOSED, own, is_ours=layout.state.name == _OUR_NAME)


def _folders(layout: Layout, folders: Sequence[Path]) -> Iterator[Step]:
    """Give what opens folders outside the state to the service."""
    outside = [folder for folder in folders if not folder.is_relative_to(layout.state)]
    if layout.is_system and not layout.has_usual_state:
        outside.append(layout.state)
    yield from (OpenFolder(folder, service_owner(layout)) for folder in outside)
    if layout.is_system:
        yield WriteFile(layout.drop_in, folders_drop_in(outside)) if outside else RemoveFile(layout.drop_in)


def _program(layout: Layout) -> Iterator[Step]:
    """Give what belongs to the program: unit, command, manual, completion, byte code."""
    yield WriteFile(layout.unit, unit_of(layout))
    if layout.link is not None and layout.link != layout.program:
        yield MakeLink(layout.link, layout.program)
    if layout.man_page is not None:
        yield WriteFile(layout.man_page, shipped("docs", "duurloop.1"), comes_along=True)
    for shell, place in layout.completions.items():
        yield WriteFile(place, completion_for(shell), comes_along=True)
    # a locked-down service can never write it itself, and would start at half the speed for ever
    packages = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    yield Run((sys.executable, "-m", "compileall", "-qq", "-j", "0", *packages), may_fail=True)
    if layout.environment is not None:  # root may be used to keep things to itself, and the service is not root
        yield Run(("chmod", "-R", "go+rX", str(layout.environment)), may_fail=True)


def _enable(layout: Layout) -> Iterator[Step]:
    yield MakeLink(enabling_link(layout), layout.unit)
    if layout.person is not None and layout.lingers is not None:
        text = "# duurloop setup let this user's services run while they are away; duurloop uninstall takes that back\n"
        yield WriteFile(layout.linger_mark, text, unless=layout.lingers)
        yield Run(
            ("loginctl", "--no-ask-password", "enable-linger", layout.person),
            needs=layout.systemd,
            unless=(layout.lingers,),
            remedy=Sentence(
                "the service ends when {person} logs out, until you say once: sudo loginctl enable-linger {person}",
                {"person": layout.person},
            ),
        )
        yield Await(_manager(layout), needs=(layout.systemd, layout.lingers))


def _start(layout: Layout) -> Iterator[Step]:
    yield from _reload(layout)
    yield _restart(layout, "restart")


def _reload(layout: Layout) -> Iterator[Step]:
    yield control(layout, "daemon-reload")


def _restart(layout: Layout, how: str) -> Run:
    if layout.is_system:
        otherwise = Sentence("systemd does not run here: all is in its place, and the service starts when systemd does")
    else:
        otherwise = Sentence(
            "the systemd of {person} cannot be reached from here: all is in its place, and the service starts when "
            "{person} logs in (on a small Debian that wants the package libpam-systemd)",
            {"person": layout.person or ""},
        )
    return control(layout, how, UNIT_NAME, otherwise=otherwise)


def _manager(layout: Layout) -> Path:
    """Return what is there as long as a person's systemd can be spoken to."""
    return (layout.runtime or Path("/nonexistent")) / "systemd/private"
