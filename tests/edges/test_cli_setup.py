"""`duurloop setup` by options, as a script has it: what is written, what is told, and that nothing else is touched."""

import os
import stat
from pathlib import Path

import pytest

from config.language import catalogue
from config.loader import load
from config.settings import Settings
from tests.receivers import Answer, HttpReceiver, SmtpReceiver
from tests.terminal import Said, Say

pytestmark = [pytest.mark.usefixtures("say"), pytest.mark.allow_hosts(["127.0.0.1"])]


class Home:
    """Els's own account, on a machine whose systemd cannot be reached."""

    def __init__(self, say: Say, home: Path) -> None:
        self._say, self.path = say, home
        self.file = home / ".config/duurloop/duurloop.toml"
        self.credentials = self.file.with_name("credentials")

    def setup(self, *arguments: str) -> Said:
        return self._say("setup", "--user", "--yes", "--no-service", *arguments)

    def check(self) -> Said:
        return self._say("check")

    @property
    def settings(self) -> Settings:
        return load(self.file, {})

    def everything(self) -> dict[str, tuple[bytes, int]]:
        files = (path for path in self.path.rglob("*") if path.is_file())
        return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


@pytest.fixture
def home(say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "nowhere"))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    return Home(say, tmp_path / "home")


WHOLE = (
    *("--name", "Els", "--language", "nl", "--zone", "118–136", "--zone-origin", "talk_test"),  # noqa: RUF001
    *("--days", "di, do,zo", "--time", "18.30", "--week", "zo 20u", "--quiet", "22-7", "--plan", "rustig-12"),
    *("--strap", "Polar H10 A1B2C3D4", "--connect", "armed", "--born", "1980", "--resting", "58"),
    *("--listen", "0.0.0.0:8421", "--address", "http://house.local:8421/", "--import-folder", "/srv/runs"),
)


