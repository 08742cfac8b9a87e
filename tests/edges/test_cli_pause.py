"""`duurloop pause` and `resume`, as they are typed."""

import asyncio
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.sqlite import open_database
from connectors.sqlite_store import SqliteStore
from daemon.control import listening
from daemon.state_folder import DATABASE_NAME
from daemon.store import OccasionPassed, Pause
from tests.terminal import Said, Say, zone_at_midday

ZONE = zone_at_midday()
SETTINGS = f'timezone = "{ZONE}"\n' + "".join(
    f'[[runners]]\nname = "{name}"\nzone = "118-136"\ndays = ["tue"]\ntime = "18:30"\n' for name in ("Els", "Jan")
)


def today() -> date:
    return datetime.now(ZoneInfo(ZONE)).date()


def in_days(number: int) -> str:
    return str(today() + timedelta(days=number))


class Home:
    """A household of Els and Jan, and what is kept of Els."""

    def __init__(self, say: Say, folder: Path) -> None:
        self._say, self._settings, self.state = say, folder / "duurloop.toml", folder / "state"
        self._settings.write_text(SETTINGS, encoding="utf-8")

    def type(self, *arguments: str) -> Said:
        return self._say("--config", self._settings, "--state", self.state, *arguments)

    def pause(self, until: str, *more: str) -> Said:
        return self.type("pause", "--runner", "Els", "--until", until, *more)

    def resume(self, *more: str) -> Said:
        return self.type("resume", "--runner", "Els", *more)

    @property
    def pauses(self) -> list[Pause]:
        async def look() -> list[Pause]:
            async with open_database(self.state / DATABASE_NAME) as database:
                return await SqliteStore(database).pauses("Els")

        return asyncio.run(look())

    @property
    def occasions(self) -> dict[str, OccasionPassed]:
        async def look() -> dict[str, OccasionPassed]:
            async with open_database(self.state / DATABASE_NAME) as database:
                return await SqliteStore(database).occasions("Els")

        return asyncio.run(look())


@pytest.fixture
def home(say: Say, tmp_path: Path) -> Home:
    return Home(say, tmp_path)


@pytest.mark.parametrize(
    ("why", "wish"),
    [
        ((), "Rest is part of it."),
        (("--why", "illness"), "Take all the time you need."),
        (("--why", "Vakantie"), "Have a good time."),
        (("--why", "a busy time at work"), "Rest is part of it."),
    ],
)
def test_a_pause_says_kindly_what_happens(home: Home, why: tuple[str, ...], wish: str) -> None:
    said = home.pause(in_days(10), *why)
    assert said.code == 0
    assert said.out.splitlines() == [
        wish,
        f"I don't remind you up to and including {in_days(10)}. Nothing is lost.",
        "Back sooner? duurloop resume",
    ]


def test_a_pause_is_kept_with_its_reason(home: Home) -> None:
    assert home.pause(in_days(10), "--why", "ziek", "--json").json() == {
        "type": "pause",
        "runner": "Els",
        "until": in_days(10),
        "why": "illness",
    }
    (kept,) = home.pauses
    assert (str(kept.until), kept.why, kept.ended_at) == (in_days(10), "illness", None)


@pytest.mark.parametrize(("until", "days"), [("3d", 3), ("2w", 14), ("2 W", 14), ("0d", 0)])
def test_the_last_day_may_be_said_as_a_span(home: Home, until: str, days: int) -> None:
    assert home.pause(until, "--json").json()["until"] == in_days(days)


@pytest.mark.parametrize(
    "names", [("sun", "zondag"), ("Friday", "vr"), ("MON", "ma"), ("tues", "dins"), ("sat.", "za.")]
)
def test_the_last_day_may_be_said_as_the_next_of_its_name(home: Home, names: tuple[str, str]) -> None:
    first, second = (date.fromisoformat(home.pause(name, "--json").json()["until"]) for name in names)
    assert first == second
    assert 1 <= (first - today()).days <= 7


def test_a_pause_within_a_pause_moves_the_end_and_keeps_the_beginning_and_the_reason(home: Home) -> None:
    home.pause("3d", "--why", "illness")
    said = home.pause("1w")
    assert said.out.splitlines()[0] == f"The pause now lasts up to and including {in_days(7)}."
    first, second = home.pauses
    assert first.ended_at is not None
    assert (second.since, str(second.until), second.why, second.ended_at) == (first.since, in_days(7), "illness", None)


def test_who_is_back_before_its_end_is_welcome(home: Home) -> None:
    home.pause("2w")
    said = home.resume()
    assert (said.code, said.out) == (0, "Good to have you back. Everything goes on as agreed; begin gently.\n")
    (ended,) = home.pauses
    assert ended.ended_at is not None


def test_without_a_pause_resume_says_so_and_is_a_sign_of_life_all_the_same(home: Home) -> None:
    said = home.resume()
    assert (said.code, said.out) == (0, "There is no pause just now. Everything goes on as agreed.\n")
    assert home.pauses == []
    assert home.occasions["sign"].occurrence == in_days(0)


def test_resume_tells_programs_that_there_is_no_pause_any_more(home: Home) -> None:
    home.pause("2w")
    assert home.resume("--json").json() == {"type": "pause", "runner": "Els", "until": None, "why": None}


@pytest.mark.parametrize(
    ("until", "error"),
    [
        ("soon", "'soon' is no day I know; 2026-12-24 is one, and so are fri, 3d and 2w"),
        ("2026-02-30", "'2026-02-30' is no day I know; 2026-12-24 is one, and so are fri, 3d and 2w"),
        ("2020-01-01", "2020-01-01 has been already; a pause ends today or later"),
        ("9999-12-31", "9999-12-31 is more than a year away; say a nearer day, it can be moved later"),
        ("", "'' is no day I know; 2026-12-24 is one, and so are fri, 3d and 2w"),
    ],
)
def test_a_day_on_which_no_pause_can_end_is_a_usage_error(home: Home, until: str, error: str) -> None:
    said = home.pause(until)
    assert said.code == 2
    assert said.err.splitlines()[-1] == f"Error: Invalid value for --until: {error}"
    assert not (home.state / DATABASE_NAME).exists()


def test_a_reason_as_long_as_a_letter_is_a_usage_error(home: Home) -> None:
    assert home.pause("3d", "--why", "so " * 100).code == 2


@pytest.mark.parametrize("command", [("pause", "--until", "3d"), ("resume",)])
def test_an_unknown_runner_is_one_line(home: Home, command: tuple[str, ...]) -> None:
    said = home.type(*command, "--runner", "Piet")
    assert (said.code, said.err) == (1, "duurloop: no runner named Piet lives here: there is Els, Jan\n")


def test_a_running_service_looks_at_once(home: Home) -> None:
    async def beside_a_service(type_: Callable[[], Said]) -> tuple[Said, int]:
        woken = 0

        async def wake(_: object) -> dict[str, object]:
            nonlocal woken
            woken += 1
            return {}

        home.state.mkdir(mode=0o700)
        async with listening(home.state, {"wake": wake}):
            said = await asyncio.to_thread(type_)
        return said, woken

    said, woken = asyncio.run(beside_a_service(lambda: home.pause("3d")))
    assert (said.code, woken) == (0, 1)
