"""What the running service is asked to do and to tell: arm, release, start, skip, hold, stop, status."""

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.simulated_strap import Script, SimulatedStrap
from daemon.domain.plan import PlanRef
from daemon.domain.strap import BodyLocation, LossReason, RadioChanged, RadioTrouble, StrapConnected, StrapLost
from daemon.permit import Connect
from daemon.remote import RefusedError
from daemon.store import RunKept, SessionOpened, StepChosen
from tests.fakes import EVENING, FakeClock, judged_run, sample
from tests.scenarios.service_house import ELS, JAN, House


def simulated(house_clock: FakeClock, **more: Any) -> SimulatedStrap:  # noqa: ANN401
    return SimulatedStrap(Script(((0, 120.0),), **more), house_clock, random.Random(2))  # noqa: S311


def armed_house(**script: Any) -> House:  # noqa: ANN401
    """A house whose only strap is always in reach, and held only when it may be."""
    house = House(connect=Connect.ARMED, straps={})
    house.sources = {"Els": simulated(house.clock, **script)}
    return house


class TestPermit:
    async def test_a_strap_that_waits_to_be_armed_is_left_alone(self) -> None:
        async with armed_house().lives() as house:
            await house.clock.pass_time(60)
            assert not (await house.status())["strap"]["connected"]
            assert house.kept(SessionOpened) == []

    async def test_armed_it_is_held_for_one_run_and_then_waits_again(self) -> None:
        async with armed_house().lives() as house:
            await house.ask("arm")
            await house.clock.pass_time(90)
            assert (await house.status())["strap"]["connected"]
            await house.ask("stop")
            await house.clock.pass_time(2)
            strap = (await house.status())["strap"]
            assert (strap["allowed"], strap["connected"]) == (False, False)
            await house.clock.pass_time(900)
            assert len(house.kept(SessionOpened)) == 1

    async def test_start_arms_it_too(self) -> None:
        async with armed_house().lives() as house:
            await house.ask("start", free=True)
            await house.clock.pass_time(5)
            assert (await house.status())["strap"]["connected"]

    async def test_a_run_that_ends_by_itself_disarms_it(self) -> None:
        async with armed_house(ends_s=100.0).lives() as house:
            await house.ask("arm")
            await house.clock.pass_time(500)
            assert len(house.kept(RunKept)) == 1
            assert not (await house.status())["strap"]["allowed"]

    async def test_released_it_is_let_go_of_at_once_and_held_again_in_due_time(self) -> None:
        house = House(straps={})
        house.sources = {"Els": simulated(house.clock)}
        async with house.lives():
            await house.clock.pass_time(60)
            answer = await house.ask("release", for_s=3600)
            assert answer["until"] == (house.clock.now() + timedelta(hours=1)).isoformat(timespec="seconds")
            await house.clock.pass_time(2)
            strap = (await house.status())["strap"]
            assert (strap["connected"], strap["allowed"], strap["released_for_s"]) == (False, False, 3598)
            await house.clock.pass_time(3610)
            assert (await house.status())["strap"]["connected"]

    async def test_nobody_needs_to_say_for_how_long(self) -> None:
        async with House().lives() as house:
            await house.ask("release")
            assert (await house.status())["strap"]["released_for_s"] == 7200

    async def test_arm_ends_a_release(self) -> None:
        async with House().lives() as house:
            await house.ask("release")
            await house.ask("arm")
            strap = (await house.status())["strap"]
            assert (strap["allowed"], strap["released_for_s"]) == (True, None)


