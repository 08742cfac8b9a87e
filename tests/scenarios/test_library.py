"""A run from elsewhere finds its place, and its answer if it is news."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from daemon.domain.heart_rate import Bpm, HeartRateSample, Instant
from daemon.domain.recording import Recording
from daemon.domain.run import Source
from daemon.household import Runner
from daemon.library import Library
from daemon.store import ActivityRead, Brought, Kind, Place, RunKept, SessionOpened
from tests.fakes import EASY, ELS, EVENING, MAIL, PHONE, FakeClock, afterwards, judged_run, runner
from tests.memory_store import MemoryStore

HOUR = timedelta(hours=1)


class House:
    """A library, and what comes of what it gets."""

    def __init__(self) -> None:
        self.clock, self.store = FakeClock(), MemoryStore()
        self.woken = 0
        self.library = self.shelf(runner("Els", PHONE, MAIL))

    def shelf(self, who: Runner) -> Library:
        return Library(afterwards(who, self.store, self.clock), self.store, self.clock, frozenset(), self._wake)

    def brought(self, origin: str, began: datetime, minutes: float, source: Source = Source.FILE) -> Brought:
        heart = tuple(HeartRateSample(Instant(float(at)), Bpm(125)) for at in range(0, int(minutes * 60), 5))
        recording = Recording(began, minutes * 60, "run", "Rondje", heart)
        return self.library.yardstick.judge(recording, source, origin)

    async def strap_heard(self, began: datetime, minutes: float) -> None:
        run = judged_run("s1", self.brought("strap", began, minutes).samples, began)
        await self.store.commit([SessionOpened("s1", "Els", began, EASY), RunKept("s1", run, ())])

    def answers(self) -> list[str]:
        return [letter.key for letter in self.store.letters() if letter.channel == PHONE.id]

    def _wake(self) -> None:
        self.woken += 1


@pytest.fixture
def house() -> House:
    return House()


async def test_news_is_answered_on_every_channel_with_figures_only_where_they_are_wanted(house: House) -> None:
    placed = await house.library.receive(house.brought("f1", EVENING - HOUR, 40))
    phone, mail = house.store.letters()
    assert {phone.kind, mail.kind} == {Kind.AFTER}
    assert phone.key == f"Els:after:{placed.run}"
    assert not any(digit in phone.text.body for digit in "0123456789")
    assert "100 % calm" in mail.text.body
    assert house.woken == 1


@pytest.mark.parametrize(
    ("ended_ago", "answered"),
    [(timedelta(hours=47), True), (timedelta(hours=49), False), (-12 * HOUR, True), (-48 * HOUR, False)],
)
async def test_what_is_long_past_or_still_to_come_is_kept_in_silence(
    house: House, ended_ago: timedelta, *, answered: bool
) -> None:
    placed = await house.library.receive(house.brought("f1", EVENING - ended_ago - timedelta(minutes=40), 40))
    assert placed.place is Place.NEW
    assert bool(house.answers()) is answered


async def test_what_lasted_less_than_a_minute_is_kept_in_silence(house: House) -> None:
    await house.library.receive(house.brought("f1", EVENING - HOUR, 0.8))
    assert (len(await house.store.runs()), house.answers()) == (1, [])


async def test_a_run_that_was_answered_is_not_answered_again(house: House) -> None:
    await house.library.receive(house.brought("strava:1", EVENING - HOUR, 40, Source.STRAVA_API))
    placed = await house.library.receive(house.brought("f1", EVENING - HOUR, 41))
    assert (placed.place, len(house.answers())) == (Place.BETTER, 1)


async def test_a_run_of_which_the_strap_heard_the_doorstep_is_answered_when_the_whole_comes(house: House) -> None:
    began = EVENING - HOUR
    await house.strap_heard(began, 5)
    placed = await house.library.receive(house.brought("strava:1", began, 50, Source.STRAVA_API))
    assert (placed.place, placed.run) == (Place.WHOLE, "s1")
    assert house.answers() == ["Els:after:s1:whole"]
    (run,) = await house.store.runs()
    assert run.judgement.verdict.value == "calm"


async def test_the_end_of_an_open_session_has_an_answer_of_its_own(house: House) -> None:
    began = EVENING - timedelta(minutes=42)
    await house.store.commit([SessionOpened("s1", "Els", began, EASY)])
    await house.library.receive(house.brought("strava:1", began, 40, Source.STRAVA_API))
    assert house.answers() == []


async def test_somebody_elses_session_is_no_reason_for_silence(house: House) -> None:
    began = EVENING - timedelta(minutes=42)
    await house.store.commit([SessionOpened("s1", "Jan", began, EASY)])
    await house.library.receive(house.brought("strava:1", began, 40, Source.STRAVA_API))
    assert len(house.answers()) == 1


async def test_what_is_said_besides_becomes_durable_with_it(house: House) -> None:
    await house.library.receive(house.brought("strava:7", EVENING - HOUR, 40), ActivityRead("Els", 7))
    assert house.store.activities_read == [("Els", 7)]


async def test_a_run_is_judged_by_the_zone_of_its_day(house: House) -> None:
    early, late = replace(EASY, valid_from=None), replace(EASY, low=Bpm(90), high=Bpm(110), valid_from=EVENING.date())
    library = house.shelf(replace(ELS, zones=(early, late)))
    heart = tuple(HeartRateSample(Instant(float(at)), Bpm(125)) for at in range(0, 2400, 5))
    for began, high in ((EVENING - timedelta(days=1), 136), (EVENING, 110)):
        brought = library.yardstick.judge(Recording(began, 2400.0, "run", None, heart), Source.FILE, "f1")
        assert brought.run.target is not None
        assert brought.run.target.high == high
