"""The doctor in a house with planted faults: each is named, with what to do."""

import os
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.doctor.clock import Time, judge_time
from daemon.doctor.database import Kept, judge_database
from daemon.doctor.examining import Examination, examined, run_command
from daemon.doctor.finding import Finding, Level, Link, sentence
from daemon.doctor.page import Answer, Place, Seal, judge_page, look_at_page
from daemon.doctor.program import Program, is_within, judge_program, look_at_program
from daemon.doctor.service import Running, judge_service
from daemon.service_manager import UNIT_NAME, ServiceManager
from tests.doctor_house import findings_in, house_of, told, worse
from tests.receivers import FORBIDDEN, WRONG_PASSWORD, HttpReceiver, MailMood, SmtpReceiver
from tests.terminal import Say

pytestmark = pytest.mark.allow_hosts(["127.0.0.1", "192.0.2.1"])

ELS = '[[runners]]\nname = "Els"\nzone = "118-136"\n'
NO_PAGE = '[page]\nlisten = ""\n'
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
STOPPED = "LoadState=not-found"
KEPT = Kept(Path("/var/lib/duurloop"), NOW, is_there=True, is_whole=True, version=5, known=5)


def channel(url: str) -> str:
    return f'{ELS}[[runners.channels]]\nname = "phone"\nurl = "{url}"\n'


def round_in(folder: Path, settings: str = ELS, *, send: bool = False, **said: str) -> list[Finding]:
    return findings_in(house_of(folder, NO_PAGE + settings, send=send, **said))


@pytest.fixture
def database(tmp_path: Path, say: Say) -> Path:
    """Have a database that a command made."""
    settings = tmp_path / "made.toml"
    settings.write_text(ELS, encoding="utf-8")
    assert say("--config", settings, "--state", tmp_path / "state", "zone", "--set", "118-136").code == 0
    return tmp_path / "state/duurloop.db"


# -- the program -----------------------------------------------------------------------------------


def test_the_program_that_runs_these_tests_is_well() -> None:
    assert worse(judge_program(look_at_program())) == []


@pytest.mark.parametrize(
    "program",
    [
        Program((3, 11, 7), "1.0", missing=("apprise 1.9",)),
        Program((3, 11, 7), "1.0", unusable=("resvg_py",)),
    ],
    ids=["missing", "of another machine"],
)
def test_what_it_is_built_on(program: Program) -> None:
    level, _, said = told(judge_program(program), "wheels")
    assert (level, "pip install --force-reinstall ./duurloop-*.whl" in said) == (Level.FAULT, True)


def test_a_program_that_is_not_compiled_ahead() -> None:
    program = Program((3, 11, 7), "1.0", is_compiled=False, folder="/opt/duurloop")
    level, _, remedy = told(judge_program(program), "byte_code")
    assert (level, "compileall -q /opt/duurloop" in remedy) == (Level.WARNING, True)


@pytest.mark.parametrize(
    ("there", "bounds", "is_fine"),
    [("2.2.1", ">=2.2,<3", True), ("3.0", ">=2.2,<3", False), ("25.1", ">=25.1", True), ("0.22.0", "<0.22", False)],
)
def test_versions_are_compared_as_numbers(there: str, bounds: str, is_fine: bool) -> None:  # noqa: FBT001
    assert is_within(there, bounds) is is_fine


# -- the settings ----------------------------------------------------------------------------------


def test_a_settings_fault_is_named_and_the_rest_is_examined_all_the_same(say: Say, tmp_path: Path) -> None:
    file = tmp_path / "duurloop.toml"
    file.write_text('[[runners]]\nname = "Els"\nzone = "136-118"\n', encoding="utf-8")
    said = say("--config", file, "--state", tmp_path / "state", "doctor", "--json")
    assert said.code == 78
    findings = said.json()["findings"]
    (fault,) = [one for one in findings if one["link"] == "settings"]
    assert "runners[1].zone: the lower edge comes first" in fault["reason"]
    assert "line 3, then: duurloop check" in fault["remedy"]
    assert {one["link"] for one in findings} >= {"program", "database", "clock", "bluetooth", "service", "strap"}


