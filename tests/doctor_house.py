"""What the doctor's round needs around it: what the system's commands say, and a kernel's tree under a folder."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from config.loader import load
from daemon.doctor.examining import Ran, examined
from daemon.doctor.finding import Finding, Level
from daemon.doctor.rounds import House, round_of

WELL = {
    "bluetooth.service": "LoadState=loaded\nActiveState=active\nUnitFileState=enabled",
    "bluetoothctl": "bluetoothctl: 5.82",
    "timedatectl": "NTPSynchronized=yes\nTimezone=Europe/Amsterdam",
    "duurloop.service": (
        "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\nNRestarts=0\nUser=\nProtectHome=no\n"
        "ProtectSystem=no\nNeedDaemonReload=no"
    ),
    "own.service": "LoadState=not-found",
    "journalctl": "",
}


class Commands:
    """A machine's commands: each says what stands under the first word of it that is known."""

    def __init__(self, **said: str) -> None:
        self._said = WELL | {name.replace("_service", ".service"): told for name, told in said.items()}

    def __call__(self, command: Sequence[str]) -> Ran | None:
        if "--user" in command and "show" in command:
            return Ran(0, self._said["own.service"])
        known = next((self._said[word] for word in command if word in self._said), None)
        return None if known is None else Ran(0, known)


def kernel(root: Path, *, soft: str = "0", hard: str = "0", driven: bool = True, usb: bool = False) -> Path:
    """Lay a `/sys` with one adapter."""
    sys = root / "sys"
    (sys / "class/rtc/rtc0").mkdir(parents=True)
    if driven:
        (sys / "class/bluetooth/hci0").mkdir(parents=True)
        _lay(sys / "class/rfkill/rfkill0", type="bluetooth", soft=soft, hard=hard)
    if usb:
        _lay(sys / "bus/usb/devices/1-2:1.0", bInterfaceClass="e0", bInterfaceSubClass="01", bInterfaceProtocol="01")
    return sys


def _lay(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True)
    for name, line in files.items():
        (folder / name).write_text(f"{line}\n", encoding="ascii")


def house_of(folder: Path, settings: str, *, send: bool = False, **said: str) -> House:
    """Return a house with these settings; what is not said otherwise of its machine is well."""
    file = folder / "duurloop.toml"
    file.write_text(f'timezone = "Europe/Amsterdam"\n{settings}', encoding="utf-8")
    file.chmod(0o600)
    sys = folder / "sys"
    return House(
        state=folder / "state",
        file=file,
        settings=load(file, {}),
        shell=Commands(**said),
        sys=sys if sys.exists() else kernel(folder),
        seconds=1.0,
        send=send,
        environ={},
    )


def findings_in(house: House) -> list[Finding]:
    """Make the round."""
    return examined(round_of(house))


def told(findings: Iterable[Finding], name: str) -> tuple[Level, str, str]:
    """Return level, reason and remedy of what was found under a name, in English."""
    found = next(finding for finding in findings if finding.name == name)
    return found.level, found.reason.said(str), found.remedy.said(str) if found.remedy else ""


def worse(findings: Iterable[Finding]) -> list[str]:
    """Return what was not well, in a line each."""
    return [f"{one.link.value} {one.name}: {one.reason.said(str)}" for one in findings if one.level is not Level.OK]
