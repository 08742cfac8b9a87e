"""Courses in which the heart leads, out of a plan's file and back out of the database."""

from pathlib import Path

import pytest

from connectors.sqlite import open_database
from connectors.sqlite_store import SqliteStore
from daemon.domain.plan import Block, Course, Edge, PlanRef, Step, StepKind
from daemon.from_settings import plan_named
from daemon.store import CoachingStarted, SessionOpened
from tests.builders import led
from tests.fakes import EASY, ELS, EVENING

OPENED = SessionOpened("s1", ELS.name, EVENING, EASY)


def test_a_plans_file_says_until_when_the_heart_leads(tmp_path: Path) -> None:
    parts = "run 1m, walk 1m-3m until low, recovery 20s-90s until 105"
    text = f'id = "own"\nname = "Own"\n[[steps]]\nname = "One"\nruns = 2\ncourse = ["2 x {parts}"]\n'
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    (course,) = plan_named("own.toml", "nl", tmp_path).courses
    steps = (Step(StepKind.RUN, 60), led(StepKind.WALK, 60, 180, Edge.LOW), led(StepKind.RECOVERY, 20, 90, 105))
    assert course.legs == Course.of([Block(2, steps)]).legs


@pytest.mark.parametrize("until", [*Edge, 105])
async def test_until_when_the_heart_leads_is_kept(tmp_path: Path, until: int | Edge) -> None:
    begun = CoachingStarted("s1", 12.3, Course.of([Step(StepKind.RUN, 60.0), led(StepKind.WALK, 60.5, 180, until)]))
    async with open_database(tmp_path / "duurloop.db") as database:
        store = SqliteStore(database)
        await store.commit([OPENED, begun])
        (session,) = await store.open_sessions()
    assert session.coaching == begun


async def test_a_course_of_before_the_heart_could_lead_is_still_read(tmp_path: Path) -> None:
    kept = '{"plan": "rustig-12", "step": 3, "legs": [["run", 60.0], ["walk", 90.5]]}'
    async with open_database(tmp_path / "duurloop.db") as database:
        store = SqliteStore(database)
        await store.commit([OPENED, CoachingStarted("s1", 0.0, None)])
        await database.write(lambda connection: connection.execute("UPDATE session SET course = ?", (kept,)))
        (session,) = await store.open_sessions()
    assert session.coaching is not None
    assert session.coaching.course == Course.of(
        [Step(StepKind.RUN, 60.0), Step(StepKind.WALK, 90.5)], PlanRef("rustig-12", 3)
    )