def test_settings_that_are_not_there(say: Say, tmp_path: Path) -> None:
    said = say("--config", tmp_path / "no.toml", "--state", tmp_path, "doctor")
    assert said.code == 78
    assert "Make them: duurloop setup" in said.out


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    level, _, remedy = told(round_in(tmp_path, f'{ELS}[import]\nfolder = "{tmp_path}/no"\n'), "folder_import")
    assert (level, "install -d" in remedy) == (Level.FAULT, True)


SYSTEM_UNIT = "LoadState=loaded\nActiveState=active\nUser={user}\nProtectHome={home}\nProtectSystem={system}"


@pytest.mark.parametrize(
    ("unit", "remedy"),
    [
        (SYSTEM_UNIT.format(user="nobody", home="no", system="no"), "sudo"),
        (SYSTEM_UNIT.format(user="", home="no", system="strict"), "sudo duurloop setup --refresh"),
    ],
    ids=["another user's", "not opened in the unit"],
)
def test_a_folder_that_the_service_may_not_use(tmp_path: Path, unit: str, remedy: str) -> None:
    export = tmp_path / "export"
    export.mkdir()
    findings = round_in(tmp_path, f'{ELS}[export]\nfolder = "{export}"\n', duurloop_service=unit)
    level, _, said = told(findings, "folder_export")
    assert (level, remedy in said) == (Level.FAULT, True)


def test_a_folder_in_a_home_is_out_of_the_services_sight(tmp_path: Path) -> None:
    unit = SYSTEM_UNIT.format(user="", home="yes", system="no")
    findings = round_in(tmp_path, f'{ELS}[import]\nfolder = "/home/els/runs"\n', duurloop_service=unit)
    _, reason, remedy = told(findings, "folder_import")
    assert "lies in a home" in reason
    assert "sudo duurloop setup --refresh" in remedy


# -- what is kept ----------------------------------------------------------------------------------


def test_a_database_that_is_well(database: Path) -> None:
    findings = round_in(database.parent.parent)
    assert told(findings, "integrity")[0] is Level.OK
    assert told(findings, "copies")[:2] == (
        Level.OK,
        "There is no copy of the database yet, and no run in it to lose.",
    )


@pytest.mark.parametrize(
    ("copied", "ran", "level"),
    [
        (None, 1, Level.WARNING),  # days ago
        (5, None, Level.OK),
        (500, 501, Level.OK),
        (5, 1, Level.OK),  # tonight's copy will have it
        (9, 4, Level.WARNING),
    ],
)
def test_a_run_that_is_in_no_copy_for_days_wants_a_look(copied: int | None, ran: int | None, level: Level) -> None:
    now = NOW
    kept = Kept(
        Path("/var/lib/duurloop"),
        is_there=True,
        is_whole=True,
        looked_at=now,
        copied_at=None if copied is None else now - timedelta(days=copied),
        last_run_at=None if ran is None else now - timedelta(days=ran),
    )
    assert told(judge_database(kept, ServiceManager.SYSTEM), "copies")[0] is level


def _garble(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 4000)


def _no_database(path: Path) -> None:
    path.write_bytes(b"a letter to grandmother" * 1000)


def _newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 999")


def _foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE recipes (name)")


@pytest.mark.parametrize(
    ("plant", "name", "remedy"),
    [
        (_garble, "integrity", "duurloop restore FILE"),
        (_no_database, "integrity", "duurloop restore FILE"),
        (_newer, "version", "up to date"),
        (_foreign, "integrity", "--state DIR"),
    ],
    ids=["damaged", "no database", "newer", "somebody else's"],
)
def test_a_database_that_cannot_be_used(database: Path, plant: Callable[[Path], None], name: str, remedy: str) -> None:
    for log in database.parent.glob("*-wal"):
        log.unlink()
    plant(database)
    level, _, said = told(round_in(database.parent.parent), name)
    assert (level, remedy in said) == (Level.FAULT, True)


