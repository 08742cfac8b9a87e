"""`duurloop strava ...`, against our own small Strava over HTTP."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener, urlopen

import pytest

from tests.strava_server import StravaServer
from tests.terminal import Say, have_browser, typing_with

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@pytest.fixture
def strava() -> Iterator[StravaServer]:
    with StravaServer() as strava:
        athlete = strava.add_athlete()
        now = datetime.now(UTC)
        athlete.add_run(now - timedelta(hours=2), 12, bpm=128, name="Rustige duurloop 🏃")
        athlete.add_run(now - timedelta(days=2), 12, bpm=150)
        yield strava


@pytest.fixture
def duurloop(say: Say, strava: StravaServer, tmp_path: Path) -> Say:
    """Type with settings that know the application."""
    return typing_with(f'{strava.settings}[[runners]]\nname = "Els"\nzone = "118-136"\n', say, tmp_path)


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Have a browser that says yes."""
    have_browser(monkeypatch, tmp_path)


class _Stay(HTTPRedirectHandler):
    """Stops where the browser would be sent on."""

    def redirect_request(self, *_: object) -> None:
        return None


Paste = Callable[[Callable[[str], str]], None]


@pytest.fixture
def paste(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Paste:
    """Say yes elsewhere, and paste what `change` makes of the address at which the browser ended."""

    class Elsewhere(StringIO):
        def __init__(self, change: Callable[[str], str]) -> None:
            super().__init__()
            self._change = change

        def readline(self, *_: object) -> str:  # type: ignore[override]
            address = capsys.readouterr().out.strip()
            answer = build_opener(_Stay, _NoErrors).open(Request(address))  # noqa: S310 - our own server
            return self._change(answer.headers["Location"]) + "\n"

    def at_the_terminal(change: Callable[[str], str]) -> None:
        monkeypatch.setattr(sys, "stdin", Elsewhere(change))

    return at_the_terminal


class _NoErrors(HTTPRedirectHandler):
    def http_error_302(self, _request: object, answer: object, *_: object) -> object:
        return answer


@pytest.mark.usefixtures("browser")
class TestInTheBrowser:
    def test_a_link_is_made_and_brings_the_runs_in(self, duurloop: Say, strava: StravaServer) -> None:
        said = duurloop("strava", "link")
        assert said.code == 0
        assert "Linked." in said.out
        assert duurloop("strava", "sync").code == 0
        assert next(run["name"] for run in duurloop("runs", "--json").json()) == "Rustige duurloop 🏃"
        assert len(strava.requests.counted()) == 4  # the page, two runs, and the empty page behind it
        assert strava.leaks == []

    def test_boxes_that_were_not_ticked_are_named_with_what_follows(self, duurloop: Say, strava: StravaServer) -> None:
        strava.grants = {"read", "activity:read_all"}
        said = duurloop("strava", "link")
        assert said.code == 0
        assert said.err.splitlines()[2:] == [
            "not allowed: your profile with its heart-rate zones; they cannot be proposed to you",
        ]
        assert duurloop("strava", "status", "--json").json()["links"][0]["scopes"] == ["activity:read_all", "read"]

    def test_without_activities_there_is_nothing_to_read(self, duurloop: Say, strava: StravaServer) -> None:
        strava.grants = {"read"}
        said = duurloop("strava", "link")
        assert said.code == 1
        assert "that box was not ticked" in said.err

    def test_a_no_is_taken_for_a_no(self, duurloop: Say, strava: StravaServer) -> None:
        strava.denies = True
        said = duurloop("strava", "link")
        assert said.code == 1
        assert said.err.endswith(
            "duurloop: Strava was told no; nothing has changed. To try again: duurloop strava link\n"
        )

    def test_a_wrong_secret_is_said(self, duurloop: Say, strava: StravaServer) -> None:
        strava.client_secret = "another"  # noqa: S105
        assert duurloop("strava", "link").code == 78

    def test_an_inactive_application_is_said_plainly(self, duurloop: Say, strava: StravaServer) -> None:
        strava.active = False
        assert duurloop("strava", "link").code == 0
        said = duurloop("strava", "sync")
        assert said.code == 69
        assert "paid subscription" in said.out

    def test_the_link_is_ended_with_all_that_came_by_it(self, duurloop: Say, strava: StravaServer) -> None:
        duurloop("strava", "link")
        duurloop("strava", "sync")
        said = duurloop("strava", "unlink", "--yes")
        assert said.code == 0
        assert duurloop("runs", "--json").json() == []
        assert duurloop("strava", "status", "--json").json()["links"] == []
        assert len(strava.requests.like("/oauth/revoke")) == 1

    def test_copies_are_rid_of_the_link_too(self, duurloop: Say, tmp_path: Path) -> None:
        duurloop("strava", "link")
        copies = tmp_path / "state" / "backups"
        copies.mkdir()
        made = Path(duurloop("backup", str(copies), "--json").json()["file"])
        with closing(sqlite3.connect(made)) as copy:
            ((refresh,),) = copy.execute("SELECT refresh FROM strava_account").fetchall()
        duurloop("strava", "unlink", "--yes")
        assert refresh.encode() not in made.read_bytes()

    def test_what_strava_could_not_be_told_is_forgotten_here_all_the_same(
        self, duurloop: Say, strava: StravaServer
    ) -> None:
        duurloop("strava", "link")
        strava.has_revoke = strava.has_deauthorize = False
        said = duurloop("strava", "unlink", "--yes")
        assert said.code == 1
        assert "settings/apps" in said.err
        assert duurloop("strava", "status", "--json").json()["links"] == []

    def test_a_link_is_ended_for_who_left_the_settings_and_without_an_application(
        self, duurloop: Say, tmp_path: Path
    ) -> None:
        duurloop("strava", "link")
        duurloop("strava", "sync")
        (tmp_path / "duurloop.toml").write_text('[[runners]]\nname = "Jan"\nzone = "118-136"\n', encoding="utf-8")
        said = duurloop("strava", "unlink", "--yes")
        assert said.code == 1
        assert "(no application in the settings): end the access at" in said.err
        assert duurloop("runs", "--json").json() == []
        assert duurloop("strava", "status", "--json").json()["links"] == []

    def test_a_used_up_day_ends_the_sync_with_try_later(self, duurloop: Say, strava: StravaServer) -> None:
        duurloop("strava", "link")
        strava.read_quota.limit = (100, 0)  # also tomorrow, if midnight comes on the way
        assert duurloop("strava", "sync").code == 75


class TestOnAnotherMachine:
    def test_the_address_is_pasted(self, duurloop: Say, paste: Paste) -> None:
        paste(lambda address: f"  {address}  ")
        said = duurloop("strava", "link", "--paste")
        assert said.code == 0
        assert "Linked." in said.out

    @pytest.mark.parametrize(
        ("change", "complaint"),
        [
            (lambda _: "", "has no code in it"),
            (lambda _: "abcdef0123", "has no code in it"),
            (lambda _: "http://[localhost/strava?code=1", "has no code in it"),
            (lambda _: "http://localhost/strava?" + "a=1&" * 99, "has no code in it"),
            (lambda address: address.replace("state=", "state=x"), "belongs to another attempt"),
            (lambda address: address.replace("code=", "kode="), "has no code in it"),
            (lambda address: address.replace("code=", "code=x"), "duurloop: "),
        ],
        ids=[
            "nothing",
            "the code alone",
            "no address",
            "far too much",
            "another attempt's",
            "without a code",
            "a wrong code",
        ],
    )
    def test_anything_else_is_refused_in_one_line(
        self, duurloop: Say, paste: Paste, change: Callable[[str], str], complaint: str
    ) -> None:
        paste(change)
        said = duurloop("strava", "link", "--paste")
        assert said.code == 1
        assert complaint in said.err.splitlines()[-1]


class TestFromAScript:
    """In a process of its own, whose input and output are pipes and which knows no browser."""

    @pytest.fixture
    def linking(self, strava: StravaServer, duurloop: Say, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
        del strava, duurloop  # they wrote the settings, and answer
        quiet = {name: value for name, value in os.environ.items() if name not in {"BROWSER", "DISPLAY"}}
        command = [sys.executable, "-P", "-m", "daemon", "--config", str(tmp_path / "duurloop.toml")]
        command += ["--state", str(tmp_path / "state"), "strava", "link"]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=quiet
        ) as process:
            yield process
            process.kill()

    def test_whatever_opens_the_printed_address_comes_back_to_us(self, linking: "subprocess.Popen[str]") -> None:
        assert linking.stdout
        with urlopen(linking.stdout.readline().strip()) as page:  # noqa: S310 - our own server
            assert b"You may close this page" in page.read()
        out, _ = linking.communicate(timeout=60)
        assert (linking.returncode, out.startswith("Linked.")) == (0, True)

    def test_the_address_at_which_a_browser_elsewhere_ended_can_be_pasted(
        self, linking: "subprocess.Popen[str]"
    ) -> None:
        assert linking.stdout
        answer = build_opener(_Stay, _NoErrors).open(linking.stdout.readline().strip())
        out, _ = linking.communicate(answer.headers["Location"] + "\n", timeout=60)
        answer.close()
        assert (linking.returncode, out.startswith("Linked.")) == (0, True)

    def test_a_foreign_answer_is_sent_away_and_waited_past(self, linking: "subprocess.Popen[str]") -> None:
        assert linking.stdout
        address = linking.stdout.readline().strip()
        (redirect,) = parse_qs(urlsplit(address).query)["redirect_uri"]
        for stranger in (f"{redirect}?code=1&state=another", f"{redirect}/favicon.ico", redirect):
            with pytest.raises(HTTPError, match="404") as refused:
                urlopen(stranger)  # noqa: S310 - ourselves
            refused.value.close()
        with urlopen(address):  # noqa: S310
            pass
        assert linking.wait(60) == 0


class TestWithoutALink:
    def test_status_says_how_to_make_one(self, duurloop: Say) -> None:
        assert duurloop("strava", "status").out == "Nobody is linked to Strava: duurloop strava link\n"

    def test_there_is_nothing_to_sync_or_to_end(self, duurloop: Say) -> None:
        assert duurloop("strava", "sync").err == "duurloop: nobody is linked to Strava: duurloop strava link\n"
        assert (
            duurloop("strava", "unlink", "--yes").err == "duurloop: nobody is linked to Strava: duurloop strava link\n"
        )

    def test_settings_without_an_application_are_said_to_have_none(self, say: Say, tmp_path: Path) -> None:
        settings = tmp_path / "duurloop.toml"
        settings.write_text('[[runners]]\nname = "Els"\nzone = "118-136"\n', encoding="utf-8")
        said = say("--config", settings, "--state", tmp_path / "state", "strava", "link")
        assert said.code == 78
        assert said.err.startswith("duurloop: no Strava application in the settings: register one at")
