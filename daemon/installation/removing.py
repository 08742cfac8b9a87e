"""What is to be done to uninstall: all that was laid goes, settings and data stay."""

from collections.abc import Iterator
from typing import Final

from daemon.installation.installing import control, enabling_link
from daemon.installation.layout import Layout
from daemon.installation.steps import RemoveFile, RemoveFolder, Run, Step
from daemon.service_manager import UNIT_NAME
from daemon.telling import Sentence

_MARK_OF_AN_ENVIRONMENT: Final = "pyvenv.cfg"
_NOT_LOADED: Final = 5
"""How `systemctl stop` ends where there is no such unit (systemctl(1), after the LSB)."""
_NO_SUCH_USER: Final = 6
"""How `userdel` ends where there is none (userdel(8))."""


def uninstall_steps(layout: Layout) -> list[Step]:
    """Return what undoes an installation, whole or half, and may be done twice."""
    return [
        control(layout, "stop", UNIT_NAME, absent=_NOT_LOADED),
        RemoveFile(enabling_link(layout)),
        RemoveFolder(enabling_link(layout).parent),
        RemoveFile(layout.unit),
        RemoveFile(layout.drop_in),
        *_lingering(layout),
        RemoveFolder(layout.drop_ins),
        control(layout, "daemon-reload"),
        control(layout, "reset-failed", UNIT_NAME, may_fail=True),
        *_command(layout),
        *_user(layout),
        *_environment(layout),
    ]


def _command(layout: Layout) -> Iterator[Step]:
    if layout.link is not None and layout.link != layout.program:
        yield RemoveFile(layout.link, layout.program)
    if layout.man_page is not None:
        yield RemoveFile(layout.man_page)
    yield from (RemoveFile(place) for place in layout.completions.values())


def _lingering(layout: Layout) -> Iterator[Step]:
    if layout.person is not None and layout.linger_mark.exists():
        yield RemoveFile(layout.linger_mark)
        yield Run(
            ("loginctl", "--no-ask-password", "disable-linger", layout.person),
            needs=layout.systemd,
            remedy=Sentence(
                "services of {person} may still run while {person} is away, until you say: "
                "sudo loginctl disable-linger {person}",
                {"person": layout.person},
            ),
        )


def _user(layout: Layout) -> Iterator[Step]:
    if layout.sysusers is not None and layout.user is not None:
        yield RemoveFile(layout.sysusers)
        # a user that owns data stays: its number would be given to somebody else, and the data with it
        yield Run(
            ("userdel", layout.user),
            unless=(layout.state, layout.settings.parent),
            absent=_NO_SUCH_USER,
            remedy=Sentence(
                "the user {user} could not be removed; see why: sudo userdel {user}", {"user": layout.user}
            ),
        )


def _environment(layout: Layout) -> Iterator[Step]:
    """Give the end of the program itself, last: until then it must find its own modules."""
    if layout.environment is not None and (layout.environment / _MARK_OF_AN_ENVIRONMENT).is_file():
        yield RemoveFolder(layout.environment, whole=True)
