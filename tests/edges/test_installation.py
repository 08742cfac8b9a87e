"""Installing into a folder that stands for the whole machine, and taking it all away again."""

import os
import pwd
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from daemon.installation import InstallationError, Layout, install_steps, perform, refresh_steps, uninstall_steps
from daemon.installation.hands import Hands, run_command
from daemon.installation.layout import OWN_ENVIRONMENT
from daemon.installation.steps import PATIENCE_S, Await, MakeLink, OpenFolder, Owner, RemoveFolder, Run, WriteFile
from daemon.telling import Sentence

SETTINGS = '[[runners]]\nname = "Els"\n'
SECRETS = {"phone": "ntfy://ntfy.sh/a-topic-nobody-guesses"}
ME = pwd.getpwuid(os.geteuid()).pw_name


@dataclass
class Watcher:
    """Hears what is said, and writes commands down; none of them is for the machine that tests."""

    said: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    refuses: str = "nothing at all"
    status: int | None = None
    """How what is refused ends."""

    def say(self, sentence: Sentence) -> None:
        self.said.append(str(sentence))

    def execute(self, command: Sequence[str], environment: Iterable[tuple[str, str]] = ()) -> None:
        self.commands.append(" ".join([*(f"{name}={value}" for name, value in environment), *command]))
        if self.refuses in self.commands[-1]:
            refused = InstallationError("{command}: {why}", command=command[0], why="Access denied")
            refused.status = self.status
            raise refused

    def about(self, word: str) -> list[str]:
        return [command for command in self.commands if word in command]


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


@pytest.fixture
def system(tmp_path: Path) -> Layout:
    """The whole machine, started by systemd, with a service user that is there already: whoever tests."""
    layout = replace(Layout.of_system(tmp_path), user=ME, program=OWN_ENVIRONMENT / "bin/duurloop")
    layout.systemd.mkdir(parents=True)
    return layout


@pytest.fixture
def person(tmp_path: Path) -> Layout:
    home, runtime = tmp_path / "home/els", tmp_path / "run/user/1000"
    home.mkdir(parents=True)
    (runtime / "systemd").mkdir(parents=True)
    (runtime / "systemd/private").touch()
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    return Layout.of_user(home, {"XDG_RUNTIME_DIR": str(runtime)}, tmp_path)


def install(layout: Layout, watcher: Watcher, *folders: Path, secrets: dict[str, str] = SECRETS) -> None:
    perform(install_steps(layout, SETTINGS, secrets, folders), watcher.say, watcher.execute)


