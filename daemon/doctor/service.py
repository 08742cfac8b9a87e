"""The service: installed, running, since when, and what it complained of last."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from daemon.doctor.examining import Shell, shown
from daemon.doctor.finding import Area, Finding, Link, sentence
from daemon.service_manager import UNIT_NAME, ServiceManager
from daemon.telling import Sentence

_SHOWN = (
    "LoadState,ActiveState,UnitFileState,Result,ExecMainStatus,NRestarts,User,"
    "ProtectHome,ProtectSystem,ReadWritePaths,BindPaths,NeedDaemonReload"
)
RESTLESS = 3
"""So many restarts by itself are worth a word."""
MOST_LINES = 3
_SETTINGS_EXIT = "78"

_area = Area(Link.SERVICE)


@dataclass(frozen=True, slots=True)
class Unit:
    """The service as systemd knows it."""

    told: Mapping[str, str]
    manager: ServiceManager = ServiceManager.SYSTEM

    @property
    def is_users(self) -> bool:
        """Whether it is somebody's own."""
        return self.manager is ServiceManager.USER

    @property
    def is_installed(self) -> bool:
        """Whether there is one at all."""
        return self.told.get("LoadState") == "loaded"

    @property
    def is_active(self) -> bool:
        """Whether systemd runs it."""
        return self.told.get("ActiveState") in {"active", "activating", "reloading"}

    @property
    def has_failed(self) -> bool:
        """Whether it ended by a fault; systemd may be about to start it again."""
        state, result = self.told.get("ActiveState"), self.told.get("Result", "success")
        return state == "failed" or (state == "activating" and result != "success")


@dataclass(frozen=True, slots=True)
class Running:
    """What was seen of the service."""

    unit: Unit | None
    """None without systemd."""
    status: Mapping[str, Any] | None
    """What the service itself says; None where none answers."""
    silence: str | None = None
    """Why it did not say anything: `forbidden`, or `no_answer`."""
    complaints: Sequence[str] = ()
    """The last warnings of its log."""
    state: Path = Path()
    installed_at: datetime | None = None
    """When this program was put where it is; None in a checkout."""
    is_unit_old: bool = False
    """The installed unit is not the one that comes with this version."""
    manager: ServiceManager = ServiceManager.SYSTEM
    """Who has it, or would have it."""


def look_at_unit(shell: Shell, likely: ServiceManager) -> Unit | None:
    """Return the unit that the likely manager has, else that of the other one; None without systemd."""
    looked = []
    for manager in sorted(ServiceManager, key=lambda one: one is not likely):
        unit = Unit(shown(shell, ["systemctl", *_whose(manager), "show", UNIT_NAME, "-p", _SHOWN]), manager)
        if unit.is_installed:
            return unit
        looked.append(unit)
    return next((unit for unit in looked if unit.told), None)


def _whose(manager: ServiceManager) -> list[str]:
    return ["--user"] if manager is ServiceManager.USER else []


def complaints_of(unit: Unit | None, shell: Shell) -> Sequence[str]:
    """Return the last warnings of the log; they are free of secrets and figures when they are written."""
    if unit is None or not unit.is_installed:
        return ()
    command = ["journalctl", *_whose(unit.manager), "-u", UNIT_NAME, "-p", "warning", "-b", "--since=-24h"]
    ran = shell([*command, "-n", str(MOST_LINES), "--no-pager", "-o", "cat", "-q"])
    lines = ran.out.splitlines() if ran and not ran.code else []
    return [line for line in lines if line.strip()][-MOST_LINES:]


def installed_at() -> datetime | None:
    """Return when this program was installed; None where it is worked on."""
    for file in distribution("duurloop").files or ():
        path = Path(str(file.locate()))
        if file.name == "METADATA" and path.exists():
            return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return None


def judge_service(seen: Running) -> list[Finding]:
    """Say how it is with the service."""
    found = [_answering(seen)]
    if seen.unit and seen.unit.is_installed:
        found += _installed(seen.unit)
        if seen.is_unit_old:
            found.append(
                _area.warning(
                    "unit",
                    sentence("The installed unit is not the one that comes with this version."),
                    sentence("Renew it: {setup}", setup=_setup(seen.unit)),
                )
            )
    if seen.status:
        found += _from_within(seen.status, seen.manager, seen.installed_at)
    if seen.complaints:
        last = " / ".join(_short(line) for line in seen.complaints)
        remedy = sentence("If that goes on, read what came before it: {journal} -n 50", journal=seen.manager.journal)
        found.append(_area.warning("log", sentence("The log's last complaints: {lines}", lines=last), remedy))
    return found


def _setup(unit: Unit) -> str:
    # plain setup asks, and leaves a unit alone that is there
    return f"{unit.manager.setup} --refresh"