def test_a_database_that_others_may_read(database: Path) -> None:
    database.chmod(0o644)
    database.parent.chmod(0o755)
    level, _, remedy = told(round_in(database.parent.parent), "rights")
    assert (level, "chmod -R go-rwx" in remedy) == (Level.WARNING, True)


def test_a_folder_for_copies_that_is_not_there(database: Path) -> None:
    folder = database.parent.parent
    level, _, remedy = told(round_in(folder, f'{ELS}[backup]\nfolder = "{folder}/usb"\n'), "folder_backup")
    assert (level, f"{folder}/usb" in remedy) == (Level.FAULT, True)


@pytest.mark.parametrize(
    ("fault", "name", "level", "remedy"),
    [
        ({"free_bytes": 3_000_000}, "disk", Level.FAULT, "sudo apt clean"),
        ({"free_bytes": 90_000_000}, "disk", Level.WARNING, "sudo apt clean"),
        ({"is_readonly": True}, "disk", Level.FAULT, "remount,rw"),
        ({"trouble": "forbidden"}, "integrity", Level.UNKNOWN, "sudo duurloop doctor"),
        ({"trouble": "unreadable"}, "integrity", Level.FAULT, "df -h"),
        ({"is_strange": True}, "owner", Level.FAULT, "chown"),
        ({"log_bytes": 10**9}, "log", Level.WARNING, "sudo systemctl restart duurloop"),
        ({"trouble": "damaged", "copied_at": NOW}, "integrity", Level.FAULT, "sudo systemctl restart duurloop"),
        ({"asides": 1}, "aside", Level.WARNING, "ls "),
    ],
)
def test_what_else_may_be_the_matter_with_it(fault: dict[str, object], name: str, level: Level, remedy: str) -> None:
    found, _, said = told(judge_database(replace(KEPT, **fault), ServiceManager.SYSTEM), name)  # type: ignore[arg-type]
    assert (found, remedy in said) == (level, True)


# -- the clock -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "name", "level", "remedy"),
    [
        ({}, "clock", Level.OK, ""),
        ({"now": datetime(1970, 1, 3, tzinfo=UTC)}, "clock", Level.FAULT, "timedatectl set-ntp true"),
        ({"newest": NOW + timedelta(days=30)}, "clock", Level.FAULT, "timedatectl set-ntp true"),
        ({"is_synchronised": False}, "clock", Level.WARNING, "timedatectl set-ntp true"),
        ({"is_synchronised": None}, "clock", Level.UNKNOWN, ""),
        ({"zone": "Etc/UTC", "has_agreed_times": True}, "zone", Level.WARNING, "timedatectl set-timezone"),
        ({"zone": "Etc/UTC", "named": "Europe/Amsterdam", "has_agreed_times": True}, "zone", Level.OK, ""),
    ],
)
def test_the_clock(fault: dict[str, object], name: str, level: Level, remedy: str) -> None:
    parts = {"now": NOW, "is_synchronised": True, "zone": "Europe/Amsterdam", "named": None} | fault
    found, _, said = told(judge_time(Time(**parts)), name)  # type: ignore[arg-type]
    assert (found, remedy in said) == (level, True)


def test_a_file_from_the_future_shows_that_the_clock_has_gone_back(tmp_path: Path) -> None:
    house = house_of(tmp_path, NO_PAGE + ELS)
    os.utime(house.file, (time.time() + 10 * 86_400,) * 2)
    assert told(findings_in(house), "clock")[0] is Level.FAULT


# -- messages --------------------------------------------------------------------------------------


def test_a_trial_is_timed_where_it_arrives(tmp_path: Path) -> None:
    with HttpReceiver() as phone:
        findings = round_in(tmp_path, channel(f"json://{phone.address}/geheim"), send=True)
        (post,) = phone.posts
    level, reason, _ = told(findings, "Els/phone")
    assert (level, reason.endswith(" ms.")) == (Level.OK, True)
    assert "phone" in post.json()["message"]


