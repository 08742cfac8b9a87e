"""The running service: several runners, their straps and their letters, on one clock that is told to go."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from daemon.domain.heart_rate import HeartRateSample
from daemon.domain.strap import BodyLocation, StrapConnected
from daemon.permit import Connect
from daemon.ports import Blame, DeliveryError
from daemon.service import LATE_S
from daemon.store import Kind, LetterWritten, RunKept, SampleKept, SessionOpened
from tests.fakes import EASY, EVENING, eventually, letter, sample
from tests.scenarios.service_house import ELS, JAN, MIES, House


class TestFollowing:
    async def test_a_strap_that_is_put_on_becomes_a_run_with_its_letters(self) -> None:
        async with House().lives() as house:
            house.straps["Els"].say(StrapConnected(house.clock.monotonic(), "Polar H10", 87, BodyLocation.CHEST))
            await house.wear("Els", 400)
            await house.clock.pass_time(320)
            (run,) = await house.store.runs()
            assert run.runner == "Els"
            await eventually(lambda: len(house.phone.texts) == len(house.mail.texts) == 1)
        assert len(house.kept(SampleKept)) == 400

    async def test_three_runners_straps_each_lead_to_a_session_of_their_own(self) -> None:
        async with House(ELS, JAN, MIES).lives() as house:
            for _ in range(70):
                for name, bpm in (("Els", 120), ("Jan", 130), ("Mies", 140)):
                    house.straps[name].say(replace(sample(0, bpm), at=house.clock.monotonic()))
                await house.clock.pass_time(1)
            await house.clock.pass_time(320)
            runs = {run.runner: run.judgement.heart_rate for run in await house.store.runs()}
        assert {name: (heart.samples, heart.mean_bpm) for name, heart in runs.items()} == {
            "Els": (70, 120.0),
            "Jan": (70, 130.0),
            "Mies": (70, 140.0),
        }
        assert len(house.kept(SessionOpened)) == 3

    async def test_samples_are_durable_within_a_second(self) -> None:
        async with House().lives() as house:
            for second in range(1, 60):
                await house.wear("Els", 1)
                await house.clock.pass_time(0.5)
                assert len(house.kept(SampleKept)) == second

    async def test_whoever_looks_on_sees_every_event_with_what_came_of_it(self) -> None:
        async with House().lives() as house:
            await house.wear("Els", 3)
        heard = [(name, effects) for name, event, effects in house.seen if isinstance(event, HeartRateSample)]
        assert [name for name, _ in heard] == ["Els"] * 3
        assert [type(effect).__name__ for effect in heard[0][1]] == ["Open", "Keep"]

    async def test_a_strap_is_let_go_of_in_good_order_when_the_service_ends(self) -> None:
        async with House().lives() as house:
            assert not house.straps["Els"].closed
        assert house.straps["Els"].closed

    async def test_what_waits_for_the_next_batch_is_kept_when_the_service_ends(self) -> None:
        async with House().lives() as house:
            await house.wear("Els", 2)
            assert len(house.kept(SampleKept)) == 1
        assert len(house.kept(SampleKept)) == 2


class TestRestart:
    async def test_a_session_goes_on_after_a_restart(self) -> None:
        house = House()
        async with house.lives():
            await house.ask("start", plan="rustig-12:2")
            await house.wear("Els", 40)
        house.clock.jump(20)
        async with house.lives():
            assert (await house.status())["session"]["step"] == "run"
            await house.wear("Els", 340)
            answer = await house.ask("stop")
        assert answer["run"]["heart_rate"]["samples"] == 380
        assert answer["run"]["plan"] == {"id": "rustig-12", "step": 2}
        assert len(house.kept(SessionOpened)) == len(house.kept(RunKept)) == 1

    async def test_a_session_that_is_over_is_judged_before_anything_else(self) -> None:
        house = House()
        async with house.lives():
            await house.wear("Els", 400)
        house.clock.jump(3600)
        async with house.lives():
            (run,) = await house.store.runs()
            assert run.duration_s == 400

    async def test_a_strap_that_was_armed_for_the_session_is_looked_for_again(self) -> None:
        house = House(connect=Connect.ARMED)
        async with house.lives():
            await house.ask("arm")
            await house.wear("Els", 40)
        house.clock.jump(20)
        async with house.lives():
            assert (await house.status())["strap"]["allowed"]

    async def test_the_session_of_a_runner_who_left_the_settings_is_left_alone(self) -> None:
        house = House(ELS, JAN)
        async with house.lives():
            await house.wear("Jan", 40)
        house.runners = (ELS,)
        house.clock.jump(3600)
        async with house.lives():
            await house.clock.pass_time(60)
        assert len(await house.store.open_sessions()) == 1
        house.runners = (ELS, JAN)
        async with house.lives():
            pass
        assert [run.runner for run in await house.store.runs()] == ["Jan"]


class TestChannels:
    async def test_a_wrong_password_is_told_on_the_runners_other_channel_and_in_status(self) -> None:
        async with House().lives() as house:
            house.phone.refusal = DeliveryError("535 no", Blame.SETTINGS)
            await house.store.commit([LetterWritten(letter("a"))])
            house.service.outbox.wake()
            await eventually(lambda: len(house.mail.texts) == 1)
            assert "phone" in house.mail.texts[0].body
            assert "535 no" in house.mail.texts[0].body
            phone, mail = (await house.ask("status"))["outbox"]["channels"]
        assert (phone["ok"], phone["reason"], phone["needs_you"]) == (False, "535 no", True)
        assert mail["ok"]

    async def test_a_hanging_channel_is_told_in_status(self) -> None:
        async with House().lives() as house:
            house.phone.hang()
            await house.store.commit([LetterWritten(letter("a", kind=Kind.SERVICE))])
            house.service.outbox.wake()
            await eventually(lambda: len(house.phone.tried) == 1)
            await house.clock.pass_time(31)
            (phone, _) = (await house.ask("status"))["outbox"]["channels"]
            assert (phone["ok"], phone["reason"]) == (False, "no answer yet")
            assert (await house.ask("status"))["outbox"]["waiting"] == 1
            house.phone.answer()


class TestLife:
    async def test_nobody_is_late_in_a_service_that_does_nothing_for_an_hour(self) -> None:
        async with House().lives() as house:
            for _ in range(12):
                await house.clock.pass_time(300)
                assert house.service.late() == []
        assert house.store.commits == []

    async def test_a_commit_that_never_ends_is_late(self) -> None:
        async with House().lives() as house:
            house.store.gate = asyncio.Event()
            await house.wear("Els", 1)
            await house.clock.pass_time(LATE_S + 5)
            assert "recorder" in house.service.late()
            house.store.gate.set()

    async def test_the_evening_has_the_zone_of_its_day(self) -> None:
        async with House().lives() as house:
            await house.wear("Els", 3)
            (opened,) = house.kept(SessionOpened)
        assert (opened.target, opened.started_at) == (EASY, EVENING + timedelta(seconds=1))
