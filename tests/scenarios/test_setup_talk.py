"""The whole talk of `duurloop setup` at a real terminal: a strap on the air, a phone and a mailbox that receive."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from config.loader import load
from daemon.from_settings import language
from tests.fake_bluez import FakeBluez, FakeStrap, bluez_of_our_own
from tests.pty_talk import Talk, talk
from tests.receivers import HttpReceiver, Silence, SmtpReceiver

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@pytest.fixture
async def bluez(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeBluez]:
    async with bluez_of_our_own(monkeypatch) as fake:
        yield fake


def at_home(home: Path) -> Mapping[str, str]:
    """The environment of somebody who has nothing yet, on a machine whose systemd cannot be reached."""
    home.mkdir(exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "DBUS_SYSTEM_BUS_ADDRESS") if name in os.environ}
    return {**kept, "HOME": str(home), "LANG": "C.UTF-8", "TERM": "dumb", "XDG_RUNTIME_DIR": str(home / "nowhere")}


def begin(one: Talk, code: str) -> None:
    """Go as far as the strap, in a language."""
    say = language(code).say
    one.answers("Nederlands of English?", code)
    one.answers(say("Your name"), "Els")
    one.answers(say("Does medicine change your heart rate (beta blockers do)?"))
    one.answers(say("Your year of birth, or Enter to skip"), "1980")
    one.answers(say("Your heart rate at rest, if you know it"))
    one.answers(say("Your zone: a number above, your own such as 118-136, t for the talk test (20 minutes)"), "118-136")
    one.answers(say("Which days do you run? - for no fixed days"), "di, zo")
    one.answers(say("When shall I remind you?"), "19.00")
    one.answers(say("When shall the week be summed up?"))
    one.answers(say("Hours of quiet; - for none"))
    one.answers("[rustig-12]", "1")


def lead_in_english(home: Path, phone: HttpReceiver, post: SmtpReceiver) -> str:
    with talk(["setup", "--user", "--no-service"], at_home(home)) as one:
        begin(one, "en")
        one.answers("Enter listens")
        heard = one.answers("Which one is yours?")
        assert "Polar H10 12345678  strong signal (-5" in heard
        heard = one.answers("Does a watch or a phone need this strap, too?", "no")
        assert "Its battery: 87 %." in heard
        one.answers("[1]", "5")
        one.answers("The address", f"json://{phone.address}/")
        for question in ("A name for it", "What goes there?", "May heart rates stand in it?"):
            one.answers(question)
        one.answers("Did it arrive?")
        one.answers("[-]", "2")
        one.answers("Your mail address", "els@example.org")
        one.answers("The server that sends your mail", "127.0.0.1")
        one.answers("Its port", str(post.port))
        one.answers("Your user name there")
        one.answers("Its password", "very secret")
        for question in ("A name for it", "What goes there?", "May heart rates stand in it?"):
            one.answers(question)
        one.answers("Did it arrive?")
        one.answers("[-]")
        one.answers("Do you have such an application?")
        one.answers("Who may see it?", "1")
        short = one.answers("Shall I set it up like this?")
        assert "Messages: to mail" in short
        assert one.ends() == 0
        return one.said


async def test_in_english_from_strap_to_mailbox(bluez: FakeBluez, tmp_path: Path) -> None:
    bluez.add(FakeStrap())
    with HttpReceiver() as phone, SmtpReceiver() as post:
        said = await asyncio.to_thread(lead_in_english, tmp_path / "home", phone, post)
        assert "Els" in phone.posts[0].json()["message"]
        assert [part.get_content_type() for part in post.mails[0].message.walk()].count("image/png") == 1
    assert "very secret" not in said  # as it was typed
    file = tmp_path / "home/.config/duurloop/duurloop.toml"
    assert "very" not in file.read_text(encoding="utf-8")
    els = load(file, {}).runners[0]
    assert (els.strap.name if els.strap else None, els.plan, els.language) == ("Polar H10 12345678", "walk-4", "en")
    assert [channel.name for channel in els.channels] == ["other", "mail"]


def lead_in_dutch(home: Path) -> str:
    say = language("nl").say
    with talk(["setup", "--user", "--no-service"], at_home(home)) as one:
        begin(one, "nl")
        one.answers(say("Enter listens, s skips, or type its name"))
        one.answers("[1]", "-")
        one.answers(say("Do you have such an application?"))
        one.answers(say("Who may see it?"), "1")
        one.answers(say("Shall I set it up like this?"))
        assert one.ends() == 0
        return one.said


async def test_in_dutch_without_a_radio(bluez: FakeBluez, tmp_path: Path) -> None:
    bluez.power(on=False)
    said = await asyncio.to_thread(lead_in_dutch, tmp_path / "home")
    say = language("nl").say
    assert say("We go on without; later: duurloop setup, or duurloop scan.") in said
    file = tmp_path / "home/.config/duurloop/duurloop.toml"
    assert say("Calm is between these two heart rates. If you can talk, you are in it.") in file.read_text(
        encoding="utf-8"
    )
    assert [day.name for day in load(file, {}).runners[0].days] == ["TUE", "SUN"]


def leave(home: Path, how: str) -> tuple[int, str]:
    with talk(["setup", "--user"], at_home(home)) as one:
        one.answers("Nederlands of English?", "en")
        one.answers("Your name", how)
        return one.ends(), one.said


@pytest.mark.parametrize("how", ["q", "\x04", "\x03"], ids=["q", "the end of input", "Ctrl-C"])
def test_whoever_leaves_finds_everything_as_it_was(how: str, tmp_path: Path) -> None:
    code, said = leave(tmp_path / "home", how)
    assert code == 0
    assert "Nothing has changed." in said
    assert list((tmp_path / "home").rglob("*")) == []


def test_whoever_does_not_wait_for_a_test_message_leaves_as_well(tmp_path: Path) -> None:
    home = tmp_path / "home"
    given = ("--name", "Els", "--zone", "118-136", "--days", "none", "--week", "sun 20:00", "--quiet", "none")
    with (
        HttpReceiver(Silence.HANG) as phone,
        talk(["setup", "--user", *given, "--plan", "none", "--no-strap"], at_home(home)) as one,
    ):
        one.answers("Nederlands of English?", "en")
        one.answers("[1]", "5")
        one.answers("The address", f"json://{phone.address}/")
        for question in ("A name for it", "What goes there?", "May heart rates stand in it?"):
            one.answers(question)
        one.interrupts("A test message is on its way")
        assert one.ends() == 0
    assert one.said.endswith("Nothing has changed.\n")
    assert list(home.rglob("*")) == []


def test_a_rehearsal_sends_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    given = ("--name", "Els", "--zone", "118-136", "--days", "none", "--week", "sun 20:00", "--quiet", "none")
    rest = ("--plan", "none", "--no-strap", "--listen", "none", "--no-service")
    with (
        HttpReceiver() as phone,
        talk(["setup", "--user", "--dry-run", *given, *rest], at_home(home)) as one,
    ):
        one.answers("Nederlands of English?", "en")
        one.answers("[1]", "5")
        one.answers("The address", f"json://{phone.address}/")
        for question in ("A name for it", "What goes there?", "May heart rates stand in it?"):
            one.answers(question)
        one.answers("[-]")
        one.answers("Do you have such an application?")
        one.answers("Shall I set it up like this?")
        assert one.ends() == 0
    assert phone.posts == []
    assert list(home.rglob("*")) == []


def test_half_a_letter_is_asked_again(tmp_path: Path) -> None:
    environ = {**at_home(tmp_path / "home"), "PYTHONIOENCODING": "utf-8:strict"}
    with talk(["setup", "--user"], environ) as one:
        one.answers("Nederlands of English?", "en")
        one.types("Your name", b"El\xc3\n")
        one.answers("Your name", "q")
        assert one.ends() == 0


@pytest.mark.parametrize(("answer", "code"), [("j", 0), ("ja", 0), ("", 130), ("nee", 130), ("wat", 130)])
def test_a_dutch_yes_is_a_yes(answer: str, code: int, tmp_path: Path) -> None:
    environ = {**at_home(tmp_path / "home"), "LANG": "nl_NL.UTF-8"}
    with talk(["uninstall", "--user"], environ) as one:
        one.answers("[j/N]", answer)
        if answer == "wat":
            one.answers("[j/N]", "q")
        assert one.ends() == code
    assert ("Er is niets veranderd." in one.said) == (code != 0)


async def test_where_there_is_no_systemd_the_settings_are_kept(bluez: FakeBluez, tmp_path: Path) -> None:
    bluez.power(on=False)
    said = await asyncio.to_thread(lead_without_systemd, {**at_home(tmp_path / "home"), "PATH": str(tmp_path)})
    assert "There is no systemd here" in said
    assert "Start it with: duurloop run" in said
    assert load(tmp_path / "home/.config/duurloop/duurloop.toml", {}).runners[0].name == "Els"


def lead_without_systemd(environ: Mapping[str, str]) -> str:
    with talk(["setup", "--user"], environ) as one:
        begin(one, "en")
        one.answers("Enter listens", "s")
        one.answers("[1]", "-")
        one.answers("Do you have such an application?")
        one.answers("Who may see it?", "1")
        one.answers("Shall I set it up like this?")
        assert one.ends() == 0
        return one.said


def test_it_asks_again_what_shall_change_and_installs_as_a_user(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with talk(["setup", "--user", "--yes", "--name", "Els", "--zone", "118-136"], at_home(home)) as one:
        assert one.ends() == 0
    assert (home / ".config/systemd/user/duurloop.service").is_file()
    with talk(["setup", "--user"], at_home(home)) as one:
        one.answers("[-]", "3")
        one.answers("[-]", "continuous")
        one.answers("[-]")
        one.answers("Shall I set it up like this?")
        assert one.ends() == 0
    assert load(home / ".config/duurloop/duurloop.toml", {}).runners[0].plan == "continuous"