def test_a_wrong_password_at_the_mail_server(tmp_path: Path) -> None:
    with SmtpReceiver(MailMood.WRONG_PASSWORD) as post:
        url = f"mailto://els:geheim@{post.address}?from=house@example.org&to=els@example.org"
        level, reason, remedy = told(round_in(tmp_path, channel(url), send=True), "Els/phone")
    assert (level, "535" in reason, "geheim" in reason) == (Level.FAULT, True, False)
    assert "Correct the user or the password" in remedy


@pytest.mark.parametrize("mood", [WRONG_PASSWORD, FORBIDDEN], ids=["401", "403"])
def test_a_wrong_token(tmp_path: Path, mood: object) -> None:
    with HttpReceiver(mood) as phone:  # type: ignore[arg-type]
        findings = round_in(tmp_path, channel(f"json://{phone.address}/geheim"), send=True)
    assert "the password" in told(findings, "Els/phone")[2]


def test_nobody_there(tmp_path: Path) -> None:
    level, reason, remedy = told(round_in(tmp_path, channel("json://127.0.0.1:9/x"), send=True), "Els/phone")
    assert (level, "connection refused" in reason) == (Level.FAULT, True)
    assert "host and port" in remedy


def test_an_address_that_nothing_can_be_made_of(tmp_path: Path) -> None:
    level, _, remedy = told(round_in(tmp_path, channel("wonder://x/y")), "Els/phone")
    assert (level, "duurloop check" in remedy) == (Level.FAULT, True)


def test_a_runner_whom_nothing_reaches(tmp_path: Path) -> None:
    assert "duurloop setup" in told(round_in(tmp_path), "Els")[2]


def test_what_failed_lately_is_known_without_a_trial(database: Path) -> None:
    with closing(sqlite3.connect(database)) as opened:
        opened.execute("INSERT INTO channel_health VALUES ('Els/phone', 3, 'name not known', 0, NULL)")
        opened.commit()
    level, reason, remedy = told(round_in(database.parent.parent, channel("json://127.0.0.1:9/x")), "Els/phone")
    assert (level, "name not known" in reason, "getent hosts" in remedy) == (Level.WARNING, True, True)


# -- the page --------------------------------------------------------------------------------------


def page(place: Place, now: datetime = NOW) -> list[Finding]:
    return judge_page(look_at_page(place, now, is_running=False), ServiceManager.SYSTEM)


def local(port: int, certificate: tuple[Path, Path] | None = None, address: str | None = None) -> Place:
    return Place("127.0.0.1", port, is_loopback=True, address=address, certificate=certificate)


@pytest.fixture
def taken() -> Iterator[int]:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield listener.getsockname()[1]


def test_a_port_that_another_program_has(taken: int) -> None:
    level, reason, remedy = told(page(local(taken)), "page")
    assert (level, "Another program (" in reason) == (Level.FAULT, True)
    assert "ss -ltnp" in remedy


def test_an_address_that_is_not_this_machines() -> None:
    level, _, remedy = told(page(Place("192.0.2.1", 8421, is_loopback=False)), "page")
    assert (level, "ip address" in remedy) == (Level.FAULT, True)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return _certificate(tmp_path_factory.mktemp("tls"))


def _certificate(folder: Path) -> tuple[Path, Path]:
    cert, key = folder / "cert.pem", folder / "key.pem"
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "60"]
    names = ["-subj", "/CN=house", "-addext", "subjectAltName=DNS:house.local"]
    made = run_command(["openssl", "req", *kind, *names, "-keyout", str(key), "-out", str(cert)])
    if made is None:
        pytest.skip("openssl is not installed")
    return cert, key