class TestStart:
    async def test_it_answers_with_the_course(self) -> None:
        async with House().lives() as house:
            answer = await house.ask("start", plan="rustig-12:3")
        assert answer["plan"] == {"id": "rustig-12", "step": 3}
        assert answer["legs"] == [{"kind": "run", "for_s": 180.0}, {"kind": "cool_down", "for_s": 60.0}]

    @pytest.mark.parametrize(
        ("asked", "step"), [({}, 1), ({"plan": "rustig-12"}, 1), ({"plan": "rustig-12:2"}, 2), ({"free": True}, None)]
    )
    async def test_the_step_is_the_one_that_was_asked_for_or_the_runners_own(
        self, asked: dict[str, object], step: int | None
    ) -> None:
        async with House().lives() as house:
            answer = await house.ask("start", **asked)
        assert answer["plan"] == (step and {"id": "rustig-12", "step": step})

    async def test_the_runners_own_step_is_the_one_that_the_plan_proposes(self) -> None:
        async with House().lives() as house:
            samples = [sample(float(second)) for second in range(180)]
            last = replace(judged_run("s0", samples), plan=PlanRef("rustig-12", 2))
            await house.store.commit([RunKept("s0", last, ())])
            assert (await house.ask("start"))["plan"]["step"] == 3

    async def test_what_the_runner_chose_comes_before_what_the_plan_proposes(self) -> None:
        async with House().lives() as house:
            await house.store.commit([StepChosen("Els", PlanRef("rustig-12", 2), EVENING)])
            assert (await house.ask("start"))["plan"]["step"] == 2

    async def test_a_runner_without_a_plan_runs_free(self) -> None:
        async with House(JAN).lives() as house:
            answer = await house.ask("start")
        assert (answer["plan"], answer["legs"]) == (None, [])

    @pytest.mark.parametrize(
        ("asked", "why"),
        [
            ({"plan": "rustig-12:4"}, "steps 1 to 3"),
            ({"plan": "rustig-12:0"}, "steps 1 to 3"),
            ({"plan": "rustig-12:x"}, "steps 1 to 3"),
            ({"plan": "hard-10"}, "no plan hard-10"),
            ({"runner": "Piet"}, "no runner named Piet"),
        ],
    )
    async def test_what_is_not_there_is_refused_and_changes_nothing(self, asked: dict[str, object], why: str) -> None:
        async with House().lives() as house:
            with pytest.raises(RefusedError, match=why):
                await house.ask("start", **asked)
            assert (await house.status())["session"] is None

    async def test_with_several_runners_one_must_be_named_in_any_case_of_letters(self) -> None:
        async with House(ELS, JAN).lives() as house:
            with pytest.raises(RefusedError, match="Els, Jan"):
                await house.ask("start")
            assert (await house.ask("start", runner="jAN"))["runner"] == "Jan"

    async def test_started_twice_it_begins_anew_within_the_same_session(self) -> None:
        async with House().lives() as house:
            first = await house.ask("start", plan="rustig-12:1")
            await house.wear("Els", 30)
            second = await house.ask("start", plan="rustig-12:2")
            assert first["session"] == second["session"]
            assert (await house.status())["session"]["step_left_s"] == 120


