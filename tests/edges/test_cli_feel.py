"""`duurloop feel`, as it is typed."""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest

from connectors.sqlite import open_database
from connectors.sqlite_store import SqliteStore
from daemon.cli.feel import _asked, _line
from daemon.domain.feeling import Feeling
from daemon.domain.run import Run
from daemon.feeling import note_from, run_meant
from daemon.remote import RefusedError
from daemon.state_folder import DATABASE_NAME
from daemon.store import Fact, RunKept, SessionOpened
from tests.fakes import EASY, ELS, EVENING, judged_run, sample
from tests.memory_store import MemoryStore
from tests.terminal import Said, Say

pytestmark = pytest.mark.usefixtures("say")  # an English terminal

SAMPLES = tuple(sample(float(second)) for second in range(0, 1801, 5))
HOUR = timedelta(hours=1)


def kept(run_id: str, began: datetime, runner: str = "Els") -> list[Fact]:
    """Make a run of half an hour."""
    run = replace(judged_run(run_id, SAMPLES, began), runner=runner)
    return [SessionOpened(run_id, runner, began, EASY), RunKept(run_id, run, SAMPLES)]


class Home:
    """A household of Els and Jan, and what is kept of them."""

    def __init__(self, say: Say, folder: Path) -> None:
        self._say, self._settings, self._state = say, folder / "duurloop.toml", folder / "state"
        self._settings.write_text(
            "".join(f'[[runners]]\nname = "{name}"\nzone = "118-136"\n' for name in ("Els", "Jan")), encoding="utf-8"
        )

    def feel(self, *arguments: str, runner: str | None = "Els") -> Said:
        whose = ("--runner", runner) if runner else ()
        return self._say("--config", self._settings, "--state", self._state, "feel", *whose, *arguments)

    def keep(self, *facts: Fact) -> None:
        async def keep() -> None:
            self._state.mkdir(exist_ok=True)
            async with open_database(self._state / DATABASE_NAME) as database:
                await SqliteStore(database).commit(facts)

        asyncio.run(keep())


@pytest.fixture
def home(say: Say, tmp_path: Path) -> Home:
    return Home(say, tmp_path)


@pytest.fixture
def after_a_run(home: Home) -> Home:
    home.keep(*kept("today", datetime.now(UTC) - HOUR))
    return home


def test_what_is_said_is_kept_with_the_last_run(after_a_run: Home) -> None:
    said = after_a_run.feel("--after", "4", "--effort", "3", "--note", " mild, and\nstill ", "--json")
    assert said.code == 0
    run = said.json()
    assert (run["id"], run["feeling"]) == (
        "today",
        {"before": None, "after": 4, "effort": 3, "note": "mild, and still"},
    )


def test_what_is_said_later_is_added(after_a_run: Home) -> None:
    after_a_run.feel("--after", "4")
    assert after_a_run.feel("--before", "2", "--json").json()["feeling"] == {
        "before": 2,
        "after": 4,
        "effort": None,
        "note": None,
    }


def test_a_person_is_thanked_and_reads_it_back(after_a_run: Home) -> None:
    lines = after_a_run.feel("--after", "4").out.splitlines()
    assert lines[0] == "Thank you, it is kept."
    assert "  After: 4 (good)" in lines
    assert after_a_run.feel().out.splitlines() == [*lines[1:]]


def test_nothing_said_yet_is_fine(after_a_run: Home) -> None:
    said = after_a_run.feel()
    assert (said.code, said.out.splitlines()[1]) == (0, "  Nothing said of it yet, and that is fine.")


def test_over_some_runs_it_says_how_often_it_did_good(home: Home) -> None:
    began = datetime.now(UTC) - timedelta(days=9)
    for number, after in enumerate((4, 4, 1)):
        home.keep(*kept(f"r{number}", began + timedelta(days=number)))
        home.feel(f"r{number}", "--before", "2", "--after", str(after))
    assert "After 2 of your 3 runs you felt better than before." in home.feel().out