@pytest.mark.parametrize(
    ("address", "days", "level", "words"),
    [
        ("https://house.local:8421", 0, Level.OK, ""),
        ("https://huis.local:8421", 0, Level.FAULT, "is not made for https://huis.local"),
        (None, 50, Level.WARNING, "ends on"),
        (None, 90, Level.FAULT, "out of date"),
    ],
    ids=["well", "other name", "soon", "expired"],
)
def test_a_certificate(sealed: tuple[Path, Path], address: str | None, days: int, level: Level, words: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    findings = page(local(port, sealed, address), datetime.now(UTC) + timedelta(days=days))
    found = next((one for one in findings if one.name == "certificate"), None)
    assert (found.level if found else Level.OK) is level
    assert words in (found.reason.said(str) if found else "")


def test_a_certificate_that_has_expired(tmp_path: Path, taken: int) -> None:
    cert, key = _certificate(tmp_path)
    wish = ["openssl", "req", "-new", "-key", str(key), "-subj", "/CN=house", "-out", str(tmp_path / "wish.pem")]
    sign = ["openssl", "x509", "-req", "-in", wish[-1], "-signkey", str(key), "-days", "-1", "-out", str(cert)]
    for command in (wish, sign):
        run_command(command)
    level, _, remedy = told(page(local(taken, (cert, key))), "certificate")
    assert (level, "Renew it" in remedy) == (Level.FAULT, True)


def test_a_key_that_belongs_to_another_certificate(sealed: tuple[Path, Path], tmp_path: Path, taken: int) -> None:
    _, other = _certificate(tmp_path)
    assert "belong together" in told(page(local(taken, (sealed[0], other))), "certificate")[1]


# -- the service -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "name", "remedy"),
    [
        (STOPPED, "running", "sudo duurloop setup"),
        ("LoadState=loaded\nActiveState=inactive", "running", "sudo systemctl start duurloop"),
        ("LoadState=loaded\nActiveState=failed\nResult=watchdog", "running", "journalctl -u duurloop"),
        ("LoadState=loaded\nActiveState=activating\nResult=exit-code", "running", "journalctl -u duurloop"),
        ("LoadState=loaded\nActiveState=failed\nExecMainStatus=78", "running", "duurloop check"),
        ("LoadState=loaded\nActiveState=active", "running", "systemctl status duurloop"),
        ("LoadState=loaded\nUnitFileState=disabled", "enabled", "systemctl enable duurloop"),
        ("LoadState=loaded\nNRestarts=7", "restarts", "journalctl -u duurloop"),
        ("LoadState=loaded\nNeedDaemonReload=yes", "reload", "daemon-reload"),
    ],
)
def test_a_service_that_does_not_run(tmp_path: Path, unit: str, name: str, remedy: str) -> None:
    assert remedy in told(round_in(tmp_path, duurloop_service=unit), name)[2]


@pytest.mark.parametrize(("control", "manager"), [("sudo systemctl", "SYSTEM"), ("systemctl --user", "USER")])
def test_a_remedy_speaks_to_whoever_has_the_service(control: str, manager: str, taken: int) -> None:
    whose = ServiceManager[manager]
    damaged = judge_database(replace(KEPT, trouble="damaged", copied_at=NOW), whose)
    grown = judge_database(replace(KEPT, log_bytes=10**9), whose)
    place = local(taken, certificate=(Path("page.pem"), Path("page.key")))
    expiring = judge_page(Answer(place, is_ours=True, seal=Seal("soon", NOW)), whose)
    for findings, name in ((damaged, "integrity"), (grown, "log"), (expiring, "certificate")):
        assert f": {control} restart duurloop" in told(findings, name)[2]
    silent = told(judge_page(Answer(place, is_running=True), whose), "page")[2]
    assert f"See why: {control.replace('systemctl', 'journalctl')} -u duurloop -n 20" in silent


def test_a_service_of_ones_own_is_started_by_its_owner(tmp_path: Path) -> None:
    found = round_in(tmp_path, duurloop_service=STOPPED, own_service="LoadState=loaded\nActiveState=inactive")
    assert told(found, "running")[2] == "Start it: systemctl --user start duurloop"


def test_of_two_services_the_one_with_this_state_is_examined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    unit = tmp_path / ".config/systemd/user" / UNIT_NAME
    unit.parent.mkdir(parents=True)
    unit.touch()
    found = round_in(tmp_path, own_service="LoadState=loaded\nActiveState=inactive")
    assert told(found, "running")[2] == "Start it: systemctl --user start duurloop"


