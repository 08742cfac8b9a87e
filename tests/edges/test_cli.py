"""The command line: arguments to one command, mistakes to one line and the right exit code."""

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.faults import Fault, SettingsError
from connectors.bluetooth_radio import RadioError
from connectors.sqlite import open_database
from connectors.sqlite_store import SqliteStore
from daemon.cli import COMMANDS
from daemon.cli.common import exit_code_of, explain
from daemon.domain.effort import Verdict
from daemon.domain.plan import PlanRef
from daemon.domain.run import Run
from daemon.remote import NotRunningError
from daemon.state_folder import DATABASE_NAME
from daemon.store import RunKept, SessionOpened, StoreError, StoreTooNewError
from tests.activity_builders import clock, tcx_activity, tcx_file, tcx_point
from tests.fakes import judged_run
from tests.terminal import Say

SETTINGS = """
[[runners]]
name = "Els"
zone = "118-136"
plan = "rustig-12"
"""


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "duurloop.toml"
    path.write_text(SETTINGS, encoding="utf-8")
    return path


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(say: Say, command: str) -> None:
    said = say(command, "--help")
    assert said.code == 0
    assert said.out.startswith(f"Usage: duurloop {command}")


def test_the_list_of_commands_breaks_no_sentence_off(say: Say) -> None:
    _, _, listed = say("--help").out.partition("Commands:")
    assert "Bring in runs from files" in listed
    assert "..." not in listed


def test_an_unknown_command_is_a_usage_error(say: Say) -> None:
    assert say("stauts").code == 2


