"""Facts become durable: in order, in batches, at once where it matters, and also after the disk was full."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest

from daemon.recorder import AT_ONCE, BATCH_S, RETRY_S, Note, Recorder, thinned
from daemon.store import Fact, FactRefusedError, LetterWritten, SampleKept, SessionOpened, StoreError
from tests.fakes import EASY, ELS, EVENING, FakeClock, letter, running, sample, settle
from tests.memory_store import MemoryStore

OPENED = SessionOpened("s1", ELS.name, EVENING, EASY)


def kept(at: float) -> SampleKept:
    return SampleKept("s1", sample(at))


class Rig:
    """A recorder at work, and what it commits."""

    def __init__(self) -> None:
        self.clock, self.store = FakeClock(), MemoryStore()
        self.woken = 0
        self.recorder = Recorder(self.store, self.clock)
        self.recorder.letters_kept = self._wake

    def _wake(self) -> None:
        self.woken += 1

    def committed(self) -> list[Fact]:
        return [fact for facts in self.store.commits for fact in facts]


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    rig = Rig()
    async with running(rig.recorder.run()):
        rig.recorder.note(OPENED, urgent=True)
        await settle()
        rig.store.commits.clear()
        yield rig


async def test_samples_wait_for_one_another_and_are_committed_together(rig: Rig) -> None:
    for tenth in range(3):
        rig.recorder.note(kept(tenth / 10))
        await rig.clock.pass_time(0.1)
    assert rig.store.commits == []
    await rig.clock.pass_time(BATCH_S)
    assert rig.store.commits == [(kept(0.0), kept(0.1), kept(0.2))]


async def test_no_sample_waits_for_as_long_as_a_second(rig: Rig) -> None:
    for second in range(10):
        rig.recorder.note(kept(second))
        await rig.clock.pass_time(1.0)
        assert rig.committed()[-1] == kept(second)


async def test_what_is_urgent_is_committed_at_once_and_takes_along_what_waited(rig: Rig) -> None:
    rig.recorder.note(kept(0.0))
    await settle()
    rig.recorder.note(LetterWritten(letter("a")), urgent=True)
    await settle()
    assert rig.store.commits == [(kept(0.0), LetterWritten(letter("a")))]


async def test_what_is_noted_together_is_committed_together(rig: Rig) -> None:
    rig.recorder.note(kept(0.0), LetterWritten(letter("a")), LetterWritten(letter("b")), urgent=True)
    await settle()
    assert len(rig.store.commits) == 1


async def test_the_outbox_is_woken_for_letters_and_for_nothing_else(rig: Rig) -> None:
    rig.recorder.note(kept(0.0), urgent=True)
    await settle()
    assert rig.woken == 0
    rig.recorder.note(LetterWritten(letter("a")), urgent=True)
    await settle()
    assert rig.woken == 1


async def test_when_nothing_happens_nothing_is_written(rig: Rig) -> None:
    await rig.clock.pass_time(3600)
    rig.recorder.note()
    await rig.clock.pass_time(3600)
    assert rig.store.commits == []


async def test_facts_that_come_during_a_commit_come_after_it(rig: Rig) -> None:
    rig.store.gate = asyncio.Event()
    rig.recorder.note(kept(0.0), urgent=True)
    await settle()
    rig.recorder.note(kept(1.0), urgent=True)
    await settle()
    rig.store.gate.set()
    await rig.clock.pass_time(1.0)
    assert rig.store.commits == [(kept(0.0),), (kept(1.0),)]


class TestFullDisk:
    async def test_nothing_is_lost_and_the_order_stays(self, rig: Rig) -> None:
        rig.store.trouble = "database or disk is full"
        for second in range(20):
            rig.recorder.note(kept(second))
            await rig.clock.pass_time(1.0)
        assert rig.committed() == []
        assert rig.recorder.trouble == "database or disk is full"
        rig.store.trouble = None
        await rig.clock.pass_time(RETRY_S + 1)
        assert rig.committed() == [kept(second) for second in range(20)]
        assert rig.recorder.trouble is None

    async def test_what_came_together_over_hours_is_committed_bit_by_bit(self, rig: Rig) -> None:
        rig.store.trouble = "full"
        samples = [kept(second) for second in range(AT_ONCE + 500)]
        for one in samples:
            rig.recorder.note(one)
        await rig.clock.pass_time(1.0)
        rig.store.trouble = None
        await rig.clock.pass_time(RETRY_S + 1)
        assert [len(facts) for facts in rig.store.commits] == [AT_ONCE, 500]
        assert rig.committed() == samples

    def test_more_samples_than_fit_in_memory_make_room_for_later_ones_and_nothing_else_does(self) -> None:
        opened, written = Note((OPENED,)), Note((LetterWritten(letter("a")),))
        first, second, third = (Note((kept(at),)) for at in range(3))
        assert thinned([opened, first, written, second, third], 2) == ([opened, written, second, third], 1)
        assert thinned([opened, first, written], 2) == ([opened, first, written], 0)

    async def test_it_is_tried_again_now_and_then_and_not_all_the_time(self, rig: Rig) -> None:
        rig.store.trouble = "full"
        rig.recorder.note(kept(0.0))
        tries = 0
        for _ in range(60):
            await rig.clock.pass_time(1.0)
            tries += not rig.recorder.hangs(0) and rig.recorder.trouble is not None
        assert tries > 0
        rig.store.trouble = None
        await rig.clock.pass_time(RETRY_S + 1)
        assert rig.committed() == [kept(0.0)]

    async def test_letters_wake_the_outbox_once_there_is_room_again(self, rig: Rig) -> None:
        rig.store.trouble = "full"
        rig.recorder.note(LetterWritten(letter("a")), urgent=True)
        await rig.clock.pass_time(1.0)
        assert rig.woken == 0
        rig.store.trouble = None
        await rig.clock.pass_time(RETRY_S + 1)
        assert rig.woken == 1

    async def test_facts_of_later_stay_behind_those_that_wait(self, rig: Rig) -> None:
        rig.store.trouble = "full"
        rig.recorder.note(kept(0.0), urgent=True)
        await rig.clock.pass_time(1.0)
        rig.recorder.note(kept(1.0), urgent=True)
        rig.store.trouble = None
        assert await rig.recorder.flush()
        assert rig.committed() == [kept(0.0), kept(1.0)]


class PickyStore(MemoryStore):
    """Refuses, for ever, what belongs to a session that it does not know; has room for so many commits."""

    room_for = 99

    async def commit(self, facts: Sequence[Fact]) -> None:
        if any(isinstance(fact, SampleKept) and fact.session == "nobody's" for fact in facts):
            raise FactRefusedError("no such session")
        if len(self.commits) >= self.room_for:
            raise StoreError("database or disk is full")
        await super().commit(facts)


class TestRefusal:
    @pytest.fixture
    def store(self) -> PickyStore:
        return PickyStore()

    @pytest.fixture
    def recorder(self, store: PickyStore) -> Recorder:
        recorder = Recorder(store, FakeClock())
        for note in (OPENED, kept(0.0), SampleKept("nobody's", sample(0.5)), kept(1.0)):
            recorder.note(note)
        return recorder

    async def test_a_fact_that_can_never_be_kept_takes_no_other_along(
        self, store: PickyStore, recorder: Recorder
    ) -> None:
        assert await recorder.flush()
        assert [fact for facts in store.commits for fact in facts] == [OPENED, kept(0.0), kept(1.0)]
        assert recorder.trouble is None

    async def test_what_was_noted_with_it_is_not_kept_without_it(self, store: PickyStore, recorder: Recorder) -> None:
        recorder.note(LetterWritten(letter("a")), SampleKept("nobody's", sample(2)))
        assert await recorder.flush()
        assert store.states() == {}

    async def test_a_disk_that_fills_meanwhile_makes_nothing_be_kept_twice(
        self, store: PickyStore, recorder: Recorder
    ) -> None:
        store.room_for = 2
        assert not await recorder.flush()
        store.room_for = 99
        assert await recorder.flush()
        assert [fact for facts in store.commits for fact in facts] == [OPENED, kept(0.0), kept(1.0)]


class TestStopping:
    @pytest.mark.parametrize("trouble", [None, "database is locked"], ids=["well", "in trouble"])
    async def test_a_commit_cut_off_by_the_end_of_the_service_is_finished_or_kept_for_the_last_flush(
        self, trouble: str | None
    ) -> None:
        rig = Rig()
        gate = rig.store.gate = asyncio.Event()
        task = asyncio.create_task(rig.recorder.run())
        rig.recorder.note(OPENED, kept(0.0), urgent=True)
        await settle()
        task.cancel()
        await settle()
        assert not task.done()
        rig.store.trouble = trouble
        gate.set()
        await asyncio.gather(task, return_exceptions=True)
        rig.recorder.note(kept(1.0))
        rig.store.trouble = None
        assert await rig.recorder.flush()
        assert rig.committed() == [OPENED, kept(0.0), kept(1.0)]

    async def test_flushing_twice_keeps_once(self, rig: Rig) -> None:
        rig.recorder.note(kept(0.0))
        await asyncio.gather(rig.recorder.flush(), rig.recorder.flush())
        assert rig.committed() == [kept(0.0)]


async def test_a_commit_that_takes_for_ever_is_seen(rig: Rig) -> None:
    rig.store.gate = asyncio.Event()
    rig.recorder.note(kept(0.0), urgent=True)
    await rig.clock.pass_time(100)
    assert not rig.recorder.hangs(120)
    await rig.clock.pass_time(30)
    assert rig.recorder.hangs(120)
    rig.store.gate.set()
    await settle()
    assert not rig.recorder.hangs(120)


async def test_the_oldest_letter_waits_for_nothing(rig: Rig) -> None:
    about = letter("live", worth=timedelta(seconds=60))
    rig.recorder.note(LetterWritten(about), urgent=True)
    await rig.clock.pass_time(0)
    assert rig.committed() == [LetterWritten(about)]


class TestWhatFollows:
    """Something may be worked out just before facts are kept, and is kept with them."""

    async def follow(self, rig: Rig) -> Sequence[Fact]:
        assert await rig.store.runs() == []
        return [LetterWritten(letter("after:s1"))]

    async def test_it_is_kept_in_the_same_breath(self, rig: Rig) -> None:
        rig.recorder.note(kept(0), urgent=True, then=lambda: self.follow(rig))
        await settle()
        assert rig.store.commits == [(kept(0), LetterWritten(letter("after:s1")))]
        assert rig.woken == 1

    async def test_where_it_cannot_be_worked_out_just_now_all_waits_for_it(self, rig: Rig) -> None:
        rig.store.trouble = "disk full"
        rig.recorder.note(kept(0), urgent=True, then=lambda: self.follow(rig))
        rig.recorder.note(kept(1))
        await settle()
        assert (rig.store.commits, rig.recorder.trouble) == ([], "disk full")
        rig.store.trouble = None
        await rig.clock.pass_time(RETRY_S + 1)
        assert rig.store.commits == [(kept(0), LetterWritten(letter("after:s1")), kept(1))]

    async def test_a_bug_in_it_costs_the_answer_and_nothing_else(self, rig: Rig) -> None:
        async def stumble() -> Sequence[Fact]:
            raise ZeroDivisionError

        rig.recorder.note(kept(0), urgent=True, then=stumble)
        rig.recorder.note(kept(1))
        await settle()
        assert rig.store.commits == [(kept(0), kept(1))]
