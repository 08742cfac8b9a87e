"""`duurloop zone`, as it is typed, and the talk test as it is answered."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from daemon.cli.talk_guide import Guide, QuitError
from daemon.control import listening
from daemon.domain.talk_test import STAGES
from daemon.remote import Answer
from daemon.state_folder import prepare
from tests.terminal import Said, Say

pytestmark = pytest.mark.usefixtures("say")  # an English terminal

FACTS = f"[runners.facts]\nborn = {datetime.now(UTC).year - 45}\nresting = 60\n"


class Home:
    """Els's household."""

    def __init__(self, say: Say, folder: Path) -> None:
        self._say, self._path, self.state = say, folder / "duurloop.toml", folder / "state"
        self.settings()

    def settings(self, more: str = "", zone: str = '"118-136"') -> None:
        text = f'timezone = "UTC"\n[[runners]]\nname = "Els"\nzone = {zone}\n{more}'
        self._path.write_text(text, encoding="utf-8")

    def zone(self, *arguments: str) -> Said:
        return self._say("--config", self._path, "--state", self.state, "zone", *arguments)


@pytest.fixture
def home(say: Say, tmp_path: Path) -> Home:
    return Home(say, tmp_path)


def today() -> str:
    return datetime.now(UTC).date().isoformat()


def test_it_shows_the_zone_where_it_comes_from_and_since_when(home: Home) -> None:
    said = home.zone()
    assert said.code == 0
    assert said.out.splitlines()[:2] == [
        "Your calm zone: 118-136 beats per minute",
        "  your own numbers, from the settings, for all days",
    ]
    home.settings(zone='[{ zone = "112-130", origin = "maf", from = 2026-03-01 }]')
    assert home.zone().out.splitlines()[1] == "  by the 180 formula, from the settings, since 2026-03-01"


def test_other_methods_propose_and_nothing_is_applied(home: Home) -> None:
    home.settings(FACTS)
    out = home.zone().out
    assert [line.split()[0] for line in out.splitlines() if line.startswith("  1")] == ["120-130", "118-136", "106-132"]
    assert "differ by some 25 beats" in out
    assert "The talk test tells most" in out
    assert home.zone("--json").json()["zone"]["from"] == "settings"


def test_with_medication_no_formula_is_named_and_talking_is(home: Home) -> None:
    home.settings(f"medication = true\n{FACTS}")
    out = home.zone().out
    assert "Go by talking" in out
    assert "formula " not in out
    told = home.zone("--json").json()
    assert (told["medication"], told["proposals"]) == (True, [])


def test_the_180_formula_asks_how_long_somebody_has_trained(home: Home) -> None:
    home.settings(f'{FACTS}training = "years"\n')
    assert "  130-140  180 formula" in home.zone().out.splitlines()


def test_without_facts_it_says_where_they_go(home: Home) -> None:
    assert "[runners.facts]" in home.zone().out


def test_a_zone_is_set_from_today_on_and_given_back(home: Home) -> None:
    said = home.zone("--set", "120-138", "--origin", "talk_test")
    assert said.code == 0
    assert said.out.splitlines() == [
        "From today on your zone is 120-138. Earlier runs keep the zone of their day.",
        "Back to that of the settings, 118-136: duurloop zone --as-settings",
    ]
    assert home.zone().out.splitlines()[1] == f"  by the talk test, set by Els, since {today()}"
    assert home.zone("--as-settings").out.startswith("From today on your zone is 118-136.")
    assert home.zone("--json").json()["zone"] == {
        "low_bpm": 118,
        "high_bpm": 136,
        "origin": "own",
        "set_by": "Els",
        "valid_from": today(),
        "from": "settings",
    }


def test_programs_set_it_and_read_it_back(home: Home) -> None:
    home.settings("[runners.facts]\nthreshold = 160\n")
    assert home.zone("--set", "120-138", "--json").json() == {
        "type": "zone",
        "runner": "Els",
        "zone": {
            "low_bpm": 120,
            "high_bpm": 138,
            "origin": "own",
            "set_by": "Els",
            "valid_from": today(),
            "from": "set_here",
        },
        "medication": False,
        "proposals": [{"method": "threshold, 75-89 %", "origin": "threshold", "low_bpm": 120, "high_bpm": 142}],
    }


def test_when_the_settings_change_they_have_the_last_word(home: Home) -> None:
    home.zone("--set", "120-138")
    home.settings(zone='"110-128"')
    assert home.zone().out.startswith("Your calm zone: 110-128")


def test_a_zone_that_is_still_to_come_is_none_yet(home: Home) -> None:
    home.settings(zone='[{ zone = "110-128", from = 2999-01-01 }]')
    assert home.zone().out.startswith("There is no calm zone for today yet.")
    assert home.zone("--json").json()["zone"] is None
    said = home.zone("--as-settings")
    assert (said.code, "no zone for today" in said.err) == (1, True)
    home.zone("--set", "120-138")
    assert home.zone().out.startswith("Your calm zone: 120-138")


@pytest.mark.parametrize("zone", ["138-120", "fast", "0-400", ""])
def test_a_zone_nobody_can_mean_is_a_usage_error(home: Home, zone: str) -> None:
    said = home.zone("--set", zone)
    assert said.code == 2
    assert "118-136" in said.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--set", "118-136", "--as-settings"],
        ["--talk-test", "--as-settings"],
        ["--talk-test", "--json"],
        ["--origin", "maf"],
        ["--origin", "the stars", "--set", "118-136"],
    ],
    ids=" ".join,
)
def test_what_does_not_go_together_is_a_usage_error(home: Home, arguments: list[str]) -> None:
    assert home.zone(*arguments).code == 2


