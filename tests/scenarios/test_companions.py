"""The running service over the days: reminders, answers, a zone that is set, a link to say how it felt."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from daemon.domain.feeling import Feeling
from daemon.domain.habit import Agreement
from daemon.domain.heart_rate import Bpm
from daemon.domain.plan import Course, PlanRef, Step, StepKind
from daemon.domain.zones import ZoneOrigin
from daemon.household import Runner
from daemon.page.links import FEEL_SECRET
from daemon.store import FeelingSaid, Kind, LetterWritten, Paused, SessionOpened, StepRun, ZoneSet
from tests.fakes import EASY, EVENING, eventually, plan_of
from tests.scenarios.service_house import ELS, House

SATURDAY = 5
AGREED = replace(ELS, agreement=Agreement(frozenset({SATURDAY}), time(19, 0)))


def written(house: House, kind: Kind) -> list[str]:
    letters = [fact.letter for fact in house.kept(LetterWritten)]
    return [letter.text.body for letter in letters if letter.kind is kind and letter.channel == "els/phone"]


class TestReminders:
    async def test_at_the_agreed_hour_tonights_step_is_on_the_phone(self) -> None:
        async with House(AGREED).lives() as house:
            await house.clock.pass_time(29 * 60)
            assert house.phone.texts == []
            await house.clock.pass_time(120)
            await eventually(lambda: len(house.phone.texts) == 1)
        assert house.phone.texts[0].title == "For tonight"
        assert "1 minute running" in house.phone.texts[0].body

    async def test_a_service_that_is_restarted_does_not_remind_twice(self) -> None:
        house = House(AGREED)
        for _ in range(3):
            async with house.lives():
                await house.clock.pass_time(31 * 60)
        assert len(written(house, Kind.REMINDER)) == 1

    async def test_whoever_is_running_is_not_reminded_of_it(self) -> None:
        async with House(AGREED).lives() as house:
            await house.clock.pass_time(29 * 60)
            await house.wear("Els", 120)
        assert written(house, Kind.REMINDER) == []

    async def test_a_pause_that_another_process_kept_counts_at_once(self) -> None:
        async with House(AGREED).lives() as house:
            await house.clock.pass_time(29 * 60)
            await house.store.commit([Paused("Els", house.clock.now(), EVENING.date() + timedelta(days=3))])
            await house.ask("wake")
            await house.clock.pass_time(300)
        assert written(house, Kind.REMINDER) == []

    async def test_status_says_that_it_is_a_pause(self) -> None:
        async with House(AGREED).lives() as house:
            await house.store.commit([Paused("Els", house.clock.now(), EVENING.date() + timedelta(days=3))])
            status = await house.status()
        assert (status["paused_until"], status["next_appointment"]["at"][:10]) == ("2026-11-24", "2026-11-28")

    async def test_status_says_when_the_next_one_is(self) -> None:
        async with House(AGREED).lives() as house:
            assert (await house.status())["next_appointment"] == {
                "kind": "reminder",
                "at": "2026-11-21T19:00:00+00:00",
            }

    async def test_between_appointments_nothing_is_written(self) -> None:
        async with House(AGREED).lives() as house:
            await house.clock.pass_time(40 * 60)
            before = len(house.store.commits)
            await house.clock.pass_time(3 * 3600)
            assert len(house.store.commits) == before
            assert house.service.late() == []


class TestAnswers:
    async def test_after_a_run_along_the_plan_the_third_line_is_the_plans(self) -> None:
        async with House(AGREED).lives() as house:
            await house.ask("start")
            await house.wear("Els", 130)
            await house.ask("stop")
        (body,) = written(house, Kind.AFTER)
        assert body.splitlines()[2].startswith("Next time: ")
        (line,) = house.kept(StepRun)
        assert (line.step.step, line.then) == (1, 2)

    async def test_a_step_without_running_is_a_walk(self) -> None:
        walk = plan_of(Course.of([Step(StepKind.WALK, 120.0)], PlanRef("walk-4", 1)), identity="walk-4")
        async with House(replace(AGREED, plan=walk)).lives() as house:
            await house.ask("start")
            await house.wear("Els", 130)
            run = (await house.ask("stop"))["run"]
        titles = [fact.letter.text.title for fact in house.kept(LetterWritten) if fact.letter.kind is Kind.AFTER]
        assert (run["sport"], set(titles)) == ("walk", {"Your walk"})

    async def test_with_a_page_that_phones_reach_it_asks_how_it_felt(self) -> None:
        async with House(
            AGREED, feel_url=lambda secret, run, _now: f"http://house/{len(secret)}/{run.id}"
        ).lives() as house:
            await house.wear("Els", 400)
            answer = await house.ask("stop")
        (body,) = written(house, Kind.AFTER)
        assert body.splitlines()[3].endswith(f"http://house/32/{answer['run']['id']}")

    async def test_after_links_were_taken_back_the_next_message_has_one_that_works(self) -> None:
        async with House(
            AGREED, feel_url=lambda secret, _run, _now: f"http://house/{secret.decode()}"
        ).lives() as house:
            await house.store.renew_secret(FEEL_SECRET)
            await house.ask("wake")
            await house.wear("Els", 400)
            await house.ask("stop")
            secret = await house.store.secret(FEEL_SECRET)
        (body,) = written(house, Kind.AFTER)
        assert body.splitlines()[3].endswith(f"http://house/{secret.decode()}")

    async def test_what_was_said_before_a_run_is_in_it(self) -> None:
        async with House(AGREED).lives() as house:
            await house.store.commit([FeelingSaid("Els", None, Feeling(before=2), house.clock.now())])
            await house.wear("Els", 400)
            await house.ask("stop")
            assert (await house.status())["last_run"]["feeling"]["before"] == 2


class TestZones:
    @pytest.mark.parametrize(("instead_of", "high"), [("118-136", 130), ("110-120", 136)])
    async def test_a_zone_that_was_set_elsewhere_counts_from_the_next_session_on(
        self, instead_of: str, high: int
    ) -> None:
        mine = replace(EASY, high=Bpm(130), origin=ZoneOrigin.TALK_TEST, valid_from=EVENING.date())
        async with House(ELS).lives() as house:
            await house.store.commit([ZoneSet("Els", mine, instead_of, house.clock.now())])
            await house.ask("wake")
            await house.wear("Els", 5)
            (opened,) = house.kept(SessionOpened)
        assert opened.target.high == high

    async def test_it_counts_after_a_restart(self) -> None:
        mine = replace(EASY, high=Bpm(130), valid_from=EVENING.date())
        house = House(ELS)
        await house.store.commit([ZoneSet("Els", mine, "118-136", house.clock.now())])
        async with house.lives():
            await house.wear("Els", 5)
        assert house.kept(SessionOpened)[0].target.high == 130


async def test_a_runner_without_an_agreement_is_left_in_peace() -> None:
    quiet: Runner = ELS
    async with House(quiet).lives() as house:
        await house.clock.pass_time(48 * 3600)
        assert house.store.commits == []
