"""The unit as it is laid: for the system with its real places, for one user with what works without privileges."""

from collections.abc import Iterable, Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from daemon.installation.layout import Layout, is_hidden

_FOR_EVERYBODY: Final = {
    "Description", "StartLimitIntervalSec", "StartLimitBurst",
    "Type", "NotifyAccess", "ExecStart", "ExecReload", "UMask", "WatchdogSec", "WatchdogSignal",
    "TimeoutStartSec", "TimeoutStopSec", "TimeoutAbortSec", "KillMode", "KillSignal", "Restart", "RestartSec",
    "RestartPreventExitStatus", "MemoryHigh", "MemoryMax", "TasksMax",
    # what needs no privileges: the kernel lets everybody lock a program of their own into fewer calls
    "NoNewPrivileges", "RestrictNamespaces", "RestrictRealtime", "RestrictSUIDSGID", "RestrictAddressFamilies",
    "LockPersonality", "MemoryDenyWriteExecute", "SystemCallArchitectures", "SystemCallFilter", "SystemCallErrorNumber",
}  # fmt: skip
"""What stays in a user's unit. Users, mounts and capabilities are root's, bluetooth.service is another manager's, and
StateDirectory= would mean ~/.config before systemd 254."""


def shipped(folder: str, name: str) -> str:
    """Return a file that travels with the program: in `config` in a wheel, at the top of a checkout."""
    places: tuple[Traversable, ...] = (files("config") / folder, files("config") / ".." / folder)
    (place, *_) = (place for place in places if (place / name).is_file())
    return (place / name).read_text(encoding="utf-8")


def unit_of(layout: Layout) -> str:
    """Return the unit for a layout, from the one that is shipped."""
    source = shipped("systemd", "duurloop.service")
    lines = source.splitlines() if layout.is_system else _for_a_user(source.splitlines())
    return "".join(f"{_with_places(line, layout)}\n" for line in lines)


def folders_drop_in(folders: Iterable[Path]) -> str:
    """Return what opens folders to the service that it would not see, or only read."""
    folders = sorted(set(folders))
    at_home = [folder for folder in folders if is_hidden(folder)]
    lines = ["# by duurloop setup: the folders that the settings name outside the state", "[Service]"]
    lines += [f"ReadWritePaths={_quoted(folder, '-')}" for folder in folders]
    if at_home:
        lines += ["# homes stay out of sight but for these", "ProtectHome=tmpfs"]
        lines += [f"BindPaths={_quoted(folder, '-')}" for folder in at_home]
    return "\n".join(lines) + "\n"


def _for_a_user(lines: Iterable[str]) -> Iterator[str]:
    """Give the lines that make sense without root, each with the comment that stands above it."""
    yield "# made by duurloop setup --user from the unit of the system; a user's service cannot be locked down as far"
    yield ""
    above: list[str] = []
    is_header = True
    for line in lines:
        if line.startswith("#"):
            above.append(line)
            continue
        if not is_header and line.partition("=")[0] in _FOR_EVERYBODY:
            yield from (*above, line)
        elif line.startswith("WantedBy="):
            yield "WantedBy=default.target"
        elif line.startswith("[") or (not line and not is_header):
            yield line
        is_header, above = is_header and not line.startswith("["), []


def _with_places(line: str, layout: Layout) -> str:
    key, _, value = line.partition("=")
    if key == "ExecStart":
        _, _, rest = value.partition(" run")
        state = "" if layout.has_usual_state else f" --state {_quoted(layout.state)}"
        return f"{key}={_quoted(layout.program)} --config {_quoted(layout.settings)}{state} run{rest}"
    if key == "LoadCredential":
        return f"{key}={value.partition(':')[0]}:{layout.credentials}"
    return line.replace("# /etc/systemd/system/duurloop.service", f"# {layout.unit}")


def _quoted(path: Path, mark: str = "") -> str:
    """Return a path as a unit takes it: percent signs doubled, blanks and quotes held together."""
    text = mark + str(path).replace("%", "%%")
    if any(letter in text for letter in " \t\"'\\;"):
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return text