def uninstall(layout: Layout, watcher: Watcher) -> None:
    perform(uninstall_steps(layout), watcher.say, watcher.execute)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def files_in(folder: Path) -> dict[str, str]:
    """Return every file below a folder, with what is in it and who may do what; of a link, where it leads."""
    return {
        str(path.relative_to(folder)): str(path.readlink())
        if path.is_symlink()
        else f"{mode_of(path):o} {path.read_text(encoding='utf-8')}"
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


# -- the system's service --------------------------------------------------------------------------------


def test_settings_are_for_the_service_to_read_and_secrets_are_its_own(system: Layout, watcher: Watcher) -> None:
    install(system, watcher)
    assert system.settings.read_text(encoding="utf-8") == SETTINGS
    assert (mode_of(system.settings.parent), mode_of(system.settings)) == (0o750, 0o640)
    assert (mode_of(system.credentials), mode_of(system.credentials / "phone")) == (0o700, 0o600)
    assert mode_of(system.state) == 0o700


def test_the_service_runs_the_program_that_installs_it(system: Layout, watcher: Watcher) -> None:
    install(system, watcher)
    unit = system.unit.read_text(encoding="utf-8")
    assert f"\nExecStart={system.program} --config {system.settings} run --fault-page\n" in unit
    assert f"\nLoadCredential=duurloop:{system.credentials}\n" in unit
    assert system.link is not None
    assert system.link.readlink() == system.program
    assert (system.unit.parent / "multi-user.target.wants/duurloop.service").resolve() == system.unit


def test_the_user_comes_first_and_the_start_last(system: Layout, watcher: Watcher) -> None:
    install(system, watcher)
    assert watcher.commands[0] == f"systemd-sysusers {system.sysusers}"
    assert watcher.commands[-2:] == ["systemctl daemon-reload", "systemctl restart duurloop.service"]
    assert len(watcher.about("compileall")) == 1
    assert watcher.said == []


def test_where_systemd_does_not_run_all_is_laid_and_that_is_said(system: Layout, watcher: Watcher) -> None:
    system.systemd.rmdir()
    install(system, watcher)
    assert system.unit.exists()
    assert watcher.about("systemctl") == []
    assert watcher.said == ["systemd does not run here: all is in its place, and the service starts when systemd does"]


def test_installing_again_changes_only_what_has_changed(system: Layout, watcher: Watcher, tmp_path: Path) -> None:
    install(system, watcher)
    before = files_in(tmp_path)
    install(system, watcher)
    assert files_in(tmp_path) == before
    install(system, watcher, secrets={"phone": "ntfy://ntfy.sh/another"})
    after = files_in(tmp_path)
    assert {name for name in after if after[name] != before[name]} == {"etc/duurloop/credentials/phone"}


def test_an_upgrade_leaves_settings_alone_and_does_not_start_what_was_stopped(system: Layout, watcher: Watcher) -> None:
    install(system, watcher)
    system.settings.write_text("# mine\n", encoding="utf-8")
    system.unit.write_text("# an older one\n", encoding="utf-8")
    watcher.commands.clear()
    watcher.refuses = "is-failed"  # it has not
    perform(refresh_steps(system), watcher.say, watcher.execute)
    assert system.settings.read_text(encoding="utf-8") == "# mine\n"
    assert "ExecStart" in system.unit.read_text(encoding="utf-8")
    assert watcher.about("start") == ["systemctl try-restart duurloop.service"]


def test_an_upgrade_starts_what_had_failed(system: Layout, watcher: Watcher) -> None:
    perform(refresh_steps(system), watcher.say, watcher.execute)
    assert watcher.commands[-2:] == [
        "systemctl is-failed --quiet duurloop.service",
        "systemctl start duurloop.service",
    ]
    told = refresh_steps(system)[-1].told()
    assert told == "systemctl is-failed --quiet duurloop.service && systemctl start duurloop.service"


def test_folders_outside_the_state_are_made_and_opened_to_the_service(
    system: Layout, watcher: Watcher, tmp_path: Path
) -> None:
    mine = tmp_path / "srv/my runs"
    install(system, watcher, mine, system.state / "inside", Path("/home/els/100% out"))
    assert mine.is_dir()
    drop_in = system.drop_in.read_text(encoding="utf-8").splitlines()
    assert f'ReadWritePaths="-{mine}"' in drop_in
    assert 'BindPaths="-/home/els/100%% out"' in drop_in  # homes are hidden, and this one has to be shown
    assert "inside" not in system.drop_in.read_text(encoding="utf-8")
    perform(refresh_steps(system, None), watcher.say, watcher.execute)
    assert system.drop_in.exists(), "nobody could tell which folders there are"
    install(system, watcher)
    assert not system.drop_in.exists()


def test_settings_and_state_elsewhere_are_reached_and_close_nobodys_folder(
    system: Layout, watcher: Watcher, tmp_path: Path
) -> None:
    etc, srv = tmp_path / "other-etc", tmp_path / "srv"
    for folder in (etc, srv):
        folder.mkdir(mode=0o755)
    install(replace(system, settings=etc / "mine.toml", credentials=etc / "credentials", state=srv), watcher)
    assert [mode_of(folder) for folder in (etc, srv)] == [0o755, 0o755]
    assert f"--config {etc}/mine.toml --state {srv} run" in system.unit.read_text(encoding="utf-8")
    assert f"ReadWritePaths=-{srv}" in system.drop_in.read_text(encoding="utf-8").splitlines()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_somebodys_folder_stays_theirs_and_the_remedy_is_told(watcher: Watcher, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o700)
    step = OpenFolder(theirs, Owner("nobody", "nogroup"))
    perform([step], watcher.say, watcher.execute)
    assert theirs.stat().st_uid == 0
    assert len(watcher.said) == 1
    assert f"sudo chgrp nogroup {theirs} && sudo chmod g+rwx {theirs}" in watcher.said[0]
    theirs.chmod(0o777)
    perform([step], watcher.say, watcher.execute)
    assert len(watcher.said) == 1


def test_a_program_in_a_home_is_refused_before_anything_is_laid(system: Layout) -> None:
    at_home = replace(system, program=Path("/home/els/.local/bin/duurloop"))
    with pytest.raises(InstallationError, match=r"/home/els/\.local/bin/duurloop"):
        install_steps(at_home, SETTINGS, {})


def test_somebody_elses_command_of_our_name_is_not_replaced(tmp_path: Path, watcher: Watcher) -> None:
    foreign = tmp_path / "duurloop"
    foreign.write_text("theirs", encoding="utf-8")
    with pytest.raises(InstallationError, match="in the way"):
        perform([MakeLink(foreign, Path("/opt/duurloop/bin/duurloop"))], watcher.say, watcher.execute)
    assert foreign.read_text(encoding="utf-8") == "theirs"


def test_what_would_be_done_is_told_as_a_shell_takes_it_and_without_secrets(system: Layout) -> None:
    steps = install_steps(system, SETTINGS, SECRETS)
    told = [step.told() for step in steps]
    assert f"install -m 0600 -o {ME} -g {ME} /dev/stdin {system.credentials}/phone" in told
    assert f"ln -sfn {system.program} {system.link}" in told
    assert SECRETS["phone"] not in f"{told} {steps}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write another's file")