def _answering(seen: Running) -> Finding:
    unit = seen.unit
    if seen.status:
        since = str(seen.status["since"])[:16].replace("T", " ")
        return _area.ok("running", sentence("duurloop has been running since {since}.", since=since))
    if seen.silence == "forbidden":
        reason = sentence("This user may not ask the service ({folder}).", folder=seen.state)
        return _area.unknown("running", reason, sentence("Look as root: sudo duurloop doctor"))
    if seen.silence == "no_answer":
        return _area.fault(
            "running",
            sentence("duurloop runs, and does not answer."),
            sentence("Start it anew: {control} restart duurloop", control=seen.manager.control),
        )
    if unit and unit.is_active and not unit.has_failed:
        return _area.fault(
            "running",
            sentence(
                "systemd runs duurloop, but its state is not in {folder}, or it is still starting.", folder=seen.state
            ),
            sentence("See what it says: {control} status duurloop", control=unit.manager.control),
        )
    if unit and unit.is_installed:
        return _stopped(unit)
    return _area.warning(
        "running",
        sentence("duurloop does not run, and is not installed as a service."),
        sentence("Install it: sudo duurloop setup, or try it by hand: duurloop run"),
    )


def _stopped(unit: Unit) -> Finding:
    code = unit.told.get("ExecMainStatus", "0")
    if unit.has_failed and code == _SETTINGS_EXIT:
        return _area.fault(
            "running",
            sentence("The service has stopped, for it could not use the settings or the database."),
            sentence(
                "See what is wrong with duurloop check, mend it, then: {control} start duurloop",
                control=unit.manager.control,
            ),
        )
    if unit.has_failed:
        return _area.fault(
            "running",
            sentence("The service has failed ({result}, exit code {code}).", result=unit.told.get("Result"), code=code),
            sentence(
                "See why with {journal} -n 20, then: {control} restart duurloop",
                journal=unit.manager.journal,
                control=unit.manager.control,
            ),
        )
    return _area.fault(
        "running",
        sentence("The service is installed, and does not run."),
        sentence("Start it: {control} start duurloop", control=unit.manager.control),
    )


def _installed(unit: Unit) -> list[Finding]:
    found = []
    if unit.told.get("UnitFileState") == "disabled":
        found.append(
            _area.warning(
                "enabled",
                sentence("The service does not start with the machine."),
                sentence("Have it started: {control} enable duurloop", control=unit.manager.control),
            )
        )
    restarts = int(unit.told.get("NRestarts") or 0)
    if restarts >= RESTLESS:
        found.append(
            _area.warning(
                "restarts",
                sentence("The service has started again by itself {restarts} times.", restarts=restarts),
                sentence("See why: {journal} -p warning -n 20", journal=unit.manager.journal),
            )
        )
    if unit.told.get("NeedDaemonReload") == "yes":
        found.append(
            _area.warning(
                "reload",
                sentence("The unit has been changed, and systemd does not know it yet."),
                sentence(
                    "Tell it: {control} daemon-reload && {control} restart duurloop", control=unit.manager.control
                ),
            )
        )
    return found


def _from_within(status: Mapping[str, Any], manager: ServiceManager, installed_at: datetime | None) -> list[Finding]:
    found = []
    restart = sentence("Start it anew: {control} restart duurloop", control=manager.control)
    if status["late"]:
        names = ", ".join(status["late"])
        found.append(_area.fault("workers", sentence("Parts of the service hang: {names}.", names=names), restart))
    if trouble := status["store"]["trouble"]:
        found.append(
            _area.fault(
                "store",
                sentence("The service cannot keep anything just now: {reason}", reason=trouble),
                sentence("Mend what is said under the database; it then goes on by itself (duurloop status)."),
            )
        )
    if installed_at and installed_at > datetime.fromisoformat(status["since"]):
        reason = sentence("duurloop was renewed after the service started: the earlier one still runs.")
        found.append(_area.warning("version", reason, restart))
    return [*found, *_errands(status)]


def _errands(status: Mapping[str, Any]) -> Iterator[Finding]:
    """Say what the service cannot do for the runners in the folders that they named."""
    copies, coming = status.get("copies"), status.get("inbox")
    going = (status.get("handing_out") or {}).get("folder")
    if copies and not copies["ok"]:
        yield _area.warning(
            "copies",
            sentence("No copies of the database are made: {reason}", reason=_said_by(copies)),
            sentence("Mend that, or name another folder under [backup]; one copy at once: duurloop backup FILE"),
        )
    if going and not going["ok"]:
        yield _area.warning(
            "handing_out",
            sentence(
                "Sessions wait to be put into {folder}, which {trouble}.", folder=going["path"], trouble=_said_by(going)
            ),
            sentence("They go by themselves when that is mended; see duurloop status"),
        )
    if coming and not coming["ok"]:
        yield _area.warning(
            "inbox",
            sentence("The watched folder, {folder}: {trouble}", folder=coming["folder"], trouble=_said_by(coming)),
            sentence("What lies there is brought in when that is mended; see duurloop status"),
        )


def _said_by(report: Mapping[str, Any]) -> Sentence:
    said, parts = report["sentence"], report["parts"]
    return Sentence(said, dict(parts))


def _short(line: str, most: int = 160) -> str:
    tidy = " ".join("".join(letter if letter.isprintable() else " " for letter in line).split())
    return tidy if len(tidy) <= most else f"{tidy[: most - 1]}…"