class TestSteering:
    async def test_a_skipped_step_gives_way_to_the_next(self) -> None:
        async with House().lives() as house:
            session = (await house.ask("start", plan="rustig-12:2"))["session"]
            await house.wear("Els", 30)
            assert await house.ask("skip") == {"runner": "Els", "session": session}
            standing = (await house.status())["session"]
            assert (standing["step"], standing["step_left_s"]) == ("cool_down", 60)

    async def test_the_same_skip_sent_twice_skips_once(self) -> None:
        async with House().lives() as house:
            await house.ask("start", plan="rustig-12:2")
            assert await house.ask("skip", leg=0) == await house.ask("skip", leg=0)
            assert (await house.status())["session"]["step"] == "cool_down"

    async def test_a_tap_between_the_end_of_a_step_and_the_next_one_s_cue_is_for_the_next_one(self) -> None:
        async with House().lives() as house:
            await house.ask("start", plan="rustig-12:2")
            await house.wear("Els", 119)
            house.clock.jump(1.1)
            await house.ask("skip", leg=1)
            assert (await house.status())["session"]["step"] is None

    async def test_what_is_left_of_a_step_stands_still_while_the_runner_does(self) -> None:
        async with House().lives() as house:
            session = (await house.ask("start", plan="rustig-12:2"))["session"]
            await house.wear("Els", 30)
            assert await house.ask("hold") == {"runner": "Els", "session": session}
            await house.wear("Els", 20)
            standing = (await house.status())["session"]
            assert (standing["held"], standing["step"], standing["step_left_s"]) == (True, "run", 90)
            assert await house.ask("go_on") == {"runner": "Els", "session": session}
            await house.wear("Els", 10)
            standing = (await house.status())["session"]
            assert (standing["held"], standing["step"], standing["step_left_s"]) == (False, "run", 80)

    async def test_whoever_stands_still_still_does_after_a_restart(self) -> None:
        house = House()
        async with house.lives():
            await house.ask("start", plan="rustig-12:2")
            await house.wear("Els", 30)
            await house.ask("hold")
        house.clock.jump(60)
        async with house.lives():
            standing = (await house.status())["session"]
            assert (standing["held"], standing["step_left_s"]) == (True, 90)

    async def test_a_run_with_a_pause_and_a_skip_is_kept_as_that_step(self) -> None:
        async with House().lives() as house:
            await house.ask("start", plan="rustig-12:2")
            for command in ("hold", "go_on", "skip"):
                await house.wear("Els", 40)
                await house.ask(command)
            answer = await house.ask("stop")
        assert answer["run"]["plan"] == {"id": "rustig-12", "step": 2}

    @pytest.mark.parametrize("command", ["skip", "hold", "go_on"])
    async def test_without_a_session_it_is_refused(self, command: str) -> None:
        async with House().lives() as house:
            with pytest.raises(RefusedError, match="no session"):
                await house.ask(command)

    async def test_what_makes_no_sense_is_refused_with_the_reason(self) -> None:
        async with House().lives() as house:
            await house.ask("start", free=True)
            with pytest.raises(RefusedError, match="no steps to skip"):
                await house.ask("skip")
            with pytest.raises(RefusedError, match="not paused"):
                await house.ask("go_on")
            await house.ask("hold")
            with pytest.raises(RefusedError, match="paused already"):
                await house.ask("hold")

    async def test_after_the_last_step_there_is_none_to_skip(self) -> None:
        async with House().lives() as house:
            await house.ask("start", plan="rustig-12:1")
            await house.wear("Els", 125)
            with pytest.raises(RefusedError, match="nothing to skip"):
                await house.ask("skip")


class TestStop:
    async def test_it_answers_with_the_judged_run_which_is_durable_then(self) -> None:
        async with House().lives() as house:
            await house.ask("start", free=True)
            await house.wear("Els", 400)
            answer = await house.ask("stop")
            assert answer["run"]["verdict"] == "calm"
            assert await house.store.run(answer["run"]["id"]) is not None

    async def test_a_run_that_a_command_has_erased_is_not_remembered_either(self) -> None:
        house = House()
        async with house.lives():
            await house.wear("Els", 400)
            kept = (await house.ask("stop"))["run"]["id"]
            coach = house.service.heritage().followed["Els"].coach
            await house.ask("wake")
            assert coach.last_run is not None
            house.store.lose(kept)
            await house.ask("wake")
            assert coach.last_run is None

    async def test_a_session_in_which_nothing_was_heard_leaves_no_run(self) -> None:
        async with House().lives() as house:
            await house.ask("start", free=True)
            assert (await house.ask("stop"))["run"] is None
            assert await house.store.open_sessions() == []

    async def test_without_a_session_it_is_refused(self) -> None:
        async with House().lives() as house:
            with pytest.raises(RefusedError, match="no session"):
                await house.ask("stop")

    @pytest.mark.parametrize("command", ["arm", "release"])
    async def test_a_runner_without_a_strap_has_nothing_to_arm_or_release(self, command: str) -> None:
        async with House(straps={}).lives() as house:
            with pytest.raises(RefusedError, match="no strap"):
                await house.ask(command)