def test_a_file_stays_whose_it_was_and_a_new_one_goes_with_its_folder(tmp_path: Path, watcher: Watcher) -> None:
    nobody = pwd.getpwnam("nobody").pw_uid
    (tmp_path / "theirs").mkdir()
    for place in (tmp_path / "theirs", tmp_path / "duurloop.toml"):
        place.touch()
        os.chown(place, nobody, -1)
    perform(
        [WriteFile(tmp_path / "duurloop.toml", "new"), WriteFile(tmp_path / "theirs/new", "new")],
        watcher.say,
        watcher.execute,
    )
    assert [(tmp_path / name).stat().st_uid for name in ("duurloop.toml", "theirs/new")] == [nobody, nobody]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path, watcher: Watcher) -> None:
    place = tmp_path / "duurloop.toml"
    place.write_text("old", encoding="utf-8")
    with pytest.raises(UnicodeEncodeError):
        perform([WriteFile(place, "half \ud800")], watcher.say, watcher.execute)
    assert files_in(tmp_path) == {"duurloop.toml": "644 old"}


def test_a_command_that_fails_says_why() -> None:
    with pytest.raises(InstallationError, match=r"cat /nonexistent.*: cat: /nonexistent"):
        run_command(["cat", "/nonexistent"])
    with pytest.raises(InstallationError, match="there is no systemctl-of-nowhere here"):
        run_command(["systemctl-of-nowhere", "restart"])


# -- somebody's own service ------------------------------------------------------------------------------


def test_a_persons_service_is_laid_below_their_home_and_asked_of_their_systemd(
    person: Layout, watcher: Watcher, tmp_path: Path
) -> None:
    install(person, watcher)
    outside = {name for name in files_in(tmp_path) if not name.startswith("home/els/")}
    assert outside == {"run/user/1000/systemd/private"}
    assert (mode_of(person.settings), mode_of(person.credentials / "phone")) == (0o600, 0o600)
    runtime = f"XDG_RUNTIME_DIR={person.runtime}"
    assert watcher.commands[-1] == f"{runtime} systemctl --user restart duurloop.service"
    assert (person.unit.parent / "default.target.wants/duurloop.service").resolve() == person.unit


