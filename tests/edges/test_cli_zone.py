"""`duurloop zone`, as it is typed, and the talk test as it is answered."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.sqlite import open_database
from connectors.sqlite_store import SqliteStore
from daemon.cli.talk_guide import Guide, QuitError
from daemon.control import listening
from daemon.domain.talk_test import STAGES
from daemon.domain.wording import ENGLISH, Language
from daemon.from_settings import language
from daemon.remote import Answer
from daemon.state_folder import DATABASE_NAME, prepare
from daemon.store import RunKept
from tests.fakes import judged_run, sample
from tests.terminal import Said, Say, zone_at_midday

pytestmark = pytest.mark.usefixtures("say")  # an English terminal

ZONE = zone_at_midday()
FACTS = f"[runners.facts]\nborn = {datetime.now(ZoneInfo(ZONE)).year - 45}\nresting = 60\n"


class Home:
    """Els's household."""

    def __init__(self, say: Say, folder: Path) -> None:
        self._say, self._path, self.state = say, folder / "duurloop.toml", folder / "state"
        self.settings()

    def settings(self, more: str = "", zone: str = '"118-136"') -> None:
        text = f'timezone = "{ZONE}"\n[[runners]]\nname = "Els"\nzone = {zone}\n{more}'
        self._path.write_text(text, encoding="utf-8")

    def zone(self, *arguments: str) -> Said:
        return self._say("--config", self._path, "--state", self.state, "zone", *arguments)

    def keep(self, *bpms: int, days_ago: float = 1, runner: str = "Els") -> None:
        """Keep a run that held each of these heart rates for ten minutes."""
        samples = tuple(sample(float(at), bpm) for at, bpm in enumerate(bpm for bpm in bpms for _ in range(600)))
        began = datetime.now(UTC) - timedelta(days=days_ago)
        run = replace(judged_run(f"{runner} {days_ago}", samples, began), runner=runner)

        async def keep() -> None:
            async with open_database(prepare(self.state) / DATABASE_NAME) as database:
                await SqliteStore(database).commit([RunKept(run.id, run, samples)])

        asyncio.run(keep())


@pytest.fixture
def home(say: Say, tmp_path: Path) -> Home:
    return Home(say, tmp_path)


def today() -> str:
    return datetime.now(ZoneInfo(ZONE)).date().isoformat()


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
        "last_four_weeks": None,
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


# -- what it means for the last weeks ----------------------------------------------------------------

MEANS = "By this zone, {} % of the time in your runs of the last four weeks is calm"


def test_whoever_looks_hears_what_the_zone_means_for_the_last_weeks(home: Home) -> None:
    home.keep(110, 130, 134, 150)
    assert home.zone().out.splitlines()[2] == f"{MEANS.format(75)}."


def test_whoever_sets_another_hears_what_either_means(home: Home) -> None:
    home.keep(120, 130, 134, 150)
    assert home.zone("--set", "110-128").out.splitlines() == [
        "From today on your zone is 110-128. Earlier runs keep the zone of their day.",
        f"{MEANS.format(25)}; by 118-136 it is 75 %.",
        "Back to that of the settings, 118-136: duurloop zone --as-settings",
    ]
    assert home.zone("--as-settings").out.splitlines()[1] == f"{MEANS.format(75)}; by 110-128 it is 25 %."


def test_the_same_numbers_again_are_said_once(home: Home) -> None:
    home.keep(120, 130, 134, 150)
    assert home.zone("--set", "118-136", "--origin", "talk_test").out.splitlines()[1] == f"{MEANS.format(75)}."