def test_the_last_complaints_of_the_log(tmp_path: Path) -> None:
    level, reason, _ = told(round_in(tmp_path, journalctl="page_failed reason=in use\n"), "log")
    assert (level, "page_failed" in reason) == (Level.WARNING, True)


@pytest.mark.parametrize(
    ("part", "said", "remedy"),
    [
        (
            {"copies": {"ok": False, "sentence": "{file} is damaged ({why})", "parts": {"file": "a.db", "why": "x"}}},
            "No copies of the database are made: a.db is damaged (x)",
            "duurloop backup FILE",
        ),
        (
            {"handing_out": {"folder": {"path": "/srv/out", "ok": False, "sentence": "does not answer", "parts": {}}}},
            "Sessions wait to be put into /srv/out, which does not answer.",
            "duurloop status",
        ),
        (
            {"inbox": {"folder": "/srv/runs", "ok": False, "sentence": "is no folder", "parts": {}}},
            "The watched folder, /srv/runs: is no folder",
            "duurloop status",
        ),
    ],
    ids=["copies", "sessions that go", "runs that come"],
)
def test_what_the_service_cannot_do_in_its_folders(part: dict[str, object], said: str, remedy: str) -> None:
    well: dict[str, object] = {"since": NOW.isoformat(), "late": [], "store": {"trouble": None}}
    findings = judge_service(Running(None, {**well, **part}))
    (found,) = [one for one in findings if one.level is Level.WARNING]
    assert found.reason.said(str) == said
    assert found.remedy is not None
    assert remedy in found.remedy.said(str)


# -- the round itself ------------------------------------------------------------------------------


def test_an_examination_that_crashes_or_hangs_is_a_finding_and_stops_no_other() -> None:
    def crash() -> list[Finding]:
        raise RuntimeError("geheim")

    let_go = threading.Event()

    def hang() -> list[Finding]:
        let_go.wait()
        return []

    well = Finding(Link.CLOCK, "clock", Level.OK, sentence("All is well."))
    findings = examined(
        [
            Examination(Link.PAGE, "page", crash),
            Examination(Link.STRAVA, "strava", hang, within_s=0.05),
            Examination(Link.CLOCK, "clock", lambda: [well]),
        ]
    )
    assert [finding.reason.said(str) for finding in findings] == [
        "This could not be looked at: page (RuntimeError).",
        "No answer within 0 s: strava.",
        "All is well.",
    ]
    let_go.set()


def test_no_secret_is_shown(say: Say, tmp_path: Path) -> None:
    file = tmp_path / "duurloop.toml"
    file.write_text(channel("ntfys://els:hunter22@ntfy.example/stille-duurloop-77"), encoding="utf-8")
    for form in ((), ("--json",)):
        said = say("--config", file, "--state", tmp_path / "state", "doctor", *form)
        assert "hunter22" not in said.out + said.err
        assert "stille-duurloop-77" not in said.out + said.err


def test_the_exit_code_and_the_last_line_tell(say: Say, tmp_path: Path) -> None:
    file = tmp_path / "duurloop.toml"
    file.write_text(channel("json://127.0.0.1:9/x") + '[page]\nlisten = ""\n', encoding="utf-8")
    arguments = ("--config", file, "--state", tmp_path / "state", "doctor")
    said = say(*arguments)
    assert said.code == 0, said.out
    assert said.out.splitlines()[-1].startswith("No fault; warnings: ")
    assert say(*arguments, "--send").code == 1


def test_a_terminal_without_signs_gets_letters(tmp_path: Path) -> None:
    file = tmp_path / "duurloop.toml"
    file.write_text(ELS, encoding="utf-8")
    ended = subprocess.run(
        [Path(sys.executable).with_name("duurloop"), "--config", file, "--state", tmp_path / "state", "doctor"],
        env={"PYTHONIOENCODING": "ascii", "HOME": str(tmp_path), "PATH": os.environ["PATH"], "LANG": "C"},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert b"  + ok" in ended.stdout
    assert ended.stderr == b""