def test_services_of_who_is_away_run_on_and_that_is_taken_back(person: Layout, watcher: Watcher) -> None:
    install(person, watcher)
    assert watcher.about("loginctl") == [f"loginctl --no-ask-password enable-linger {person.person}"]
    uninstall(person, watcher)
    assert watcher.about("loginctl")[1:] == [f"loginctl --no-ask-password disable-linger {person.person}"]


def test_lingering_that_was_there_before_is_left_alone(person: Layout, watcher: Watcher) -> None:
    assert person.lingers is not None
    person.lingers.parent.mkdir(parents=True)
    person.lingers.touch()
    install(person, watcher)
    uninstall(person, watcher)
    assert watcher.about("loginctl") == []


def test_refused_lingering_is_told_with_the_line_that_helps(person: Layout, watcher: Watcher) -> None:
    watcher.refuses = "enable-linger"
    install(person, watcher)
    assert f"sudo loginctl enable-linger {person.person}" in watcher.said[0]
    assert watcher.about("restart") != []


def test_a_person_whose_systemd_is_out_of_reach_is_told(person: Layout, watcher: Watcher) -> None:
    assert person.runtime is not None
    (person.runtime / "systemd/private").unlink()
    install(person, watcher)
    assert watcher.about("systemctl") == []
    assert "cannot be reached from here" in watcher.said[-1]


def test_somebody_elses_runtime_folder_is_not_spoken_to(tmp_path: Path) -> None:
    assert Layout.of_user(tmp_path, {"XDG_RUNTIME_DIR": "/nonexistent"}).runtime == Path(f"/run/user/{os.geteuid()}")


# -- and away again --------------------------------------------------------------------------------------


@pytest.mark.parametrize("whose", ["system", "person"])
def test_uninstalling_leaves_what_was_there_before_and_the_data(
    whose: str, watcher: Watcher, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    layout: Layout = request.getfixturevalue(whose)
    other = layout.unit.parent / "other.service"
    other.parent.mkdir(parents=True)
    other.write_text("theirs", encoding="utf-8")
    before = files_in(tmp_path)
    install(layout, watcher, tmp_path / "srv")
    (layout.state / "duurloop.db").write_text("runs", encoding="utf-8")
    uninstall(layout, watcher)
    data = {str(path.relative_to(tmp_path)) for path in (layout.settings, layout.credentials / "phone")}
    data.add(str((layout.state / "duurloop.db").relative_to(tmp_path)))
    assert files_in(tmp_path).keys() == before.keys() | data
    uninstall(layout, watcher)  # once more does no harm
    assert files_in(tmp_path).keys() == before.keys() | data


def test_half_an_installation_is_undone_as_well(system: Layout, watcher: Watcher, tmp_path: Path) -> None:
    before = files_in(tmp_path)
    watcher.refuses = "daemon-reload"
    with pytest.raises(InstallationError):
        install(system, watcher)
    watcher.refuses, watcher.status = "systemctl stop", 5  # there is nothing that could be stopped
    uninstall(system, watcher)
    assert files_in(tmp_path).keys() - before.keys() == {"etc/duurloop/duurloop.toml", "etc/duurloop/credentials/phone"}


def test_the_user_stays_as_long_as_there_are_files_of_theirs(system: Layout, watcher: Watcher) -> None:
    install(system, watcher)
    uninstall(system, watcher)
    assert watcher.about("userdel") == []
    for place in (system.credentials / "phone", system.settings):
        place.unlink()
    for folder in (system.credentials, system.settings.parent, system.state):
        folder.rmdir()
    uninstall(system, watcher)
    assert watcher.about("userdel") == [f"userdel {ME}"]


@pytest.mark.parametrize(("status", "is_told"), [(6, False), (8, True)], ids=["there is none", "in use"])
def test_a_user_who_cannot_be_removed_is_told(system: Layout, watcher: Watcher, status: int, *, is_told: bool) -> None:
    watcher.refuses, watcher.status = "userdel", status
    uninstall(system, watcher)
    told = f"the user {ME} could not be removed; see why: sudo userdel {ME}"
    assert (told in watcher.said) is is_told


def test_a_service_that_cannot_be_stopped_is_not_taken_away(system: Layout, watcher: Watcher) -> None:
    install(system, watcher)
    watcher.refuses, watcher.status = "systemctl stop", 4
    with pytest.raises(InstallationError, match="Access denied"):
        uninstall(system, watcher)
    assert system.unit.exists()


def test_a_program_that_cannot_be_removed_is_told(watcher: Watcher, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "program").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InstallationError, match="program: "):
        perform([RemoveFolder(tmp_path / "program", whole=True)], watcher.say, watcher.execute)
    perform([RemoveFolder(tmp_path / "gone already", whole=True)], watcher.say, watcher.execute)


