"""Letters on their way: to each channel in its own thread, at its own pace, none lost and none too late."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import time, timedelta

import pytest
from structlog.testing import capture_logs

from daemon.domain.wording import Text
from daemon.household import QuietHours, Runner
from daemon.letters import CUE_WORTH, WORTH_UNTIL, Scribe
from daemon.outbox import DEADLINE_S, SETTINGS, WORLD, Outbox
from daemon.ports import Blame, DeliveryError
from daemon.store import Kind, Letter, LetterWritten
from tests.fakes import EVENING, MAIL, PHONE, FakeClock, MoodyMessenger, eventually, letter, runner, running
from tests.memory_store import MemoryStore

DOWN = DeliveryError("no route to host")
WRONG = DeliveryError("535 Authentication credentials invalid", Blame.SETTINGS)


class Rig:
    """An outbox with a phone and a mailbox."""

    def __init__(self) -> None:
        self.clock, self.store = FakeClock(), MemoryStore()
        self.phone, self.mail = MoodyMessenger(), MoodyMessenger()
        self.notices: list[tuple[str, str]] = []
        self.outbox = self._new()

    def _new(self) -> Outbox:
        far_ends = {PHONE.id: self.phone, MAIL.id: self.mail}
        return Outbox(self.store, far_ends, self.clock, random.Random(1), self._notice)  # noqa: S311

    def _notice(self, channel: str, reason: str) -> list[Letter]:
        self.notices.append((channel, reason))
        other = MAIL.id if channel == PHONE.id else PHONE.id
        return [letter(f"notice:{len(self.notices)}", other, Kind.SERVICE, at=self.clock.now())]

    @asynccontextmanager
    async def works(self) -> AsyncIterator[None]:
        """Let the outbox work; each time it is another one, as after a restart."""
        self.outbox = self._new()
        async with running(self.outbox.run()):
            yield
            self.phone.answer()
            self.mail.answer()

    async def write(self, *letters: Letter) -> None:
        await self.store.commit([LetterWritten(one) for one in letters])
        self.outbox.wake()

    async def settled(self, state: str, *keys: str) -> None:
        """Wait until these letters have come to `state`."""
        await eventually(lambda: all(self.store.states().get(key) == state for key in keys))

    async def tried(self, times: int) -> None:
        """Wait until the phone was tried so often, and how that went is noted."""
        await eventually(lambda: len(self.phone.tried) == times and "sending" not in self.store.states().values())


@pytest.fixture
def rig() -> Rig:
    return Rig()


def titles(texts: Sequence[Text]) -> list[str]:
    return [text.title for text in texts]


def live(key: str, rig: Rig) -> Letter:
    return letter(key, kind=Kind.LIVE, at=rig.clock.now(), worth=WORTH_UNTIL[Kind.LIVE])


class TestClockThatIsSet:
    @pytest.mark.parametrize("years", [56, -3])
    async def test_a_letter_that_waits_for_its_far_end_is_worth_as_long_as_before(self, rig: Rig, years: int) -> None:
        rig.phone.refusal = DOWN
        async with rig.works():
            await rig.write(letter("a", at=rig.clock.now(), worth=timedelta(hours=1)))
            await rig.tried(1)
            rig.clock.set_wall(rig.clock.now() + timedelta(days=365 * years))
            rig.phone.refusal = None
            await rig.clock.pass_time(1800)
            await rig.settled("sent", "a")

    async def test_and_not_for_longer(self, rig: Rig) -> None:
        rig.phone.refusal = DOWN
        async with rig.works():
            await rig.write(letter("a", at=rig.clock.now(), worth=timedelta(hours=1)))
            await rig.tried(1)
            rig.clock.set_wall(rig.clock.now() - timedelta(days=365))
            await rig.clock.pass_time(4000)
            await rig.settled("expired", "a")


async def test_trouble_with_the_store_is_logged_once(rig: Rig) -> None:
    async with rig.works():
        rig.store.trouble = "disk is full"
        with capture_logs() as logs:
            rig.outbox.wake()
            await rig.clock.pass_time(3600)
        rig.store.trouble = None
    assert [line["event"] for line in logs] == ["outbox_failed"]


class TestSending:
    async def test_letters_arrive_in_order_and_once(self, rig: Rig) -> None:
        async with rig.works():
            await rig.write(letter("a"), letter("b"), letter("c"))
            await rig.settled("sent", "a", "b", "c")
        assert titles(rig.phone.texts) == ["a", "b", "c"]

    async def test_what_was_written_before_the_start_is_sent_too(self, rig: Rig) -> None:
        await rig.write(letter("a"))
        async with rig.works():
            await rig.settled("sent", "a")

    async def test_a_letter_is_sent_without_any_time_passing(self, rig: Rig) -> None:
        async with rig.works():
            await rig.clock.pass_time(3600)
            now = rig.clock.monotonic()
            await rig.write(letter("a"))
            await rig.settled("sent", "a")
            assert rig.clock.monotonic() == now

    async def test_a_channel_never_has_two_sends_under_way(self, rig: Rig) -> None:
        rig.phone.hang()
        async with rig.works():
            await rig.write(*(letter(str(number)) for number in range(5)))
            await eventually(lambda: len(rig.phone.tried) == 1)
            for _ in range(10):
                await rig.clock.pass_time(DEADLINE_S)
                rig.outbox.wake()
            assert rig.phone.at_once == 1
            rig.phone.answer()
            await rig.settled("sent", *map(str, range(5)))
        assert rig.phone.at_once == 1
        assert titles(rig.phone.texts) == list("01234")

    async def test_an_outbox_without_channels_has_nothing_to_do(self, rig: Rig) -> None:
        await Outbox(rig.store, {}, rig.clock, random.Random(1)).run()  # noqa: S311


class TestHanging:
    async def test_a_hung_channel_does_not_hold_up_a_good_one(self, rig: Rig) -> None:
        rig.phone.hang()
        async with rig.works():
            await rig.write(letter("a"), letter("b", MAIL.id))
            await rig.settled("sent", "b")
            await rig.write(letter("c", MAIL.id))
            await rig.settled("sent", "c")
            assert rig.store.states()["a"] == "sending"

    async def test_after_the_deadline_it_is_said_to_be_hanging_until_it_answers(self, rig: Rig) -> None:
        rig.phone.hang()
        async with rig.works():
            await rig.write(letter("a"))
            await eventually(lambda: len(rig.phone.tried) == 1)
            await rig.clock.pass_time(DEADLINE_S - 1)
            assert rig.outbox.hanging == set()
            await rig.clock.pass_time(2)
            assert rig.outbox.hanging == {PHONE.id}
            rig.phone.answer()
            await rig.settled("sent", "a")
            assert rig.outbox.hanging == set()

    async def test_a_message_given_up_on_might_still_arrive_so_it_is_not_sent_again(self, rig: Rig) -> None:
        rig.phone.hang()
        async with rig.works():
            await rig.write(letter("a"))
            await eventually(lambda: len(rig.phone.tried) == 1)
            await rig.clock.pass_time(3600)
            rig.phone.answer()
            await rig.settled("sent", "a")
        assert titles(rig.phone.texts) == ["a"]

    async def test_a_worker_that_waits_for_an_answer_still_shows_that_it_lives(self, rig: Rig) -> None:
        beats: list[str] = []
        rig.phone.hang()
        await rig.write(letter("a"))
        async with running(rig.outbox.run(beats.append)):
            await eventually(lambda: len(rig.phone.tried) == 1)
            beats.clear()
            await rig.clock.pass_time(100)
            assert beats.count(PHONE.id) >= 3
            assert beats.count(MAIL.id) >= 3
            rig.phone.answer()

    @pytest.mark.hangs_on_purpose
    async def test_a_hung_channel_does_not_hold_up_the_end_of_the_service(self, rig: Rig) -> None:
        rig.phone.hang()
        async with running(rig.outbox.run()):
            await rig.write(letter("a"))
            await eventually(lambda: len(rig.phone.tried) == 1)
        assert rig.store.states()["a"] == "sending"
        rig.phone.answer()


class TestFailing:
    async def test_a_letter_that_was_not_taken_is_tried_again_later(self, rig: Rig) -> None:
        rig.phone.refusal = DOWN
        async with rig.works():
            await rig.write(letter("a"))
            await rig.tried(1)
            (health,) = await rig.store.health()
            assert (health.reason, health.settings_fault) == ("no route to host", False)
            rig.phone.refusal = None
            await rig.clock.pass_time(WORLD.first_s)
            await rig.settled("sent", "a")
            assert await rig.store.health() == []

    async def test_the_pauses_grow_and_stay_within_a_quarter_of_an_hour(self, rig: Rig) -> None:
        rig.phone.refusal = DOWN
        pauses = []
        async with rig.works():
            await rig.write(letter("a", worth=timedelta(days=7)))
            for times in range(1, 16):
                await rig.tried(times)
                (health,) = await rig.store.health()
                assert health.next_at is not None
                pause = (health.next_at - rig.clock.now()).total_seconds()
                pauses.append(pause)
                await rig.clock.pass_time(pause + 0.1)
        assert pauses[0] <= WORLD.first_s
        assert all(pause <= WORLD.longest_s for pause in pauses)
        assert min(pauses[-3:]) >= WORLD.longest_s / 2

    async def test_the_pause_outlasts_a_restart(self, rig: Rig) -> None:
        rig.phone.refusal = DOWN
        async with rig.works():
            await rig.write(letter("a"))
            for times in range(1, 6):
                await rig.tried(times)
                (health,) = await rig.store.health()
                assert health.next_at is not None
                pause = (health.next_at - rig.clock.now()).total_seconds()
                await rig.clock.pass_time(pause + 0.1 if times < 5 else pause - 1)
        async with rig.works():
            await rig.clock.pass_time(0.5)
            assert len(rig.phone.tried) == 5
            await rig.clock.pass_time(1)
            await rig.tried(6)
        (health,) = await rig.store.health()
        assert health.failures == 6

    async def test_a_store_that_cannot_note_a_delivery_is_asked_until_it_can(self, rig: Rig) -> None:
        rig.phone.hang()
        async with rig.works():
            await rig.write(letter("a"), letter("b"))
            await eventually(lambda: len(rig.phone.tried) == 1)
            rig.store.trouble = "database or disk is full"
            rig.phone.answer()
            await eventually(lambda: titles(rig.phone.texts) == ["a"])
            await rig.clock.pass_time(60)
            rig.store.trouble = None
            await rig.clock.pass_time(10)
            await rig.settled("sent", "a", "b")
        assert titles(rig.phone.texts) == ["a", "b"]

    async def test_a_store_that_cannot_note_a_failure_does_not_make_a_letter_stay_behind(self, rig: Rig) -> None:
        rig.phone.hang()
        rig.phone.refusal = DOWN
        async with rig.works():
            await rig.write(letter("a"))
            await eventually(lambda: len(rig.phone.tried) == 1)
            rig.store.trouble = "database or disk is full"
            rig.phone.answer()
            await rig.clock.pass_time(20)
            rig.store.trouble = rig.phone.refusal = None
            await rig.clock.pass_time(60)
            await rig.settled("sent", "a")

    async def test_a_store_in_trouble_at_the_start_is_waited_for(self, rig: Rig) -> None:
        await rig.write(letter("a"))
        rig.store.trouble = "database is locked"
        async with rig.works():
            await rig.clock.pass_time(60)
            assert rig.phone.tried == []
            rig.store.trouble = None
            await rig.clock.pass_time(10)
            await rig.settled("sent", "a")


class TestSettings:
    async def test_a_wrong_password_is_told_once_on_another_channel(self, rig: Rig) -> None:
        rig.phone.refusal = WRONG
        async with rig.works():
            await rig.write(letter("a"))
            await rig.settled("sent", "notice:1")
            for _ in range(3):
                await rig.clock.pass_time(SETTINGS.longest_s)
        assert rig.notices == [(PHONE.id, WRONG.reason)]
        assert titles(rig.mail.texts) == ["notice:1"]

    async def test_it_is_not_tried_again_soon(self, rig: Rig) -> None:
        rig.phone.refusal = WRONG
        async with rig.works():
            await rig.write(letter("a"))
            await rig.tried(1)
            await rig.clock.pass_time(SETTINGS.first_s / 2 - 1)
            await rig.write(letter("b", at=rig.clock.now()))
            await rig.clock.pass_time(0.5)
            assert len(rig.phone.tried) == 1
        (health,) = await rig.store.health()
        assert health.settings_fault

    async def test_it_is_told_also_when_the_network_failed_before(self, rig: Rig) -> None:
        rig.phone.refusal = DOWN
        async with rig.works():
            await rig.write(letter("a"))
            await rig.tried(1)
            rig.phone.refusal = WRONG
            await rig.clock.pass_time(WORLD.first_s)
            await rig.settled("sent", "notice:1")
            (health,) = await rig.store.health()
            assert health.failures == 1
        assert len(rig.notices) == 1

    async def test_a_restart_gives_it_another_try_and_does_not_tell_it_again(self, rig: Rig) -> None:
        rig.phone.refusal = WRONG
        async with rig.works():
            await rig.write(letter("a"))
            await rig.settled("sent", "notice:1")
        async with rig.works():
            await rig.tried(2)
        assert len(rig.notices) == 1
        rig.phone.refusal = None
        async with rig.works():
            await rig.settled("sent", "a")

    async def test_once_it_was_well_a_new_fault_is_news(self, rig: Rig) -> None:
        rig.phone.refusal = WRONG
        async with rig.works():
            await rig.write(letter("a"))
            await rig.tried(1)
        rig.phone.refusal = None
        async with rig.works():
            await rig.settled("sent", "a")
            rig.phone.refusal = WRONG
            await rig.write(letter("b", at=rig.clock.now()))
            await eventually(lambda: len(rig.notices) == 2)


class TestLateness:
    async def test_a_live_word_older_than_a_minute_is_dropped_and_not_sent(self, rig: Rig) -> None:
        await rig.write(live("ease off", rig), letter("after"))
        await rig.clock.pass_time(61)
        async with rig.works():
            await rig.settled("sent", "after")
        assert rig.store.states()["ease off"] == "expired"
        assert titles(rig.phone.texts) == ["after"]

    async def test_a_live_word_behind_a_hung_send_is_dropped_when_its_time_has_passed(self, rig: Rig) -> None:
        rig.phone.hang()
        async with rig.works():
            await rig.write(letter("a"))
            await eventually(lambda: len(rig.phone.tried) == 1)
            await rig.write(live("ease off", rig))
            await rig.clock.pass_time(70)
            rig.phone.answer()
            await rig.settled("expired", "ease off")
        assert titles(rig.phone.texts) == ["a"]

    async def test_what_expires_while_the_network_is_down_is_dropped_and_the_rest_arrives(self, rig: Rig) -> None:
        rig.phone.refusal = DOWN
        async with rig.works():
            await rig.write(live("ease off", rig), letter("after"))
            await rig.tried(1)
            await rig.clock.pass_time(3600)
            rig.phone.refusal = None
            await rig.clock.pass_time(WORLD.longest_s)
            await rig.settled("sent", "after")
        assert rig.store.states()["ease off"] == "expired"
        assert titles(rig.phone.texts) == ["after"]

    @pytest.mark.parametrize(
        ("kind", "sent_after", "dropped_after"),
        [
            (Kind.LIVE, timedelta(seconds=59), timedelta(seconds=61)),
            (Kind.AFTER, timedelta(hours=11), timedelta(hours=13)),
            (Kind.REMINDER, timedelta(hours=1), timedelta(hours=3)),
            (Kind.WEEK, timedelta(hours=35), timedelta(hours=37)),
            (Kind.SERVICE, timedelta(hours=23), timedelta(hours=25)),
        ],
        ids=lambda value: value.value if isinstance(value, Kind) else "",
    )
    async def test_each_kind_has_its_time(
        self, kind: Kind, sent_after: timedelta, dropped_after: timedelta, rig: Rig
    ) -> None:
        scribe = Scribe(runner(), rig.clock)
        await rig.write(*scribe.write(kind, "in time", lambda _: Text("in time", "")))
        rig.clock.jump(sent_after.total_seconds())
        async with rig.works():
            await rig.settled("sent", "Els:in time")
        await rig.write(*scribe.write(kind, "too late", lambda _: Text("too late", "")))
        rig.clock.jump(dropped_after.total_seconds())
        async with rig.works():
            await rig.settled("expired", "Els:too late")
        assert titles(rig.phone.texts) == ["in time"]


class TestRestarts:
    async def test_an_answer_that_is_nearly_there_is_waited_for_so_that_nothing_goes_out_twice(self, rig: Rig) -> None:
        rig.phone.hang()
        async with running(rig.outbox.run()):
            await rig.write(letter("a"))
            await eventually(lambda: len(rig.phone.tried) == 1)
            asyncio.get_running_loop().call_later(0.05, rig.phone.answer)
        assert rig.store.states() == {"a": "sent"}

    @pytest.mark.hangs_on_purpose
    async def test_a_letter_that_was_being_sent_when_the_service_died_is_sent_again(self, rig: Rig) -> None:
        rig.phone.hang()
        async with running(rig.outbox.run()):
            await rig.write(letter("a"))
            await eventually(lambda: len(rig.phone.tried) == 1)
        dead, rig.phone = rig.phone, MoodyMessenger()
        async with rig.works():
            await rig.settled("sent", "a")
        assert titles(rig.phone.texts) == ["a"]
        dead.answer()

    async def test_a_letter_that_was_sent_is_not_sent_again(self, rig: Rig) -> None:
        async with rig.works():
            await rig.write(letter("a"))
            await rig.settled("sent", "a")
        async with rig.works():
            await rig.write(letter("b"))
            await rig.settled("sent", "b")
        assert titles(rig.phone.texts) == ["a", "b"]


NIGHT = QuietHours(time(22, 0), time(7, 0))


class TestQuietHours:
    def sleeper(self) -> Runner:
        return runner("Els", PHONE, quiet=NIGHT)

    def clock_at(self, hour: int) -> FakeClock:
        return FakeClock(EVENING.replace(hour=hour, minute=30))

    @pytest.mark.parametrize("hour", [22, 23, 0, 6])
    def test_what_can_wait_waits_for_the_morning(self, hour: int) -> None:
        clock = self.clock_at(hour)
        (written,) = Scribe(self.sleeper(), clock).write(Kind.AFTER, "a", lambda _: Text("a", ""))
        morning = EVENING.replace(hour=7, minute=0) + timedelta(days=hour >= 22)
        assert written.not_before == morning
        assert written.expires_at > morning

    @pytest.mark.parametrize("hour", [7, 12, 21])
    def test_by_day_it_goes_at_once(self, hour: int) -> None:
        clock = self.clock_at(hour)
        (written,) = Scribe(self.sleeper(), clock).write(Kind.AFTER, "a", lambda _: Text("a", ""))
        assert written.not_before == clock.now()

    def test_whoever_runs_at_night_hears_live_words_at_night(self) -> None:
        clock = self.clock_at(23)
        (written,) = Scribe(self.sleeper(), clock).write(Kind.LIVE, "a", lambda _: Text("a", ""), worth=CUE_WORTH)
        assert written.not_before == clock.now()
        assert written.expires_at == clock.now() + CUE_WORTH

    @pytest.mark.parametrize(
        ("begin", "end", "hour", "quiet"),
        [(13, 15, 13, True), (13, 15, 14, True), (13, 15, 15, False), (13, 15, 12, False), (9, 9, 9, False)],
    )
    def test_quiet_hours_may_lie_within_a_day(self, begin: int, end: int, hour: int, *, quiet: bool) -> None:
        hours = QuietHours(time(begin, 0), time(end, 0))
        moment = EVENING.replace(hour=hour, minute=0)
        assert hours.end_after(moment) == (moment.replace(hour=end) if quiet else None)

    async def test_a_letter_written_at_night_is_sent_in_the_morning(self, rig: Rig) -> None:
        rig.clock.set_wall(EVENING.replace(hour=23))
        async with rig.works():
            await rig.write(*Scribe(self.sleeper(), rig.clock).write(Kind.AFTER, "a", lambda _: Text("a", "")))
            await rig.clock.pass_time(7 * 3600)
            assert rig.phone.tried == []
            await rig.clock.pass_time(3600)
            await eventually(lambda: titles(rig.phone.texts) == ["a"])


class TestScribe:
    def test_only_channels_that_take_a_kind_get_it_each_in_its_own_words(self) -> None:
        quiet_phone = type(PHONE)("els/watch", "watch", frozenset({Kind.LIVE}), figures=False)
        scribe = Scribe(runner("Els", PHONE, MAIL, quiet_phone), FakeClock())
        letters = scribe.write(Kind.AFTER, "a", lambda channel: Text("", "figures" if channel.figures else "none"))
        assert [(one.channel, one.text.body) for one in letters] == [(PHONE.id, "none"), (MAIL.id, "figures")]

    def test_the_channel_that_is_spoken_of_can_be_left_out(self) -> None:
        letters = Scribe(runner("Els", PHONE, MAIL), FakeClock()).write(
            Kind.SERVICE, "a", lambda _: Text("", ""), skip=PHONE.id
        )
        assert [one.channel for one in letters] == [MAIL.id]

    def test_two_runners_may_have_letters_of_the_same_key(self) -> None:
        keys = {
            Scribe(runner(name), FakeClock()).write(Kind.AFTER, "a", lambda _: Text("", ""))[0].key
            for name in ("Els", "Jan")
        }
        assert len(keys) == 2