class TestAFirstRun:
    def test_options_alone_make_a_house(self, home: Home) -> None:
        said = home.setup(*WHOLE)
        assert (said.code, said.err) == (0, "")
        els = home.settings.runners[0]
        assert (els.name, els.language, els.zone[0].bounds, els.zone[0].origin) == (
            "Els",
            "nl",
            (118, 136),
            "talk_test",
        )
        assert [day.name for day in els.days] == ["TUE", "THU", "SUN"]
        assert (str(els.time), els.plan, els.connects, els.facts.resting) == ("18:30:00", "rustig-12", "armed", 58)
        assert els.quiet is not None
        assert home.check().out == f"{home.file}: the settings are fine.\n"
        assert stat.S_IMODE(home.file.stat().st_mode) == 0o600

    def test_it_says_what_comes_next(self, home: Home) -> None:
        out = home.setup(*WHOLE).out
        for command in ("duurloop run", "duurloop page link", "duurloop doctor", str(home.file)):
            assert command in out

    @pytest.mark.parametrize(("terminal", "runner"), [("C.UTF-8", "nl"), ("nl_NL.UTF-8", "en")])
    def test_the_file_speaks_the_language_of_whoever_is_set_up_first(
        self, home: Home, terminal: str, runner: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LANG", terminal)
        home.setup(*WHOLE, "--language", runner)
        home.setup("--medication")
        home.setup(
            "--name", "Jo", "--language", "en" if runner == "nl" else "nl", "--zone", "118-136", "--week", "sun 20"
        )
        written, say = home.file.read_text(encoding="utf-8"), catalogue(runner).gettext
        for comment in (
            "The settings of duurloop. Change them here, or let duurloop setup ask you again.",
            "true if medicine changes your heart rate (beta blockers do): no formula is used then.",
        ):
            assert f"# {say(comment)}\n" in written
        assert written.count(f"# {say('When the summary of the week comes.')}\n") == 2

    def test_whoever_is_first_may_change_the_language(self, home: Home) -> None:
        home.setup(*WHOLE)
        home.setup("--language", "en", "--medication")
        assert "# true if medicine changes your heart rate" in home.file.read_text(encoding="utf-8")

    def test_a_name_and_a_year_are_enough(self, home: Home) -> None:
        assert home.setup("--name", "Els", "--born", "1980").code == 0
        zone = home.settings.runners[0].zone[0]
        assert zone.origin == "maf"

    def test_what_is_missing_is_named_by_its_options(self, home: Home) -> None:
        said = home.setup("--plan", "walk-4")
        assert said.code == 2
        assert "missing: --name, --zone" in said.err
        assert not home.file.exists()

    def test_medicine_makes_no_zone_of_a_year(self, home: Home) -> None:
        assert "missing: --zone" in home.setup("--name", "Els", "--born", "1980", "--medication").err

    @pytest.mark.parametrize(
        ("option", "value", "word"),
        [
            ("--zone", "136-118", "118-136"),
            ("--days", "someday", "tue"),
            ("--time", "25:00", "18:30"),
            ("--week", "sun", "18:30"),
            ("--quiet", "22:00", "22:00-07:00"),
            ("--plan", "rustig-13", "rustig-12"),
            ("--strap", "C0:00:00:12", "C0:00:00:12:34:56"),
            ("--born", "80", "1980"),
            ("--resting", "300", "120"),
            ("--listen", "8421", "127.0.0.1:8421"),
            ("--address", "house", "http://"),
            ("--channel", "phone=ntfy", "NAME=ADDRESS"),
            ("--channel", "phone=@/nowhere", "/nowhere"),
            ("--channel", "phone=env:NOT_THERE", "NOT_THERE"),
            ("--strava-secret-file", "/nowhere", "/nowhere"),
            ("--strava-client-id", "mine", "number"),
            ("--strap", "\x1b[A", "name"),
            ("--for", "live", "--channel"),
            ("--zone", "58-75", "60 to 220"),
        ],
    )
    def test_a_slip_is_told_with_what_would_do(self, home: Home, option: str, value: str, word: str) -> None:
        said = home.setup(*WHOLE, option, value)
        assert said.code == 2
        line = said.err.splitlines()[-1]
        assert line.startswith(f"Error: {option}: ")
        assert word in line
        assert not home.file.exists()

    def test_what_the_settings_would_refuse_is_refused_before_they_are_written(self, home: Home) -> None:
        said = home.setup("--name", "Els", "--zone", "118-136", "--upload")
        assert said.code == 78
        assert "runners[1].upload: wants an application" in said.err
        assert not home.file.exists()

    @pytest.mark.parametrize(
        "options",
        [
            ("--strap", "H10", "--no-strap"),
            ("--channel", "phone=json://localhost/a", "--channel", "Phone=json://localhost/b"),
            ("--channel", "phone=json://localhost/a", "--remove-channel", "phone"),
            ("--figures",),
        ],
        ids=["strap", "channel twice", "channel to and fro", "figures of nothing"],
    )
    def test_options_that_contradict_each_other_change_nothing(self, home: Home, options: tuple[str, ...]) -> None:
        assert home.setup("--name", "Els", "--zone", "118-136", *options).code == 2
        assert not home.file.exists()


class TestSecrets:
    def test_a_channels_address_stands_in_a_file_of_its_own(
        self, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "url").write_text("ntfys://ntfy.example.org/never-guessed\n", encoding="utf-8")
        monkeypatch.setenv("MAIL_URL", "mailtos://els:secret@example.org")
        said = home.setup(*WHOLE, "--channel", f"Mijn telefoon=@{tmp_path / 'url'}", "--channel", "mail=env:MAIL_URL")
        assert said.code == 0
        assert "never-guessed" not in home.file.read_text(encoding="utf-8")
        assert (home.credentials / "els-mijn-telefoon").read_text() == "ntfys://ntfy.example.org/never-guessed\n"
        modes = {stat.S_IMODE(path.stat().st_mode) for path in home.credentials.iterdir()}
        assert modes == {0o600}
        assert home.settings.runners[0].channels[1].address.get_secret_value() == "mailtos://els:secret@example.org"

    def test_stravas_comes_from_a_file(self, home: Home, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("0123456789abcdef\n", encoding="utf-8")
        home.setup(*WHOLE, "--strava-client-id", "12345", "--strava-secret-file", str(tmp_path / "secret"), "--upload")
        secret = home.settings.strava.secret
        assert secret is not None
        assert secret.get_secret_value() == "0123456789abcdef"
        assert "0123456789abcdef" not in home.file.read_text(encoding="utf-8")

    def test_names_that_look_alike_get_files_of_their_own(self, home: Home) -> None:
        home.setup(*WHOLE, "--channel", "phone=json://localhost/1")
        home.setup("--name", "Éls", "--zone", "100-120", "--channel", "phone=json://localhost/2")
        assert sorted(path.name for path in home.credentials.iterdir()) == ["els-phone", "els-phone-2"]


class TestADryRun:
    def test_a_service_that_is_there_takes_new_settings_up_without_being_stopped(self, home: Home, say: Say) -> None:
        del home
        say("setup", "--user", "--yes", "--name", "Els", "--zone", "118-136")
        for asked, told, untold in (
            (("--time", "19:00"), "reload-or-restart", "daemon-reload"),
            (("--channel", "phone=json://localhost/"), "systemctl --user restart", "reload-or-restart"),
            (("--export-folder", "/srv/fit"), "systemctl --user restart", "reload-or-restart"),
            (("--service",), "systemctl --user restart", "reload-or-restart"),
        ):
            out = say("setup", "--user", "--yes", "--dry-run", *asked).out
            assert told in out
            assert untold not in out

    def test_every_file_and_command_is_shown_and_nothing_is_done(
        self, home: Home, say: Say, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("URL", "ntfys://ntfy.example.org/never-guessed")
        before = home.everything()
        said = say("setup", "--user", "--yes", "--dry-run", *WHOLE, "--channel", "phone=env:URL")
        assert said.code == 0
        assert home.everything() == before
        for shown in (str(home.file), 'name = "Els"', "credentials/els-phone", "ExecStart=", "daemon-reload", "***"):
            assert shown in said.out
        assert "never-guessed" not in said.out


class TestOnceMore:
    def test_only_what_is_asked_changes(self, home: Home) -> None:
        home.setup(*WHOLE)
        own = home.file.read_text(encoding="utf-8").replace('plan = "rustig-12"', "plan = 'rustig-12'   # mine")
        home.file.write_text(own, encoding="utf-8")
        assert home.setup("--time", "19:00").code == 0
        assert home.file.read_text(encoding="utf-8") == own.replace('"18:30"', '"19:00"')

    def test_the_same_again_is_no_change(self, home: Home) -> None:
        home.setup(*WHOLE)
        before = home.everything()
        said = home.setup(*WHOLE)
        assert (said.code, said.out) == (0, "It is already set up like this. Nothing has changed.\n")
        assert home.everything() == before

    def test_a_second_runner_joins(self, home: Home) -> None:
        home.setup(*WHOLE)
        home.setup("--name", "Jan", "--zone", "100-120", "--no-strap")
        assert [runner.name for runner in home.settings.runners] == ["Els", "Jan"]
        assert "--name, please: one of Els, Jan" in home.setup("--plan", "walk-4").err

    def test_without_a_page_there_is_no_address_that_leads_to_it(self, home: Home) -> None:
        home.setup(*WHOLE)
        assert home.setup("--listen", "none", "--address", "http://house.local:8421").code == 78
        assert home.setup("--listen", "none").code == 0
        assert (home.settings.page.listen, home.settings.page.address) == (None, None)

    def test_a_channel_goes_and_its_settings_change(self, home: Home) -> None:
        home.setup(*WHOLE, "--channel", "phone=json://localhost/1", "--channel", "mail=json://localhost/2")
        home.setup("--channel", "phone", "--for", "live", "--figures", "--remove-channel", "mail")
        (phone,) = home.settings.runners[0].channels
        assert (phone.purposes, phone.figures) == (("live",), True)
        assert [secret.name for secret in (home.file.parent / "credentials").iterdir()] == ["els-phone"]

    @pytest.mark.parametrize("slip", [("--remove-channel", "fone"), ("--channel", "fone", "--for", "live")])
    def test_a_channel_that_nobody_has_is_told_with_those_that_there_are(
        self, home: Home, slip: tuple[str, ...]
    ) -> None:
        home.setup(*WHOLE, "--channel", "phone=json://localhost/1", "--channel", "mail=json://localhost/2")
        before = home.everything()
        said = home.setup(*slip)
        assert said.code == 2
        assert said.err.splitlines()[-1] == f"Error: {slip[0]}: There is no channel fone, only: phone, mail."
        assert home.everything() == before

    def test_where_there_is_no_channel_none_can_go(self, home: Home) -> None:
        home.setup(*WHOLE)
        assert "Error: --remove-channel: There is no channel yet." in home.setup("--remove-channel", "phone").err

    def test_the_mode_of_the_file_stays(self, home: Home) -> None:
        home.setup(*WHOLE)
        home.file.chmod(0o640)
        home.setup("--time", "19:00")
        assert stat.S_IMODE(home.file.stat().st_mode) == 0o640

    def test_a_faulty_file_is_told_and_left_alone(self, home: Home) -> None:
        home.file.parent.mkdir(parents=True)
        home.file.write_text('[[runners]]\nname = "Els"\nzone = "136-118"\n', encoding="utf-8")
        before = home.everything()
        said = home.setup("--time", "19:00")
        assert said.code == 78
        assert f"{home.file}:3: runners[1].zone" in said.err
        assert "Nothing has changed" in said.err
        assert home.everything() == before

    def test_a_file_without_anybody_in_it_gets_its_first_runner(self, home: Home) -> None:
        home.file.parent.mkdir(parents=True)
        home.file.write_text('[page]\nlisten = ""   # no page\n', encoding="utf-8")
        assert home.setup("--name", "Els", "--zone", "118-136").code == 0
        assert home.settings.page.listen is None
        assert home.file.read_text(encoding="utf-8").startswith('[page]\nlisten = ""   # no page\n')

    def test_with_nothing_to_do_and_nobody_to_ask_it_says_so(self, home: Home) -> None:
        home.setup(*WHOLE)
        said = home._say("setup", "--user", "--yes")
        assert said.code == 2
        assert "nobody is here to be asked" in said.err


class TestTestMessages:
    def test_a_phone_and_a_mailbox_get_one(self, home: Home) -> None:
        with HttpReceiver() as phone, SmtpReceiver() as post:
            mail = f"mailto://els:secret@{post.address}?smtp=127.0.0.1&mode=insecure&from=els@example.org&to=els@example.org"
            said = home.setup(
                *WHOLE, "--channel", f"phone=json://{phone.address}/", "--channel", f"mail={mail}", "--test"
            )
            assert said.code == 0
            assert "phone: the test message was taken" in said.out
            (posted,) = phone.posts
            assert posted.json()["title"] == "Een proefbericht van duurloop"  # in hers; this terminal speaks English
            assert "Els" in posted.json()["message"]
            (mailed,) = post.mails
            kinds = [part.get_content_type() for part in mailed.message.walk()]
            assert "image/png" in kinds

    def test_one_that_is_refused_is_told_and_the_rest_is_set_up(self, home: Home) -> None:
        with HttpReceiver(Answer(403, '{"error": "forbidden"}')) as phone:
            said = home.setup(*WHOLE, "--channel", f"phone=json://{phone.address}/hidden-topic", "--test")
        assert said.code == 1
        assert "phone: HTTP 403 Forbidden" in said.err
        assert "hidden-topic" not in said.err
        assert home.settings.runners[0].channels[0].name == "phone"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may be somebody else")
def test_a_users_file_stays_theirs_when_root_changes_it(home: Home) -> None:
    home.setup(*WHOLE)
    os.chown(home.file, 1, 1)
    home.setup("--time", "19:00", "--channel", "phone=json://localhost/")
    assert home.file.stat().st_uid == 1
    assert (home.credentials / "els-phone").stat().st_uid == 1


def test_a_dry_run_hides_a_secret_however_it_is_written(home: Home) -> None:
    home.file.parent.mkdir(parents=True)
    home.file.write_text(
        '[[runners]]\nname = "Els"\nzone = "118-136"\n'
        '[[runners.channels]]\nname = "phone"\nurl = "json://els:a\\"b@localhost/"\n',
        encoding="utf-8",
    )
    said = home.setup("--time", "18:30", "--dry-run")
    assert said.code == 0
    assert "els:a" not in said.out


def test_whoever_has_a_service_of_their_own_is_told_how_it_is_started(home: Home, say: Say) -> None:
    del home
    say("setup", "--user", "--yes", "--name", "Els", "--zone", "118-136")
    assert "systemctl --user start duurloop" in say("status").out
    assert "systemctl --user start duurloop" in say("start").err


class TestOddHomes:
    def test_a_link_to_the_settings_stays_one(self, home: Home, tmp_path: Path) -> None:
        real = tmp_path / "dotfiles.toml"
        real.write_text('[[runners]]\nname = "Els"\nzone = "118-136"\n', encoding="utf-8")
        home.file.parent.mkdir(parents=True)
        home.file.symlink_to(real)
        assert home.setup("--zone", "119-137").code == 0
        assert home.file.is_symlink()
        assert "119-137" in real.read_text(encoding="utf-8")

    def test_a_home_that_is_not_there_is_told(self, home: Home) -> None:
        home.path.rmdir()
        said = home.setup("--name", "Els", "--zone", "118-136")
        assert (said.code, said.err) == (1, f"duurloop: there is no home {home.path}\n")

    def test_a_file_in_the_place_of_a_folder_is_told(self, home: Home) -> None:
        (home.path / ".config").write_text("", encoding="utf-8")
        said = home.setup("--name", "Els", "--zone", "118-136")
        assert said.code == 1
        assert ".config/duurloop: Not a directory" in said.err.splitlines()[-1]

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root comes by sudo")
    @pytest.mark.parametrize(
        "command", [("setup", "--yes", "--name", "Els", "--zone", "118-136"), ("uninstall", "--yes")]
    )
    @pytest.mark.parametrize("how", ["a borrowed home", "sudo"])
    def test_root_lays_nothing_in_the_name_of_somebody_else(
        self, say: Say, home: Home, command: tuple[str, ...], how: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if how == "sudo":
            monkeypatch.setenv("SUDO_UID", "1000")
        else:
            os.chown(home.path, 1, 1)
        said = say(*command, "--user")
        assert said.code == 1
        assert "without sudo" in said.err
        assert list(home.path.rglob("*")) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may be somebody else")
def test_a_file_of_an_owner_without_a_name_stays_theirs(home: Home) -> None:
    home.setup(*WHOLE)
    os.chown(home.file, 54321, 54321)
    assert home.setup("--time", "19:00").code == 0
    assert home.file.stat().st_uid == 54321


class TestUpToDate:
    def test_what_broke_off_half_way_is_done_the_next_time(self, home: Home, say: Say) -> None:
        whole = ("setup", "--user", "--yes", "--name", "Els", "--zone", "118-136")
        assert say(*whole).code == 0
        enabled = home.path / ".config/systemd/user/default.target.wants/duurloop.service"
        enabled.unlink()
        said = say(*whole)
        assert "It is already set up like this." in said.out
        assert enabled.is_symlink()

    def test_what_breaks_off_half_way_says_what_does_the_rest(self, home: Home, say: Say) -> None:
        in_the_way = home.path / ".config/systemd/user/default.target.wants/duurloop.service"
        in_the_way.mkdir(parents=True)
        said = say("setup", "--user", "--yes", "--name", "Els", "--zone", "118-136")
        assert said.code == 1
        assert "duurloop setup --user --service" in said.err
        in_the_way.rmdir()
        assert say("setup", "--user", "--service", "--yes").code == 0
        assert in_the_way.is_symlink()

    def test_what_this_version_has_is_laid_anew_whatever_the_settings_are(self, home: Home, say: Say) -> None:
        say("setup", "--user", "--yes", "--name", "Els", "--zone", "118-136")
        unit = home.path / ".config/systemd/user/duurloop.service"
        unit.write_text("old\n", encoding="utf-8")
        home.file.write_text("[[runners]]\n", encoding="utf-8")
        assert say("setup", "--user", "--refresh").code == 0
        assert "ExecStart=" in unit.read_text(encoding="utf-8")
        assert home.file.read_text(encoding="utf-8") == "[[runners]]\n"

    def test_there_must_be_something(self, say: Say, home: Home) -> None:
        del home
        said = say("setup", "--user", "--refresh")
        assert (said.code, said.err) == (1, "duurloop: nothing is set up here yet: duurloop setup\n")


def test_a_port_that_somebody_has_is_told(home: Home) -> None:
    with HttpReceiver() as other:
        said = home.setup("--name", "Els", "--zone", "118-136", "--listen", other.address)
        assert f"Another program has port {other.port}" in said.err