class TestStatus:
    async def test_its_times_are_of_the_houses_zone_and_not_of_the_machines(self) -> None:
        async with House(replace(ELS, timezone=ZoneInfo("Asia/Kolkata"))).lives() as house:
            answer = await house.ask("status")
        assert {answer["at"][-6:], answer["since"][-6:]} == {"+05:30"}

    async def test_a_service_at_rest(self) -> None:
        async with House().lives() as house:
            answer = await house.ask("status")
        assert (answer["type"], answer["running"], answer["late"]) == ("status", True, [])
        assert answer["store"] == {"trouble": None, "copied_at": None}
        assert answer["outbox"]["waiting"] == 0
        assert [channel["ok"] for channel in answer["outbox"]["channels"]] == [True, True]
        (els,) = answer["runners"]
        assert (els["session"], els["last_run"]) == (None, None)
        assert els["strap"] == {
            "configured": True,
            "allowed": True,
            "released_for_s": None,
            "connected": False,
            "name": None,
            "battery_pct": None,
            "location": None,
            "contact": "unknown",
            "last_failure": None,
            "radio": None,
        }

    async def test_a_strap_that_is_worn(self) -> None:
        async with House().lives() as house:
            house.straps["Els"].say(StrapConnected(house.clock.monotonic(), "Polar H10", 87, BodyLocation.CHEST))
            await house.wear("Els", 30, 141)
            els = await house.status()
        assert els["strap"]["connected"]
        assert (els["strap"]["name"], els["strap"]["battery_pct"], els["strap"]["location"]) == (
            "Polar H10",
            87,
            "chest",
        )
        assert (els["session"]["bpm"], els["session"]["position"]) == (141, "above")
        assert (els["session"]["elapsed_s"], els["session"]["started"]) == (29, False)

    async def test_a_vanished_value_is_never_shown_as_current(self) -> None:
        async with House().lives() as house:
            await house.wear("Els", 30)
            await house.clock.pass_time(5)
            assert (await house.status())["session"]["bpm"] == 128
            await house.clock.pass_time(1)
            session = (await house.status())["session"]
        assert (session["bpm"], session["position"]) == (None, None)

    async def test_a_strap_that_was_lost(self) -> None:
        async with House().lives() as house:
            house.straps["Els"].say(
                StrapConnected(house.clock.monotonic(), "Polar H10"),
                StrapLost(house.clock.monotonic(), LossReason.LINK_LOST),
            )
            await house.clock.pass_time(1)
            assert not (await house.status())["strap"]["connected"]

    async def test_trouble_with_the_radio_is_told_until_it_is_over(self) -> None:
        async with House().lives() as house:
            house.straps["Els"].say(RadioChanged(house.clock.monotonic(), RadioTrouble.NO_ADAPTER))
            await house.clock.pass_time(1)
            assert (await house.status())["strap"]["radio"] == "no_adapter"
            assert "no_adapter" in house.service.in_words()
            house.straps["Els"].say(RadioChanged(house.clock.monotonic(), None))
            await house.clock.pass_time(1)
            assert (await house.status())["strap"]["radio"] is None

    async def test_the_last_run_is_there_whole(self) -> None:
        async with House().lives() as house:
            await house.wear("Els", 400)
            answer = await house.ask("stop")
            assert (await house.status())["last_run"] == answer["run"]

    async def test_a_database_that_takes_nothing_is_told(self) -> None:
        async with House().lives() as house:
            house.store.trouble = "database: disk is full"
            await house.wear("Els", 3)
            house.store.trouble = None
            assert (await house.ask("status"))["store"]["trouble"] == "database: disk is full"
            assert "the database takes nothing" in house.service.in_words()
            await house.clock.pass_time(10)
            assert (await house.ask("status"))["store"]["trouble"] is None

    async def test_no_figure_of_health_is_in_the_words_for_systemd(self) -> None:
        async with House().lives() as house:
            house.straps["Els"].say(StrapConnected(house.clock.monotonic(), "Polar H10"))
            await house.wear("Els", 30, 141)
            assert house.service.in_words() == "1 of 1 straps connected, 1 sessions open"