def test_how_a_command_ended_is_known() -> None:
    with pytest.raises(InstallationError) as failed:
        run_command(["false"])
    assert failed.value.status == 1


def test_a_systemd_that_does_not_come_is_not_waited_for_for_ever(watcher: Watcher, tmp_path: Path) -> None:
    naps: list[float] = []
    hands = Hands(watcher.say, watcher.execute, monotonic=lambda: sum(naps), sleep=naps.append)
    Await(tmp_path / "private", needs=(tmp_path,)).perform(hands)
    assert PATIENCE_S <= sum(naps) < PATIENCE_S + 1


def test_its_own_environment_can_be_read_by_the_service_whatever_root_is_used_to(
    system: Layout, watcher: Watcher, tmp_path: Path
) -> None:
    install(replace(system, environment=tmp_path / "opt/duurloop"), watcher)
    (compiled,) = watcher.about("compileall")
    opened = f"chmod -R go+rX {tmp_path}/opt/duurloop"
    assert watcher.commands.index(opened) > watcher.commands.index(compiled)


def test_files_that_were_put_among_the_credentials_by_hand_become_the_services(
    system: Layout, watcher: Watcher
) -> None:
    install(system, watcher)
    owned, closed = watcher.about(f"find {system.credentials}")
    assert (f"chown {ME}:{ME}" in owned, "chmod 600" in closed) == (True, True)


def test_the_program_goes_with_its_own_environment_and_with_no_other(
    system: Layout, watcher: Watcher, tmp_path: Path
) -> None:
    assert Layout.of_system(tmp_path).environment is None, f"these tests do not run in {OWN_ENVIRONMENT}"
    own = tmp_path / "opt/duurloop"
    (own / "bin").mkdir(parents=True)
    uninstall(replace(system, environment=own), watcher)
    assert own.exists(), "it is no environment"
    (own / "pyvenv.cfg").touch()
    uninstall(replace(system, environment=own), watcher)
    assert not own.exists()


def test_a_link_to_another_duurloop_stays(system: Layout, watcher: Watcher, tmp_path: Path) -> None:
    install(system, watcher)
    assert system.link is not None
    system.link.unlink()
    system.link.symlink_to(tmp_path / "elsewhere")
    uninstall(system, watcher)
    assert system.link.is_symlink()


def test_only_what_may_fail_goes_by_in_silence(watcher: Watcher) -> None:
    watcher.refuses = "systemctl"
    perform([Run(("systemctl", "stop"), may_fail=True)], watcher.say, watcher.execute)
    with pytest.raises(InstallationError, match="Access denied"):
        perform([Run(("systemctl", "restart"))], watcher.say, watcher.execute)
