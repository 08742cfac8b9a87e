"""`duurloop week` as it is typed."""

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.sqlite import open_database
from connectors.sqlite_store import SqliteStore
from daemon.domain.feeling import Feeling
from daemon.domain.run import Run, Source
from daemon.state_folder import DATABASE_NAME, prepare
from daemon.store import Brought, FeelingSaid, RunKept
from tests.fakes import judged_run, sample
from tests.terminal import Said, Say

SETTINGS = """
timezone = "Europe/Amsterdam"

[[runners]]
name = "Els"
language = "en"
zone = "118-136"
days = ["tue", "thu", "sun"]
time = "18:30"
"""
CHANNELS = """
[[runners.channels]]
name = "phone"
url = "json://127.0.0.1:9"

[[runners.channels]]
name = "watch"
url = "json://127.0.0.1:9"
for = ["live"]
"""
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
TUESDAY = datetime(2024, 11, 12, 18, 30, tzinfo=UTC)

Week = Callable[..., Said]


def write_settings(folder: Path, text: str) -> Path:
    path = folder / "duurloop.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def run_of(runner: str, days: float, minutes: int = 20) -> Run:
    samples = [sample(float(second)) for second in range(0, 60 * minutes, 5)]
    began = TUESDAY + timedelta(days=days)
    return replace(judged_run(f"{runner}{days}", samples, began), runner=runner, duration_s=60.0 * minutes)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def week(say: Say, tmp_path: Path, state: Path) -> Week:
    settings = write_settings(tmp_path, SETTINGS + CHANNELS)

    def ask(*arguments: str | Path) -> Said:
        return say("--config", settings, "--state", state, "week", *arguments)

    return ask


@pytest.fixture
def with_runs(state: Path) -> None:
    """Keep two runs of Els in week 46, one in the week before, and one of somebody else."""
    runs = [run_of("Els", 0), run_of("Els", 2, 30), run_of("Els", -7), run_of("Jan", 0)]

    async def keep() -> None:
        async with open_database(prepare(state) / DATABASE_NAME) as database:
            await SqliteStore(database).commit([RunKept(run.id, run, ()) for run in runs])

    asyncio.run(keep())


def letters_in(state: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(state / DATABASE_NAME) as database:
        rows = database.execute("SELECT channel, title FROM letter WHERE kind = 'week' ORDER BY id").fetchall()
    database.close()
    return rows


# -- telling ---------------------------------------------------------------------------------------------


def test_without_anything_kept_the_week_is_empty_and_nothing_is_made(week: Week, state: Path) -> None:
    said = week()
    title, gap, *lines = said.out.splitlines()
    assert (said.code, title.partition(" ")[0], gap, len(lines)) == (0, "Week", "", 1)
    assert not state.exists()


def test_without_a_name_it_is_the_week_that_is_going_on_where_the_runner_lives(week: Week) -> None:
    before = datetime.now(AMSTERDAM).date().isoformat()
    report = week("--json").json()
    after = datetime.now(AMSTERDAM).date().isoformat()
    assert report["from"] <= after
    assert before <= report["to"]
    assert not report["is_over"]
    assert (report["runs"], report["agreed"], report["calm_pct"]) == (0, 3, None)


@pytest.mark.usefixtures("with_runs")
def test_programs_get_the_week_as_json(week: Week) -> None:
    report = week("2024-W46", "--json").json()
    assert (report["type"], report["week"], report["runner"]) == ("week", "2024-W46", "Els")
    assert (report["from"], report["to"], report["is_over"]) == ("2024-11-11", "2024-11-17", True)
    assert (report["runs"], report["duration_s"], report["verdicts"]["calm"]) == (2, 3000.0, 2)
    assert report["days"][1] == {
        "date": "2024-11-12",
        "calm_s": 1200.0,
        "lively_s": 0.0,
        "hard_s": 0.0,
        "unjudged_s": 0.0,
    }
    assert report["last_week"]["runs"] == 1


@pytest.mark.usefixtures("with_runs")
def test_a_person_reads_the_words_and_then_the_numbers(week: Week) -> None:
    out = week("2024-w46").out
    assert out.startswith("Week 46, 11 ")
    assert "2024-11-12  20 minutes calm\n2024-11-14  30 minutes calm\n" in out
    assert "In all: 2 runs, 50 minutes, 100 % calm\n" in out
    assert "The week before: 1 run, 20 minutes, 100 % calm\n" in out


def test_trends_and_feelings_are_numbers_like_others_and_what_may_be_gone_is_said(week: Week, state: Path) -> None:
    async def keep() -> None:
        async with open_database(prepare(state) / DATABASE_NAME) as database:
            store = SqliteStore(database)
            for days in (0, 1, 2, -28, -29, -30):
                run = run_of("Els", days)
                run = replace(run, judgement=replace(run.judgement, drift_pct=5.0 - days / 10, recovery_60s_bpm=30))
                await store.commit([RunKept(run.id, run, ())])
            await store.commit([FeelingSaid("Els", "Els0", Feeling(before=2, after=4), TUESDAY)])
            by_strava = replace(run_of("Els", 3), sources=(Source.STRAVA_API,))
            await store.bring(Brought(by_strava, (), "strava:1"), lambda _: [])

    asyncio.run(keep())
    lines = week("2024-W46").out.splitlines()
    assert "Drift: 4.9 %, in the four weeks before 7.9 %" in lines
    assert "Recovery in the first minute: 30 beats, in the four weeks before 30" in lines
    assert "How you felt, from 1 to 5: 2.0 before running, 4.0 afterwards" in lines
    assert lines[-1].startswith("Runs that came by Strava stay for some days only")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("2026-W60",), 2, "no calendar has the week 2026-W60; 2026-W46 is one"),
        (("last",), 2, "no calendar has the week last; 2026-W46 is one"),
        (("2999-W01",), 2, "2999-W01 is still to come"),
        (("--json", "--png", "-"), 2, "only one of --json, --html - and --png - fits on stdout"),
        (("--runner", "Kim"), 1, "no runner named Kim lives here: there is Els"),
    ],
)
def test_a_slip_is_one_clear_line(week: Week, arguments: tuple[str, ...], code: int, words: str) -> None:
    said = week(*arguments)
    assert (said.code, said.out) == (code, "")
    assert said.err.splitlines()[-1].endswith(words)