def test_before_a_run_it_waits_for_the_next(home: Home) -> None:
    said = home.feel("--before", "2")
    assert (said.code, said.out) == (0, "Thank you. It is kept for the run that you begin within six hours.\n")
    home.keep(*kept("next", datetime.now(UTC) + timedelta(minutes=5)))
    assert home.feel("last", "--json").json()["feeling"]["before"] == 2


def test_before_a_run_programs_read_that_there_is_none_yet(home: Home) -> None:
    told = home.feel("--before", "2", "--json").json()
    assert (told["type"], told["run"], told["feeling"]["before"]) == ("feeling", None, 2)


def test_a_run_is_named_by_its_id_also_without_its_runner(after_a_run: Home) -> None:
    after_a_run.keep(*kept("long ago", datetime.now(UTC) - timedelta(days=90)))
    assert after_a_run.feel("long ago", "--after", "5", "--json", runner=None).json()["id"] == "long ago"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("nowhere", "--after", "4"), "duurloop: no run nowhere is kept here: duurloop runs lists them"),
        (("jans", "--after", "4"), "duurloop: run jans is not one of Els's"),
        (("jans",), "duurloop: run jans is not one of Els's"),
    ],
)
def test_a_run_that_is_not_the_runners_is_said_in_one_line(
    after_a_run: Home, arguments: Sequence[str], reason: str
) -> None:
    after_a_run.keep(*kept("jans", datetime.now(UTC) - 3 * HOUR, "Jan"))
    said = after_a_run.feel(*arguments)
    assert (said.code, said.out, said.err) == (1, "", f"{reason}\n")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--before", "0"), "'--before': 0 is not in the range 1<=x<=5"),
        (("--after", "6"), "'--after': 6 is not in the range 1<=x<=5"),
        (("--effort", "11"), "'--effort': 11 is not in the range 1<=x<=10"),
        (("--effort", "low"), "'--effort': 'low' is not a valid integer range"),
        (("--note", " \n"), "'--note': there is nothing in it"),
        (("--note", "x" * 501), "'--note': a note has at most 500 characters; this one has 501"),
        (("--note", "a\x1b[2Jb"), "'--note': a note is plain text; there are control characters in this one"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_what_the_scales_do_not_have_is_a_usage_error(after_a_run: Home, arguments: Sequence[str], reason: str) -> None:
    said = after_a_run.feel(*arguments)
    assert said.code == 2
    assert reason in said.err
    assert "feeling" not in after_a_run.feel().out


def test_without_any_run_it_says_how_they_come(home: Home) -> None:
    for arguments in ([], ["--after", "4"], ["last", "--after", "4"], []):  # the last time beside a database
        said = home.feel(*arguments)
        assert (said.code, "put the strap on" in said.err) == (1, True)


# -- which run is meant ------------------------------------------------------------------------------

BEFORE, AFTER = Feeling(before=2), Feeling(after=4)
ENDED = EVENING + timedelta(seconds=1801)


async def meant(said: Feeling, now: datetime, *facts: Fact, wanted: str | None = None) -> Run | None:
    store = MemoryStore()
    await store.commit([*kept("first", EVENING - timedelta(days=3)), *kept("run", EVENING), *facts])
    return await run_meant(store, ELS, wanted, said, now)


@pytest.mark.parametrize(
    ("said", "after", "run"),
    [
        pytest.param(AFTER, timedelta(0), "run", id="at once"),
        pytest.param(AFTER, timedelta(hours=40), "run", id="the day after tomorrow"),
        pytest.param(BEFORE, timedelta(hours=2), "run", id="a feeling before, told two hours after"),
        pytest.param(BEFORE, timedelta(hours=2, seconds=2), None, id="a feeling before, told later still"),
        pytest.param(Feeling(before=2, after=4), timedelta(hours=40), "run", id="both feelings"),
    ],
)
async def test_the_run_that_is_meant_is_the_last_or_the_next(said: Feeling, after: timedelta, run: str | None) -> None:
    found = await meant(said, ENDED + after)
    assert (found and found.id) == run


async def test_a_run_of_longer_ago_must_be_named() -> None:
    with pytest.raises(RefusedError, match=r"of 2026-11-21; if you mean that one, name it: duurloop feel run"):
        await meant(AFTER, EVENING + timedelta(hours=49))
    assert (await meant(AFTER, EVENING + timedelta(days=9), wanted="last")) is not None


async def test_during_a_run_a_feeling_before_is_of_this_one_and_anything_else_waits() -> None:
    now = ENDED + HOUR
    opened = SessionOpened("now", "Els", now, EASY)
    assert await meant(BEFORE, now, opened) is None
    with pytest.raises(RefusedError, match="still going on"):
        await meant(AFTER, now, opened)
    assert await meant(AFTER, now, SessionOpened("now", "Jan", now, EASY)) is not None


@pytest.mark.parametrize(
    ("text", "note"),
    [("  a\t b\r\nc ", "a b c"), ("", None), ("👩‍🚒 fijn", "👩‍🚒 fijn"), ("x" * 500 + " ", "x" * 500)],
    ids=["white", "empty", "joined", "longest"],
)
def test_a_note_is_kept_on_one_line(text: str, note: str | None) -> None:
    assert note_from(text) == note


@pytest.mark.parametrize("text", ["\x00", "a\x7f", "a\udcff", "a\u202eb"], ids=["null", "delete", "half", "turned"])
def test_a_note_that_would_disturb_a_terminal_is_refused(text: str) -> None:
    with pytest.raises(RefusedError, match="control characters"):
        note_from(text)


# -- asked one after the other -----------------------------------------------------------------------


class Terminal(StringIO):
    """A keyboard on which something was typed."""

    def isatty(self) -> bool:
        return True


def test_who_only_says_feel_at_a_terminal_is_asked(after_a_run: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("2\n4\n\n\n"))
    assert "Thank you, it is kept." in after_a_run.feel().out
    monkeypatch.setattr("sys.stdin", Terminal("\n\n"))
    assert "Thank you" not in after_a_run.feel().out
    told = after_a_run.feel("--json").json()["feeling"]
    assert (told["before"], told["after"], told["effort"]) == (2, 4, None)


def script(*answers: str) -> tuple[Callable[[str], str], list[str]]:
    """Answer questions in order, and remember them."""
    left, asked = list(answers), list[str]()

    def ask(question: str) -> str:
        asked.append(question)
        return left.pop(0)

    return ask, asked


def test_at_a_terminal_it_asks_one_after_the_other_and_enter_skips() -> None:
    ask, asked = script("", "4", "", "mild")
    assert _asked(judged_run("run", SAMPLES), ENDED, ask) == Feeling(after=4, note="mild")
    assert [re.split(r"[,?]", question)[0] for question in asked] == [
        "How did you feel before",
        "And after",
        "How much effort",
        "A line of your own",
    ]


def test_what_is_told_already_is_not_asked() -> None:
    ask, asked = script("")
    run = replace(judged_run("run", SAMPLES), feeling=Feeling(3, 4, 2))
    assert _asked(run, ENDED, ask) == Feeling()
    assert asked == ["A line of your own"]


def test_of_a_run_of_longer_ago_nothing_is_asked() -> None:
    ask, asked = script()
    assert (_asked(judged_run("run", SAMPLES), EVENING + timedelta(days=3), ask), asked) == (Feeling(), [])


def test_a_number_off_the_scale_is_asked_again() -> None:
    ask, asked = script("6", "vier", "4", "", "", "")
    assert _asked(judged_run("run", SAMPLES), ENDED, ask) == Feeling(before=4)
    assert asked[1] == asked[2] == "A number from 1 to 5, please; Enter skips"


def test_a_line_that_cannot_be_kept_is_asked_again() -> None:
    ask, asked = script("x" * 501, "mild")
    assert (_line("A line", ask), asked[1]) == ("mild", "a note has at most 500 characters; this one has 501")
