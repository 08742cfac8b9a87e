"""New settings while the service runs: what is open stays open, and what is faulty changes nothing."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from daemon.domain.heart_rate import Bpm
from daemon.domain.plan import Course, PlanRef, Step, StepKind
from daemon.domain.strap import StrapConnected, StrapEvent
from daemon.domain.zones import TargetZone
from daemon.lasting_straps import LastingStrap, LastingStraps
from daemon.parts import Heritage, Parts, Shelves
from daemon.permit import Connect
from daemon.ports import Permit
from daemon.pulse import Pulses
from daemon.remote import RefusedError
from daemon.service import LATE_S, Service
from daemon.store import LetterWritten, RunKept, SampleKept
from tests.fakes import (
    EASY,
    MAIL,
    PHONE,
    FakeClock,
    MoodyMessenger,
    ScriptedStrap,
    Switch,
    eventually,
    no_picture,
    no_plans,
    plan_of,
    runner,
    running,
    sample,
    settle,
)
from tests.memory_store import MemoryStore
from tests.scenarios.service_house import Asked

COURSE = Course.of(
    [Step(StepKind.WALK, 60.0), Step(StepKind.RUN, 240.0), Step(StepKind.WALK, 60.0)], PlanRef("rustig-12", 1)
)
ELS = replace(runner("Els", PHONE), plan=plan_of(COURSE))


class House(Asked):
    """A service whose settings change, on a clock that is told to go."""

    def __init__(self) -> None:
        self.clock, self.store, self.straps = FakeClock(), MemoryStore(), LastingStraps()
        self.els, self.connect, self.pointer = ELS, Connect.ALWAYS, "strap A"
        self.worn: dict[str, ScriptedStrap] = {}
        self.phone, self.mail = MoodyMessenger(), MoodyMessenger()
        self._chance = random.Random(1)  # noqa: S311
        self.service = self._make(None)

    def _make(self, heritage: Heritage | None) -> Service:
        parts = Parts(
            (self.els,),
            {"Els": self.straps.strap((self.pointer,), lambda: self.worn.setdefault(self.pointer, ScriptedStrap()))},
            {"Els": self.connect},
            {PHONE.id: self.phone, MAIL.id: self.mail},
            no_plans,
            no_picture,
        )
        pulses = Pulses(self.clock, LATE_S)
        return Service(parts, Shelves(self.store, self.store), self.clock, self._chance, pulses, heritage=heritage)

    @asynccontextmanager
    async def lives(self) -> AsyncIterator[None]:
        """Run until the next change of the settings, or for good."""
        async with running(*(worker() for worker in self.service.workers().values())):
            await self.clock.pass_time(0)
            yield
        await self.service.recorder.flush()

    async def renew(self) -> None:
        """Let another service take the place of the one whose life is over."""
        self.service = self._make(self.service.heritage())
        await self.straps.close(but=self.service.parts.sources.values())
        await self.service.succeed()

    def say(self, *events: StrapEvent) -> None:
        self.worn[self.pointer].say(*events)

    async def wear(self, seconds: int, bpm: Callable[[int], int] = lambda _: 128) -> None:
        for second in range(seconds):
            await self.clock.pass_time(1)
            self.say(replace(sample(0, bpm(second)), at=self.clock.monotonic()))
        await self.clock.pass_time(0)


def hilly(second: int) -> int:
    return 128 + second // 4 % 25


async def evening(*, reloads: int) -> House:
    """Let a whole session pass, with so many changes of the settings in it."""
    house = House()
    async with house.lives():
        house.say(StrapConnected(house.clock.monotonic(), "Polar H10", 87))
        await house.ask("start")
        await house.wear(130, hilly)
    for _ in range(reloads):
        # the strap goes on speaking while nobody listens
        house.say(replace(sample(0, 141), at=house.clock.monotonic()))
        await house.renew()
        async with house.lives():
            pass
    if not reloads:
        house.say(replace(sample(0, 141), at=house.clock.monotonic()))
    async with house.lives():
        await house.wear(270, hilly)
        await house.ask("stop")
    await house.straps.close()
    return house


class TestASession:
    async def test_is_the_same_as_without_new_settings(self) -> None:
        # the twin, too, was stopped for a moment, but is the same service
        house, twin = await evening(reloads=1), await evening(reloads=0)
        (run,), (same,) = house.kept(RunKept), twin.kept(RunKept)
        assert run == same
        assert run.run.judgement.heart_rate.samples == 401
        assert house.kept(LetterWritten) == twin.kept(LetterWritten)
        assert len(house.kept(LetterWritten)) >= 3

    async def test_loses_no_sample_and_keeps_its_strap_through_several_changes(self) -> None:
        house = await evening(reloads=3)
        assert len(house.kept(SampleKept)) == 403
        assert len(house.kept(RunKept)) == 1

    async def test_keeps_the_zone_of_its_start_and_the_next_one_has_the_new_one(self) -> None:
        house, higher = House(), TargetZone(Bpm(125), Bpm(145))
        async with house.lives():
            await house.wear(30)
        house.els = replace(house.els, zones=(higher,))
        await house.renew()
        async with house.lives():
            await house.wear(30)
            await house.ask("stop")
            await house.clock.pass_time(301)
            await house.wear(30)
            await house.ask("stop")
        first, second = house.kept(RunKept)
        assert (first.run.target, second.run.target) == (EASY, higher)
        await house.straps.close()

    async def test_speaks_by_the_new_channels(self) -> None:
        house = House()
        async with house.lives():
            await house.wear(400)
        house.els = replace(house.els, channels=(MAIL,))
        await house.renew()
        async with house.lives():
            await house.ask("stop")
            await eventually(lambda: "Your run" in [text.title for text in house.mail.texts])
        assert {letter.letter.channel for letter in house.kept(LetterWritten)} == {MAIL.id}
        await house.straps.close()

    async def test_goes_on_with_another_strap_and_the_one_before_is_let_go_of(self) -> None:
        house = House()
        async with house.lives():
            house.say(StrapConnected(house.clock.monotonic(), "Polar H10", 87))
            await house.wear(30)
        house.pointer = "strap B"
        await house.renew()
        async with house.lives():
            els = await house.status()
            assert (els["strap"]["connected"], els["strap"]["battery_pct"]) == (False, None)
            assert house.worn["strap A"].closed
            await house.wear(30)
            await house.ask("stop")
        assert [len(kept.samples) for kept in house.kept(RunKept)] == [60]
        await house.straps.close()

    async def test_what_could_not_be_kept_before_is_kept_after(self) -> None:
        house = House()
        house.store.trouble = "database: disk is full"
        async with house.lives():
            await house.wear(400)
            with pytest.raises(RefusedError, match="takes nothing"):
                await house.ask("stop")
        with capture_logs() as logs:
            await house.renew()
        assert [line["event"] for line in logs] == ["not_looked_at_the_database"]
        house.store.trouble = None
        async with house.lives():
            await house.clock.pass_time(10)
        assert [len(kept.samples) for kept in house.kept(RunKept)] == [400]
        await house.straps.close()


class TestWhatWasAgreed:
    async def test_a_release_is_not_forgotten(self) -> None:
        house = House()
        async with house.lives():
            await house.ask("release", for_s=7200)
        await house.clock.pass_time(60)
        await house.renew()
        async with house.lives():
            els = await house.status()
        assert (els["strap"]["allowed"], els["strap"]["released_for_s"]) == (False, 7140)
        await house.straps.close()

    async def test_a_strap_that_is_to_be_held_only_when_asked_for_is_kept_for_the_run_that_goes_on(self) -> None:
        house = House()
        async with house.lives():
            await house.wear(30)
        house.connect = Connect.ARMED
        await house.renew()
        async with house.lives():
            assert (await house.status())["strap"]["allowed"]
            await house.ask("stop")
            assert not (await house.status())["strap"]["allowed"]
        await house.straps.close()

    async def test_what_is_known_of_the_strap_and_since_when_the_service_runs_is_still_known(self) -> None:
        house = House()
        async with house.lives():
            house.say(StrapConnected(house.clock.monotonic(), "Polar H10", 87))
            await house.clock.pass_time(5)
            before = await house.ask("status")
        await house.renew()
        async with house.lives():
            after = await house.ask("status")
        assert (before["since"], before["runners"][0]["strap"]) == (after["since"], after["runners"][0]["strap"])
        await house.straps.close()


async def test_a_runner_who_left_the_settings_and_came_back_finds_the_session_again() -> None:
    house = House()
    async with house.lives():
        await house.wear(30)
        session = (await house.status())["session"]["id"]
    els, house.els = house.els, replace(house.els, name="Jan")
    with capture_logs() as logs:
        await house.renew()
    assert [line["event"] for line in logs] == ["session_left_open"]
    async with house.lives():
        pass
    house.els = els
    await house.renew()
    async with house.lives():
        assert (await house.status())["session"]["id"] == session
    await house.straps.close()


# -- straps that last ----------------------------------------------------------------------------------


class TestLastingStraps:
    async def test_a_bug_in_a_strap_is_told_to_whoever_listens(self) -> None:
        class Broken:
            last_failure: str | None = None

            @asynccontextmanager
            async def events(self, _permit: Permit) -> AsyncIterator[AsyncIterator[StrapEvent]]:
                raise LookupError("a bug")
                yield

        strap = LastingStrap(Broken())
        for _ in range(2):  # the next one hears of it, too
            async with strap.events(Switch()) as events:
                with pytest.raises(LookupError, match="a bug"):
                    await anext(events)

    async def test_one_that_does_not_let_go_is_insisted_upon(self) -> None:
        asked = 0

        class Clinging:
            last_failure: str | None = None

            @asynccontextmanager
            async def events(self, _permit: Permit) -> AsyncIterator[AsyncIterator[StrapEvent]]:
                nonlocal asked
                async with ScriptedStrap().events(_permit) as events:
                    try:
                        yield events
                    finally:
                        asked += 1
                        await asyncio.Event().wait()

        strap = LastingStrap(Clinging())
        async with strap.events(Switch()):
            await settle()
        await strap.close(patience_s=0.01)
        assert asked == 1

    async def test_straps_at_one_adapter_share_their_radio_and_one_key_is_one_strap(self) -> None:
        straps = LastingStraps()
        assert straps.radio("hci0", object) is straps.radio("hci0", object)
        assert straps.radio("hci0", object) is not straps.radio("hci1", object)
        assert straps.strap(("Els", "A"), ScriptedStrap) is straps.strap(("Els", "A"), ScriptedStrap)
        assert straps.strap(("Els", "A"), ScriptedStrap) is not straps.strap(("Els", "B"), ScriptedStrap)

    async def test_one_that_was_let_go_of_is_a_new_one_next_time(self) -> None:
        straps = LastingStraps()
        before = straps.strap(("Els", "A"), ScriptedStrap)
        await straps.close(but=[before])
        assert straps.strap(("Els", "A"), ScriptedStrap) is before
        await straps.close()
        assert straps.strap(("Els", "A"), ScriptedStrap) is not before