# -- the talk test -----------------------------------------------------------------------------------

STAGE = ["", "", ""]
"""Walked, a little longer, and read."""


def type_in(monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("".join(f"{answer}\n" for answer in answers)))


def test_the_talk_test_sets_a_zone_when_the_runner_says_yes(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.settings("medication = true\n")
    type_in(monkeypatch, *STAGE, "125", "1", *STAGE, "140", "yes", *STAGE, "152", "not quite", "yes")
    said = home.zone("--talk-test")
    assert said.code == 0
    assert "Speaking came easily up to 140. Your calm zone would be 111-129." in said.out
    assert home.zone("--json").json()["zone"]["origin"] == "talk_test"


@pytest.mark.parametrize(
    "answers",
    [["q"], [*STAGE, "125", "1", "", "Q"], [*STAGE, "125", "1", *STAGE, "140", "3", "no"], [*STAGE, "125", "no"]],
    ids=["at once", "while walking", "no at the end", "not easy from the start"],
)
def test_it_ends_without_consequence_whenever_the_runner_likes(
    home: Home, monkeypatch: pytest.MonkeyPatch, answers: list[str]
) -> None:
    type_in(monkeypatch, *answers)
    said = home.zone("--talk-test")
    assert said.code == 0
    assert said.out.endswith("Nothing has changed.\n")
    assert home.zone("--json").json()["zone"]["from"] == "settings"


def test_a_terminal_that_goes_away_changes_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch, *STAGE, "125")
    assert home.zone("--talk-test").code == 130
    assert home.zone("--json").json()["zone"]["from"] == "settings"


async def test_with_a_running_service_the_strap_tells_and_the_service_hears_of_the_zone(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    hearts, asked = iter([None, 118, 131, 145]), list[str]()

    async def status(_: Mapping[str, Any]) -> Answer:
        bpm = next(hearts)
        return {"runners": [{"name": "Jan", "session": None}, {"name": "Els", "session": bpm and {"bpm": bpm}}]}

    async def wake(_: Mapping[str, Any]) -> Answer:
        asked.append("wake")
        return {}

    type_in(monkeypatch, *STAGE, "1", *STAGE, "1", *STAGE, "2", "y")
    async with listening(prepare(home.state), {"status": status, "wake": wake}):
        said = await asyncio.to_thread(home.zone, "--talk-test")
    assert "Your heart is at 131." in said.out
    assert "From today on your zone is 102-120." in said.out
    assert asked == ["wake"]


def test_who_could_speak_to_the_end_hears_that_there_may_be_more(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch, *[*STAGE, "140", "1"] * len(STAGES), "no")
    assert "Speaking stayed easy to the end" in home.zone("--talk-test").out


class Person:
    """Answers questions in order; time passes while they walk."""

    def __init__(self, *answers: str, minutes: float = 3.5, strap: Callable[[], int | None] = lambda: None) -> None:
        self.heard: list[str] = []
        self.now = 0.0
        self._answers, self._minutes = list(answers), minutes
        self.guide = Guide(self._answer, self.heard.append, strap, lambda: self.now)

    def _answer(self, question: str) -> str:
        self.heard.append(question)
        if question.startswith("Keep it up"):
            self.now += 60 * self._minutes
        return self._answers.pop(0)

    def questions(self, beginning: str) -> list[str]:
        return [question for question in self.heard if question.startswith(beginning)]


def test_each_stage_asks_a_little_more_and_has_a_text() -> None:
    person = Person(*["", "", "100", "1"] * len(STAGES))
    test = person.guide.lead()
    assert len(test.heard) == len(STAGES)
    assert [line for line in person.heard if line.startswith("Stage")] == [f"Stage {n} of 6" for n in range(1, 7)]
    assert all(f"  {stage}" in person.heard for stage in STAGES)


def test_with_a_strap_no_number_is_asked_for() -> None:
    beats = iter([100, 118, 140])
    person = Person("", "", "1", "", "", "2", strap=lambda: next(beats))
    assert [one.bpm for one in person.guide.lead().heard] == [118, 140]
    assert person.questions("The heart rate") == []
    assert person.questions("Your heart is at") == ["Your heart is at 118.", "Your heart is at 140."]


def test_a_strap_that_falls_quiet_is_no_end() -> None:
    person = Person("", "", "121", "3", strap=lambda: None)
    assert [one.bpm for one in person.guide.lead().heard] == [121]
    assert person.questions("I hear no strap")


def test_whoever_is_early_hears_that_a_heart_takes_its_time() -> None:
    person = Person("", "", "", "120", "3", minutes=1)
    person.guide.lead()
    assert person.questions("A heart takes three minutes to settle.")


@pytest.mark.parametrize("minutes", [3, 4])
def test_whoever_took_the_time_does_not_hear_of_it(minutes: float) -> None:
    person = Person("", "", "120", "3", minutes=minutes)
    person.guide.lead()
    assert not person.questions("A heart takes three minutes to settle.")


def test_what_is_no_heart_rate_and_what_is_no_answer_is_asked_again() -> None:
    person = Person("", "", "fast", "1200", "59", "120", "perhaps", "3")
    assert [one.bpm for one in person.guide.lead().heard] == [120]
    assert len(person.questions("A number from 60 to 220")) == 3


@pytest.mark.parametrize("quit_at", range(4))
def test_q_ends_it_at_every_question(quit_at: int) -> None:
    person = Person(*["", "", "120", "1"][:quit_at], " q ")
    with pytest.raises(QuitError):
        person.guide.lead()