def test_after_the_talk_test_it_is_said_too(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.keep(120, 130, 134, 150)
    type_in(monkeypatch, *STAGE, "140", "1", *STAGE, "150", "3", "yes")
    assert f"{MEANS.format(25)}; by 118-136 it is 75 %." in home.zone("--talk-test").out


def test_a_dutch_terminal_hears_it_in_dutch(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.keep(120, 130, 134, 150)
    monkeypatch.setenv("LANG", "nl_NL.UTF-8")
    said = home.zone().out.splitlines()[2]
    assert said == "Volgens deze zone was het in je loopjes van de laatste vier weken 75 % van de tijd rustig."
    said = home.zone("--set", "110-128").out.splitlines()[1]
    assert said == (
        "Volgens deze zone was het in je loopjes van de laatste vier weken 25 % van de tijd rustig; "
        "volgens 118-136 was dat 75 %."
    )


def test_programs_get_it_in_seconds(home: Home) -> None:
    home.keep(110, 130, 134, 150)
    means = {"runs": 1, "below_s": 600.0, "inside_s": 1200.0, "above_s": 600.0, "calm_pct": 75.0}
    told = home.zone("--json").json()["last_four_weeks"]
    assert told == pytest.approx(means | {"zone_before": None}, abs=2)
    told = home.zone("--set", "110-132", "--json").json()["last_four_weeks"]
    assert told["zone_before"] == pytest.approx({"low_bpm": 118, "high_bpm": 136, "calm_pct": 75.0}, abs=0.1)
    assert told["calm_pct"] == pytest.approx(50.0, abs=0.1)


@pytest.mark.parametrize(
    "kept",
    [
        lambda _: None,
        lambda home: home.keep(),
        lambda home: home.keep(130, runner="Jan"),
        lambda home: home.keep(130, days_ago=28.1),
    ],
    ids=["no runs", "without heart rate", "another runner's", "longer ago"],
)
def test_where_there_is_nothing_to_tell_nothing_is_said(home: Home, kept: Callable[[Home], None]) -> None:
    kept(home)
    assert "four weeks" not in home.zone().out
    assert "four weeks" not in home.zone("--set", "110-128").out
    assert home.zone("--json").json()["last_four_weeks"] is None


def test_runs_that_tell_nothing_change_nothing_of_what_others_tell(home: Home) -> None:
    home.keep(120, 130, 134, 150, days_ago=27.9)
    home.keep(days_ago=2)
    home.keep(150, runner="Jan")
    home.keep(150, days_ago=28.1)
    assert home.zone("--json").json()["last_four_weeks"]["runs"] == 1
    assert f"{MEANS.format(75)}." in home.zone().out


def test_without_a_zone_there_is_nothing_to_lay_over_the_runs(home: Home) -> None:
    home.settings(zone='[{ zone = "110-128", from = 2999-01-01 }]')
    home.keep(120)
    assert "four weeks" not in home.zone().out
    assert home.zone("--set", "110-128").out.splitlines()[1] == f"{MEANS.format(100)}."


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


@pytest.mark.parametrize("terminal", ["C.UTF-8", "nl_NL.UTF-8"])
@pytest.mark.parametrize("yes", ["y", "Yes", "j", "ja"])
def test_after_twenty_minutes_no_yes_is_lost(
    home: Home, monkeypatch: pytest.MonkeyPatch, terminal: str, yes: str
) -> None:
    monkeypatch.setenv("LANG", terminal)
    type_in(monkeypatch, *STAGE, "140", "1", *STAGE, "152", "2", "", "fine", yes)
    assert home.zone("--talk-test").code == 0
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

    def __init__(
        self,
        *answers: str,
        minutes: float = 3.5,
        strap: Callable[[], int | None] = lambda: None,
        spoken: Language = ENGLISH,
    ) -> None:
        self.heard: list[str] = []
        self.now = 0.0
        self._answers, self._minutes = list(answers), minutes
        self.guide = Guide(self._answer, self.heard.append, strap, lambda: self.now, spoken)

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


def test_it_speaks_the_language_that_it_is_given() -> None:
    nl = language("nl")
    person = Person("", "", "", "120", nl.say("no"), spoken=nl)
    person.guide.lead()
    for sentence in ("Read this aloud, at your usual pace:", "Could you speak comfortably? 1 yes, 2 not quite, 3 no"):
        assert nl.say(sentence) in person.heard
        assert sentence not in person.heard


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