class TestCheck:
    def test_good_settings_are_said_to_be_fine(self, say: Say, settings: Path) -> None:
        said = say("--config", settings, "check")
        assert (said.code, said.out) == (0, f"{settings}: the settings are fine.\n")

    def test_every_fault_is_said_at_once_with_its_line(self, say: Say, settings: Path) -> None:
        settings.write_text('[[runners]]\nname = "Els"\nzone = "136-118"\nchanels = []\n', encoding="utf-8")
        said = say("--config", settings, "check")
        assert said.code == 78
        assert said.err.splitlines() == [
            f"{settings}:3: runners[1].zone: the lower edge comes first",
            f"{settings}:4: runners[1].chanels: unknown; did you mean 'channels'?",
        ]

    def test_a_dutch_terminal_hears_of_faults_in_dutch(
        self, say: Say, settings: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LANG", "nl_NL.UTF-8")
        settings.write_text('[[runners]]\nname = "Els"\nzone = "136-118"\n', encoding="utf-8")
        assert say("--config", settings, "check").err == (
            f"{settings}:3: runners[1].zone: de onderste grens komt eerst\n"
        )

    def test_programs_get_the_faults_as_json(self, say: Say, settings: Path) -> None:
        settings.write_text('[[runners]]\nname = "Els"\n', encoding="utf-8")
        said = say("--config", settings, "check", "--json")
        (fault,) = said.json()["faults"]
        assert (said.code, fault["key"], fault["reason"]) == (78, "runners[1].zone", "missing")

    def test_no_settings_at_all_says_how_to_begin(self, say: Say) -> None:
        said = say("check")
        assert said.code == 78
        assert "duurloop setup makes one" in said.err

    def test_the_example_it_prints_passes_its_own_check(self, say: Say, tmp_path: Path) -> None:
        example = tmp_path / "example.toml"
        example.write_text(say("check", "--example").out, encoding="utf-8")
        example.chmod(0o600)
        assert say("--config", example, "check").code == 0


class TestReplay:
    @pytest.fixture
    def run_file(self, tmp_path: Path) -> Path:
        path = tmp_path / "run.tcx"
        # ten calm minutes, then five above 140
        points = (tcx_point(clock(second), 130 if second < 600 else 150) for second in range(900))
        path.write_bytes(tcx_file(tcx_activity(list(points))))
        return path

    def test_it_prints_words_and_cues_in_order_and_last_the_run(self, say: Say, run_file: Path) -> None:
        said = say("replay", run_file, "--zone", "120-140", "--json")
        *lines, run = [json.loads(line) for line in said.out.splitlines()]
        assert said.code == 0
        assert [line["kind"] for line in lines] == ["ease_off", "ease_off"]
        assert [line["t_s"] for line in lines] == sorted(line["t_s"] for line in lines)
        assert (run["type"], run["zone"]["inside_s"], run["zone"]["above_s"]) == ("run", 600, 300)

    def test_a_plan_step_brings_its_cues(self, say: Say, run_file: Path) -> None:
        said = say("replay", run_file, "--zone", "120-140", "--plan", "rustig-12:1", "--json")
        first = json.loads(said.out.splitlines()[0])
        assert first == {"type": "cue", "t_s": 0.0, "kind": "warm_up", "for_s": 300}

    def test_the_zone_comes_from_the_settings_when_none_is_said(self, say: Say, run_file: Path, settings: Path) -> None:
        said = say("--config", settings, "replay", run_file, "--json")
        assert json.loads(said.out.splitlines()[-1])["zone"]["low_bpm"] == 118

    def test_without_any_zone_it_is_not_judged_and_says_why(self, say: Say, run_file: Path) -> None:
        said = say("replay", run_file, "--json")
        run = json.loads(said.out.splitlines()[-1])
        assert (run["zone"], run["verdict"], run["reason"]) == (None, "unjudged", "no_zone")
        assert "--zone" in said.err

    def test_a_person_reads_three_lines(self, say: Say, run_file: Path) -> None:
        out = say("replay", run_file, "--zone", "120-140").out
        assert "A strong run" in out or "A lively run" in out or "A calm run" in out

    @pytest.mark.parametrize(
        ("content", "reason"),
        [(b"", "is empty"), (b"<gpx><trk>", "damaged"), (b"\0\1\2" * 99, "is no FIT, TCX or GPX file")],
        ids=["empty", "cut short", "something else"],
    )
    def test_a_bad_file_is_one_line_and_exit_code_1(
        self, say: Say, tmp_path: Path, content: bytes, reason: str
    ) -> None:
        path = tmp_path / "bad.gpx"
        path.write_bytes(content)
        said = say("replay", path, "--zone", "120-140")
        assert (said.code, said.out, len(said.err.splitlines())) == (1, "", 1)
        assert said.err.startswith(f"duurloop: bad.gpx: {reason}")

    @pytest.mark.parametrize("zone", ["140-120", "slow", "0-400"])
    def test_a_zone_nobody_can_mean_is_a_usage_error(self, say: Say, run_file: Path, zone: str) -> None:
        said = say("replay", run_file, "--zone", zone)
        assert said.code == 2
        assert "118-136" in said.err

    def test_a_step_that_the_plan_has_not_is_said(self, say: Say, run_file: Path) -> None:
        said = say("replay", run_file, "--plan", "rustig-12:99")
        assert said.code == 1
        assert "steps 1 to 12" in said.err


class TestWithoutAService:
    def test_status_says_so_with_exit_code_3(self, say: Say, tmp_path: Path) -> None:
        said = say("--state", tmp_path, "status")
        assert said.code == 3
        assert "not running" in said.out

    def test_status_for_programs_says_so_too(self, say: Say, tmp_path: Path) -> None:
        said = say("--state", tmp_path, "status", "--json")
        assert (said.code, said.json()["running"]) == (3, False)

    @pytest.mark.parametrize("command", ["start", "stop", "arm", "release"])
    def test_live_commands_say_how_to_start_it(self, say: Say, tmp_path: Path, command: str) -> None:
        said = say("--state", tmp_path, command)
        assert said.code == 3
        assert "duurloop run" in said.err

    def test_there_are_no_runs_yet(self, say: Say, tmp_path: Path) -> None:
        assert say("--state", tmp_path, "runs", "--json").json() == []
        assert "put the strap on" in say("--state", tmp_path, "runs").out

    def test_a_run_that_is_not_there_is_said(self, say: Say, tmp_path: Path) -> None:
        said = say("--state", tmp_path, "show", "yesterday")
        assert (said.code, said.err) == (1, "duurloop: no run yesterday is kept here: duurloop runs lists them\n")

    @pytest.mark.parametrize("duration", ["soon", "2 hours", "-1h", ""])
    def test_a_duration_nobody_can_mean_is_a_usage_error(self, say: Say, tmp_path: Path, duration: str) -> None:
        assert say("--state", tmp_path, "release", "--for", duration).code == 2


async def keep(state: Path, run: Run) -> None:
    async with open_database(state / DATABASE_NAME) as database:
        opened = SessionOpened(run.id, run.runner or "", run.started_at, run.target)
        await SqliteStore(database).commit([opened, RunKept(run.id, run, ())])


def test_the_columns_of_the_runs_stay_under_each_other(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "nl_NL.UTF-8")
    short = judged_run("s1")
    calm = replace(
        short,
        id="s2",
        started_at=short.started_at - timedelta(days=1),
        judgement=replace(short.judgement, verdict=Verdict.CALM),
    )
    for run in (short, calm):
        asyncio.run(keep(tmp_path, run))
    lines = say("--state", tmp_path, "runs").out.splitlines()
    assert {line.split("min  ")[1].split()[0] for line in lines} == {"niet", "rustig"}
    assert len({line.index(" Els") for line in lines}) == 1


class TestPlan:
    def test_it_shows_the_step_and_why(self, say: Say, settings: Path, tmp_path: Path) -> None:
        said = say("--config", settings, "--state", tmp_path / "state", "plan")
        assert said.code == 0
        assert said.out.splitlines()[:2] == [
            "Twelve calm weeks (rustig-12), step 1 of 12. Week 1: single minutes",
            "This is where the plan begins.",
        ]
        assert "  Start with a brisk walk, 5 minutes." in said.out.splitlines()

    def test_the_runner_overrules_it_with_one_command(self, say: Say, settings: Path, tmp_path: Path) -> None:
        here = ("--config", settings, "--state", tmp_path / "state", "plan")
        assert "step 2 of 12. Week 2: a minute and a half" in say(*here, "next").out
        assert "You chose this step yourself." in say(*here).out
        plan = say(*here, "easier", "--json").json()
        assert (plan["plan"], plan["move"], plan["why"]) == (
            {
                "id": "rustig-12",
                "name": "Twelve calm weeks",
                "step": 1,
                "steps": 12,
                "step_name": "Week 1: single minutes",
            },
            "same",
            "chosen",
        )
        assert plan["legs"][0] == {"kind": "warm_up", "for_s": 300.0}

    def test_before_the_first_step_there_is_none(self, say: Say, settings: Path, tmp_path: Path) -> None:
        said = say("--config", settings, "--state", tmp_path / "state", "plan", "easier")
        words = "duurloop: this is the plan's first step, there is none before it: walking part of it is fine, too\n"
        assert (said.code, said.err) == (1, words)

    def test_it_shows_which_steps_were_run_lately(self, say: Say, settings: Path, tmp_path: Path) -> None:
        here = ("--config", settings, "--state", tmp_path / "state", "plan")
        say(*here, "next")  # makes the database
        yesterday = datetime.now(UTC) - timedelta(days=1)
        asyncio.run(
            keep(tmp_path / "state", replace(judged_run("s1", started_at=yesterday), plan=PlanRef("rustig-12", 3)))
        )
        assert say(*here, "--json").json()["history"][0]["step"] == 3
        lately = say(*here).out.partition("Lately:\n")[2]
        assert lately.strip().endswith("step 3, not judged")

    def test_after_the_last_step_there_is_none(self, say: Say, settings: Path, tmp_path: Path) -> None:
        here = ("--config", settings, "--state", tmp_path / "state", "plan")
        steps = [say(*here, "next").out for _ in range(11)]
        assert "step 12 of 12" in steps[-1]
        assert say(*here, "next").err.startswith("duurloop: this is the plan's last step")

    def test_without_a_plan_it_says_how_to_get_one(self, say: Say, tmp_path: Path) -> None:
        settings = tmp_path / "free.toml"
        settings.write_text('[[runners]]\nname = "Els"\nzone = "118-136"\n', encoding="utf-8")
        said = say("--config", settings, "--state", tmp_path / "state", "plan")
        assert said.code == 1
        assert said.err == "duurloop: Els runs without a plan: duurloop plan use rustig-12 begins one\n"

    def test_another_plan_is_used_over_that_of_the_settings(self, say: Say, settings: Path, tmp_path: Path) -> None:
        here = ("--config", settings, "--state", tmp_path / "state", "plan")
        assert "Walking first (walk-4), step 1 of 4" in say(*here, "use", "walk-4").out
        assert "Walking first (walk-4), step 2 of 4" in say(*here, "next").out
        assert "Twelve calm weeks (rustig-12), step 1 of 12" in say(*here, "use", "rustig-12").out

    @pytest.mark.parametrize("arguments", [("use",), ("next", "walk-4"), ("walk-4",)])
    def test_which_plan_has_to_be_said(self, say: Say, settings: Path, tmp_path: Path, arguments: tuple[str]) -> None:
        said = say("--config", settings, "--state", tmp_path / "state", "plan", *arguments)
        assert (said.code, said.out) == (2, "")

    def test_a_plan_that_is_not_there_is_one_line(self, say: Say, settings: Path, tmp_path: Path) -> None:
        said = say("--config", settings, "--state", tmp_path / "state", "plan", "use", "rustig-13")
        assert said.code == 1
        assert said.err.count("\n") == 1
        assert "rustig-12" in said.err


def test_a_state_folder_that_is_a_file_is_one_line(settings: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.touch()
    # in a process of its own: the service sets up the log of the whole process
    command = [sys.executable, "-P", "-m", "daemon", "--config", str(settings), "--state", str(state), "run"]
    ended = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LANG": "C"}, check=False)
    assert ended.returncode == 1
    assert (
        ended.stderr == f"duurloop: the state folder {state} cannot be used (File exists): say another with --state\n"
    )


def test_a_full_disk_behind_what_is_printed_is_one_line(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-P", "-m", "daemon", "--state", str(tmp_path), "care"]
        ended = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, env={**os.environ, "LANG": "C"}, check=False
        )
    assert (ended.returncode, ended.stderr) == (1, "duurloop: No space left on device\n")


def test_a_secret_in_a_keys_place_is_not_shown(say: Say, settings: Path) -> None:
    settings.write_text(f'{SETTINGS}"ntfy://SECRETTOKEN/x" = 3\n', encoding="utf-8")
    said = say("--config", settings, "check")
    assert said.code == 78
    assert "SECRETTOKEN" not in said.err


def test_a_bug_keeps_its_traceback() -> None:
    assert exit_code_of(ZeroDivisionError()) is None


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (NotRunningError("nobody answers in {state}", state="here"), 3, "duurloop: nobody answers in here"),
        (RadioError(TimeoutError()), 69, "duurloop: Bluetooth: searching hangs; try: sudo systemctl restart bluetooth"),
        (StoreTooNewError("too new"), 78, "duurloop: too new"),
        (StoreError("no room"), 1, "duurloop: no room"),
        (PermissionError(13, "no", "here"), 77, "duurloop: here: this user may not; try sudo duurloop ..."),
        (SettingsError([Fault("a.toml", 3, "zone", "must")]), 78, "a.toml:3: zone: must"),
    ],
    ids=["not running", "no radio", "too new", "full", "forbidden", "settings"],
)
def test_an_expected_failure_ends_in_its_own_way_and_in_a_line(error: Exception, code: int, line: str) -> None:
    assert (exit_code_of(error), explain(error)) == (code, [line])


def test_an_interrupted_command_ends_quietly(say: Say) -> None:
    assert say().code in {0, 2}  # no command: the help
    assert sys.exc_info() == (None, None, None)