def test_of_several_runners_one_is_to_be_named(say: Say, tmp_path: Path) -> None:
    settings = write_settings(tmp_path, SETTINGS + '[[runners]]\nname = "Jan"\nzone = "110-130"\n')
    asked = ("--config", settings, "--state", tmp_path, "week")
    assert say(*asked).err == "duurloop: several runners live here: say which with --runner (Els, Jan)\n"
    assert say(*asked, "--runner", "jan", "--json").json()["runner"] == "Jan"


# -- writing and sending ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("with_runs")
def test_it_is_written_as_a_page_that_stands_alone_and_as_a_picture(week: Week, tmp_path: Path) -> None:
    page, picture = tmp_path / "week.html", tmp_path / "week.png"
    said = week("2024-W46", "--html", page, "--png", picture)
    assert said == Said(0, "", "")
    assert picture.read_bytes().startswith(b"\x89PNG\r\n")
    html = page.read_text(encoding="utf-8")
    assert 'src="data:image/png;base64,iVBOR' in html
    assert "cid:" not in html


def test_a_page_can_go_to_stdout(week: Week) -> None:
    assert week("--html", "-").out.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("option", ["--html", "--png"])
def test_a_file_that_cannot_be_written_is_said(week: Week, tmp_path: Path, option: str) -> None:
    path = tmp_path / "nowhere" / "week"
    said = week(option, path)
    assert (said.code, said.out) == (1, "")
    assert said.err == f"duurloop: {path} cannot be written: No such file or directory\n"


@pytest.mark.usefixtures("with_runs")
def test_it_is_sent_to_the_channels_that_take_it_and_again_when_asked_again(week: Week, state: Path) -> None:
    said = week("2024-W46", "--send")
    assert (said.code, said.out) == (0, "Ready for phone. It goes when the service runs: duurloop run\n")
    assert week("2024-W46", "--send").code == 0
    assert [channel for channel, _ in letters_in(state)] == ["Els/phone"] * 2


def test_json_and_sending_go_together(week: Week) -> None:
    said = week("--json", "--send")
    assert said.json()["type"] == "week"
    assert said.err.startswith("Ready for phone.")


def test_without_a_channel_that_takes_it_nothing_is_sent(say: Say, tmp_path: Path) -> None:
    said = say("--config", write_settings(tmp_path, SETTINGS), "--state", tmp_path, "week", "--send")
    assert (said.code, said.out) == (1, "")
    assert said.err == 'duurloop: no channel of Els takes the week: add "week" to the for = [...] of one\n'
