import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.quota import Purpose, Quota, Reading, Use

NEWS, BACKFILL = Purpose.NEWS, Purpose.BACKFILL
READS = (NEWS, BACKFILL)


def at(text: str, day: int = 21) -> datetime:
    return datetime.fromisoformat(f"2026-11-{day}T{text}+00:00")


def reading(
    when: datetime, short: int = 0, day: int = 0, overall_short: int | None = None, overall_day: int | None = None
) -> Reading:
    everything = (short if overall_short is None else overall_short, day if overall_day is None else overall_day)
    return Reading(when, Use(100, short), Use(1000, day), Use(200, everything[0]), Use(2000, everything[1]))


def read(when: datetime, short: int = 0, day: int = 0, ahead: timedelta = timedelta()) -> Quota:
    """Return a quota after one answer of a server whose clock is `ahead` of ours."""
    return Quota().after(reading(when + ahead, short, day), when)


def seconds(first: datetime, second: datetime) -> float:
    return (second - first).total_seconds()


# -- what may go -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("figures", "news", "backfill"),
    [
        pytest.param({"short": 89, "day": 899}, True, True, id="below both reserves"),
        pytest.param({"short": 90}, True, False, id="the quarter's reserve is for news"),
        pytest.param({"day": 900}, True, False, id="and the day's"),
        pytest.param({"short": 97, "day": 997}, True, False, id="news may use nearly all"),
        pytest.param({"short": 98}, False, False, id="but the last two of a quarter"),
        pytest.param({"day": 998}, False, False, id="or of a day"),
        pytest.param({"overall_short": 180}, True, False, id="another program left the reserve"),
        pytest.param({"overall_short": 200}, False, False, id="another program used the quarter up"),
        pytest.param({"overall_day": 2000}, False, False, id="another program used the day up"),
        pytest.param({"overall_day": 10000}, False, False, id="counters run on beyond the limit"),
    ],
)
def test_old_runs_leave_a_tenth_to_new_ones(figures: dict[str, int], *, news: bool, backfill: bool) -> None:
    now = at("12:05:00")
    quota = Quota().after(reading(now, **figures), now)
    assert (quota.wait_s(NEWS, now) == 0, quota.wait_s(BACKFILL, now) == 0) == (news, backfill)


def test_before_the_first_answer_the_usual_limits_hold() -> None:
    now, quota = at("12:05:00"), Quota()
    for _ in range(98):
        assert quota.wait_s(NEWS, now) == 0
        quota = quota.sent()
    assert quota.wait_s(NEWS, now) == 602


def test_limits_come_from_the_answers() -> None:
    now, grown = at("12:05:00"), Use(200, 98)
    quota = Quota().after(replace(reading(now), short=grown), now)
    assert quota.wait_s(BACKFILL, now) == 0
    assert quota.uses(now)[0] == grown


@pytest.mark.parametrize(
    ("limit", "most"),
    [
        pytest.param(95, 84, id="a tenth is rounded up"),
        pytest.param(5, 2, id="and is no less than what news leaves"),
    ],
)
def test_the_reserve_follows_the_limit(limit: int, most: int) -> None:
    now = at("12:05:00")
    quota = Quota().after(replace(reading(now), short=Use(limit, most)), now)
    assert quota.wait_s(BACKFILL, now) == 0
    assert quota.sent().wait_s(BACKFILL, now) > 0


@pytest.mark.parametrize("limit", [0, 1, 2])
def test_of_a_tiny_limit_one_is_tried_since_only_an_answer_tells_that_it_grew(limit: int) -> None:
    now = at("12:05:00")
    quota = Quota().after(replace(reading(now), short=Use(limit, 0)), now)
    assert quota.wait_s(BACKFILL, now) == 0
    assert quota.sent().wait_s(BACKFILL, now) == 602


def test_requests_under_way_count() -> None:
    now = at("12:05:00")
    quota = read(now, short=96).sent().sent()
    assert quota.wait_s(NEWS, now) > 0
    quota = quota.answered(reading(now, short=97, day=97), now)
    assert quota.wait_s(NEWS, now) > 0
    assert quota.uses(now) == (Use(100, 98), Use(1000, 98))


def test_a_lost_answer_counts_until_a_later_reading() -> None:
    now, later = at("12:05:00"), at("12:05:20")
    quota = read(now, short=5).sent().sent().answered(None, later)
    assert quota.uses(later)[0].used == 7
    quota = quota.answered(reading(at("12:05:01"), short=6), later)
    assert quota.uses(later)[0].used == 7, "a reading from before the loss does not contain it"
    after = at("12:06:00")
    quota = quota.sent().answered(reading(after, short=7), after)
    assert quota.uses(after)[0].used == 7


def test_a_lost_answer_counts_in_the_window_in_which_it_is_missed() -> None:
    now = at("12:20:00")
    quota = read(at("12:05:00"), short=50, day=60).sent().answered(None, now)
    assert [use.used for use in quota.uses(now)] == [1, 61]


# -- when windows turn -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "wait_s"),
    [
        pytest.param("12:00:00", 902, id="at the beginning"),
        pytest.param("12:14:59", 3, id="never in the last second of the old window"),
        pytest.param("12:15:00", 2, id="nor at the edge"),
        pytest.param("12:15:01.5", 0.5, id="nor right behind it"),
        pytest.param("12:15:02", 0, id="two seconds behind it"),
        pytest.param("18:00:00", 0, id="any time later"),
    ],
)
def test_a_used_up_quarter_is_over_two_seconds_after_its_edge(when: str, wait_s: float) -> None:
    quota = read(at("12:00:00"), short=98, day=98)
    assert quota.wait_s(NEWS, at(when)) == pytest.approx(wait_s)
    assert quota.wait_s(BACKFILL, at(when)) == pytest.approx(wait_s)


def test_at_the_edge_of_a_window_that_has_room_nothing_waits() -> None:
    assert read(at("12:00:00"), short=97).wait_s(NEWS, at("12:15:00")) == 0


def test_a_used_up_day_is_over_two_seconds_after_midnight() -> None:
    quota = read(at("09:00:00"), short=1, day=1000)
    assert quota.wait_s(NEWS, at("09:00:00")) == 15 * 3600 + 2
    assert quota.wait_s(NEWS, at("23:59:59")) == 3
    assert quota.wait_s(NEWS, at("00:00:02", day=22)) == 0


@pytest.mark.parametrize("ahead", [timedelta(minutes=10), timedelta(days=1), timedelta(days=4000)])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_clock_of_the_server_counts(ahead: timedelta, sign: int) -> None:
    here = at("12:05:00") - sign * ahead  # where it is 12:05 for the server
    quota = read(here, short=98, ahead=sign * ahead)
    assert quota.wait_s(NEWS, here) == 602
    assert quota.wait_s(NEWS, here + timedelta(seconds=601)) == 1
    assert quota.wait_s(NEWS, here + timedelta(seconds=602)) == 0


def test_a_quarter_used_up_by_a_clock_that_was_wrong_is_given_up_for_the_true_one() -> None:
    here, truth = at("12:20:00"), at("12:10:00")
    quota = Quota().sent().answered(reading(truth, short=95, day=95), here)
    assert quota.uses(here)[0].used == 95
    assert quota.wait_s(BACKFILL, here) == 302


# -- readings out of order -------------------------------------------------------------------------


def test_usage_does_not_go_down_within_a_window() -> None:
    now = at("12:05:10")
    quota = read(at("12:05:00"), short=98, day=500).after(reading(at("12:05:05"), short=40, day=400), now)
    assert [use.used for use in quota.uses(now)] == [98, 500]
    assert quota.after(reading(at("12:04:40"), short=39, day=399), now).wait_s(NEWS, now) > 600


def test_a_reading_of_the_window_before_is_too_late() -> None:
    now = at("12:15:20")
    quota = read(at("12:05:00"), short=90, day=90).sent().answered(reading(at("12:15:05"), short=3, day=98), now)
    quota = quota.after(reading(at("12:14:58"), short=98, day=95), now)
    assert [use.used for use in quota.uses(now)] == [3, 98]
    assert quota.wait_s(BACKFILL, now) == 0


def test_no_wait_is_longer_than_the_window_although_a_late_reading_sets_the_clock_back() -> None:
    now = at("12:15:30")
    quota = read(at("12:15:05"), short=3).sent().after(reading(at("12:14:35"), short=98), now)
    assert quota.wait_s(NEWS, now) == 0
    assert quota.refused(None, now).wait_s(NEWS, now) == 902


def test_a_window_that_only_our_clock_began_yields_to_what_the_server_says() -> None:
    now = at("12:15:20")
    quota = read(at("12:05:00"), short=90, day=90).sent()
    assert quota.uses(now)[0].used == 1
    late = quota.answered(reading(at("12:14:55"), short=98, day=98), now)
    assert late.wait_s(NEWS, now) == 7, "only until the edge by the server's clock"


def test_a_server_whose_clock_was_wrong_for_once_is_believed_again() -> None:
    now = at("12:05:00")
    quota = read(now, short=98, ahead=timedelta(days=1000))
    assert quota.after(reading(now, short=10), now).wait_s(NEWS, now) == 0


# -- refusals --------------------------------------------------------------------------------------


def refused_at(told: Reading | None, when: datetime) -> Quota:
    return read(at("12:00:00"), short=10, day=10).sent().refused(told, when)


@pytest.mark.parametrize(
    ("told", "until"),
    [
        pytest.param(None, at("12:15:02"), id="without headers: the quarter of an hour"),
        pytest.param(reading(at("12:05:00"), 12, 12), at("12:15:02"), id="whatever the figures say"),
        pytest.param(reading(at("12:05:00"), 101, 300), at("12:15:02"), id="the quarter is used up"),
        pytest.param(reading(at("12:05:00"), 12, 1001), at("00:00:02", day=22), id="the day is used up"),
        pytest.param(reading(at("12:05:00"), 12, 12, 20, 2001), at("00:00:02", day=22), id="by another program"),
        pytest.param(reading(at("12:05:00"), 101, 1001), at("00:00:02", day=22), id="both are used up"),
        pytest.param(reading(at("12:15:00"), 101, 300), at("12:20:02"), id="by the server's clock"),
    ],
)
def test_after_a_refusal_nothing_goes_until_the_window_turned(told: Reading | None, until: datetime) -> None:
    now = at("12:05:00")
    quota = refused_at(told, now)
    for purpose in READS:
        assert quota.wait_s(purpose, now) == seconds(now, until)
        assert quota.wait_s(purpose, until - timedelta(seconds=1)) == 1
        assert quota.wait_s(purpose, until) == 0


@pytest.mark.parametrize(
    ("told", "wait_s"),
    [
        pytest.param(reading(at("12:05:00"), 100, 1000, 150, 1500), 0, id="reads used up, in both windows"),
        pytest.param(reading(at("12:05:00"), 10, 100, 199, 300), 602, id="all requests of the quarter"),
        pytest.param(reading(at("12:05:00"), 10, 100, 20, 1999), 42_902, id="all requests of the day"),
    ],
)
def test_an_upload_counts_with_all_requests_and_not_with_the_reads(told: Reading, wait_s: float) -> None:
    now = at("12:05:00")
    quota = Quota().sent().answered(told, now)
    assert quota.wait_s(Purpose.UPLOAD, now) == wait_s
    assert quota.wait_s(NEWS, now) > 0


@pytest.mark.parametrize("ahead", [timedelta(minutes=10), timedelta(days=1)])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_first_answer_that_is_a_refusal_is_timed_by_the_server(ahead: timedelta, sign: int) -> None:
    here = at("12:05:00") - sign * ahead
    quota = Quota().sent().refused(reading(at("12:05:00"), short=101, day=101), here)
    assert quota.wait_s(NEWS, here) == 602


def test_an_answer_that_comes_after_the_refusal_does_not_open_the_window() -> None:
    now = at("12:05:00")
    quota = refused_at(None, now).sent().answered(reading(at("12:04:59"), short=11), now)
    assert quota.wait_s(NEWS, now) > 600


def test_an_answer_lost_right_behind_the_edge_does_not_open_the_window_early() -> None:
    now = at("12:15:01")
    assert refused_at(None, at("12:05:00")).sent().answered(None, now).wait_s(NEWS, now) == 1


@pytest.mark.parametrize(
    ("truth", "wait_s"),
    [
        pytest.param(at("12:25:00"), 302, id="our clock was behind"),
        pytest.param(at("11:45:00"), 902, id="our clock was ahead"),
    ],
)
def test_a_clock_set_right_by_a_first_reading_does_not_open_a_closed_window(truth: datetime, wait_s: float) -> None:
    here = at("12:05:00")
    quota = Quota().sent().sent().refused(None, here).answered(reading(truth, short=1), here)
    assert quota.wait_s(NEWS, here) == wait_s


def test_a_refusal_by_a_server_whose_clock_was_wrong_for_once_holds() -> None:
    now = at("12:05:00")
    quota = read(now).sent().sent().refused(reading(at("12:05:00", day=28), short=101), now)
    assert quota.answered(reading(now, short=1), now).wait_s(NEWS, now) == 602


def test_an_answer_out_of_the_next_window_opens_the_gate() -> None:
    now = at("12:15:01")
    quota = refused_at(reading(at("12:05:00"), 12, 12), at("12:05:00")).sent().answered(reading(now, short=1), now)
    assert quota.wait_s(NEWS, now) == 0


def test_a_refusal_of_a_window_that_is_over_closes_nothing() -> None:
    now = at("12:15:20")
    quota = read(at("12:15:05"), short=3).sent().refused(reading(at("12:14:59"), short=101), now)
    assert quota.wait_s(NEWS, now) == 0
    assert quota.in_flight == 0


# -- keeping ---------------------------------------------------------------------------------------


def again(quota: Quota, now: datetime) -> Quota:
    return Quota.from_record(json.loads(json.dumps(quota.to_record()))).resumed(now)


def test_a_restart_forgets_neither_usage_nor_refusal_nor_the_server_s_clock() -> None:
    here = at("12:00:00")
    quota = read(here, short=50, day=60, ahead=timedelta(minutes=5)).sent().sent()
    assert again(quota, here).uses(here) == (Use(100, 52), Use(1000, 62)), "what was under way probably counts"
    quota = quota.refused(None, here)
    assert again(quota, here).wait_s(NEWS, here) == quota.wait_s(NEWS, here) == 602


@pytest.mark.parametrize("told", [None, reading(at("12:05:00"), short=101, day=101)])
def test_a_clock_gone_back_at_a_restart_does_not_prolong_a_refusal(told: Reading | None) -> None:
    quota = Quota().sent().refused(told, at("12:05:00"))
    past = datetime(1970, 1, 1, tzinfo=UTC)
    resumed = again(quota, past)
    assert resumed.wait_s(NEWS, past) <= 902 + 43200  # the day began at midnight
    assert resumed.wait_s(NEWS, past + timedelta(seconds=902)) == 0


def test_a_record_out_of_the_future_does_not_keep_the_gate_closed() -> None:
    now = at("12:05:00")
    record = read(now, short=1, day=1000).to_record()
    quota = Quota.from_record({**record, "day_number": 10**6}).resumed(now)
    assert quota.wait_s(NEWS, now) == 86402
    assert quota.wait_s(NEWS, now + timedelta(seconds=86402)) == 0


@pytest.mark.parametrize(
    "garbage",
    [
        pytest.param({}, id="empty"),
        pytest.param({"skew_s": None}, id="half"),
        pytest.param({**Quota().to_record(), "short_used": "many"}, id="a word"),
        pytest.param({**Quota().to_record(), "day_number": -1}, id="negative"),
        pytest.param({**Quota().to_record(), "day_number": 10**400}, id="beyond all floats"),
        pytest.param({**Quota().to_record(), "skew_s": 1.5}, id="a fraction"),
        pytest.param({**Quota().to_record(), "short_limit": None}, id="nothing"),
    ],
)
def test_a_record_that_makes_no_sense_is_no_record(garbage: dict[str, object]) -> None:
    assert Quota.from_record(garbage) == Quota()


@pytest.mark.parametrize(
    ("quota", "worth"),
    [
        pytest.param(read(at("12:05:00"), 49, 499), False, id="little used"),
        pytest.param(read(at("12:05:00"), 50, 50), True, id="half a quarter"),
        pytest.param(read(at("12:05:00"), 1, 500), True, id="half a day"),
        pytest.param(refused_at(None, at("12:05:00")), True, id="a refusal"),
        pytest.param(read(at("11:55:00"), 90, 90), False, id="of a window that is over"),
    ],
)
def test_only_what_would_be_missed_is_worth_keeping(quota: Quota, *, worth: bool) -> None:
    assert quota.is_worth_keeping(at("12:05:00")) is worth


# -- whatever happens ------------------------------------------------------------------------------

QUARTER, DAY = 900, 86400
SLOW_S = 50
"""No answer takes longer."""


@dataclass
class Request:
    sent_s: float
    answer: Reading | None = None
    is_refused: bool = False


@dataclass
class World:
    """A server with fixed windows that counts, and somebody who asks through a quota; no more than that."""

    limits: dict[int, tuple[int, int]]
    """For reads and for everything, by the length of the window."""
    now_s: float
    """The truth, which is the server's clock."""
    offset_s: float
    """Our clock minus the truth."""
    quota: Quota = field(default_factory=Quota)
    under_way: list[Request] = field(default_factory=list)
    counts: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    """What the server counted, by length and number of the window."""
    heard: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    """The most that was heard of it."""
    refused: set[tuple[int, int]] = field(default_factory=set)
    """Windows of which a refusal was heard."""

    @property
    def local(self) -> datetime:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=self.now_s + self.offset_s)

    def windows(self, when_s: float) -> Iterable[tuple[int, int]]:
        return ((length, int(when_s // length)) for length in (QUARTER, DAY))

    def count(self, reads: int, everything: int) -> None:
        for window in self.windows(self.now_s):
            counts = self.counts.setdefault(window, [0, 0])
            counts[0] += reads
            counts[1] += everything

    # what may happen

    def ask(self, purpose: Purpose) -> None:
        wait_s = self.quota.wait_s(purpose, self.local)
        assert 0 <= wait_s <= DAY + 2
        if wait_s:
            return
        for window in self.windows(self.now_s):
            assert window not in self.refused, "asked although refused"
            for most, limit in zip(self.heard.get(window, [0, 0]), self.limits[window[0]], strict=True):
                kept = 2 if purpose is NEWS else max(2, -(-limit // 10))
                assert not self.heard or most + len(self.under_way) < max(1, limit - kept), "too many"
        self.quota = self.quota.sent()
        self.under_way.append(Request(self.now_s))

    def reach(self, index: int) -> None:
        """Let a request under way reach the server."""
        if not self.under_way:
            return
        request = self.under_way[index % len(self.under_way)]
        if request.answer is not None:
            return
        self.count(1, 1)
        uses = [
            Use(limit, used)
            for window in self.windows(self.now_s)
            for limit, used in zip(self.limits[window[0]], self.counts[window], strict=True)
        ]
        request.is_refused = any(use.used > use.limit for use in uses)
        when = datetime.fromtimestamp(int(self.now_s), UTC)
        request.answer = Reading(when, uses[0], uses[2], uses[1], uses[3])

    def answer(self, index: int, *, with_headers: bool = True) -> None:
        if not self.under_way:
            return
        self.reach(index)
        request = self.under_way.pop(index % len(self.under_way))
        told = request.answer
        assert told is not None
        if request.is_refused:
            self.hear(told)
            self.refused |= {next(iter(self.windows(told.at.timestamp())))}
            self.quota = self.quota.refused(told, self.local)
        elif with_headers:
            self.hear(told)
            self.quota = self.quota.answered(told, self.local)
        else:
            self.quota = self.quota.answered(None, self.local)

    def hear(self, told: Reading) -> None:
        reads_and_all = ((told.short, told.overall_short), (told.day, told.overall_day))
        for window, uses in zip(self.windows(told.at.timestamp()), reads_and_all, strict=True):
            most = self.heard.setdefault(window, [0, 0])
            self.heard[window] = [max(known, use.used) for known, use in zip(most, uses, strict=True)]

    def lose(self, index: int) -> None:
        if self.under_way:
            self.under_way.pop(index % len(self.under_way))
            self.quota = self.quota.answered(None, self.local)

    def wait(self, seconds: float) -> None:
        while self.under_way and self.now_s + seconds - self.under_way[0].sent_s > SLOW_S:
            self.answer(0)
        self.now_s += seconds

    def go_to_the_edge(self, seconds: float) -> None:
        self.wait(max(0.0, QUARTER - self.now_s % QUARTER + seconds))

    def be_suspended(self, seconds: float) -> None:
        """Let time pass that our clock does not see."""
        while self.under_way:
            self.lose(0)
        self.now_s += seconds
        self.offset_s -= seconds

    def restart(self, back_s: float) -> None:
        """Begin anew with what was kept, and with a wall clock that may have gone back."""
        self.under_way.clear()
        self.offset_s -= back_s
        self.quota = again(self.quota, self.local)


Happening = Callable[[World], None]
INDEX = st.integers(0, 5)
SPANS = st.sampled_from([0.0, 0.3, 1.0, 1.7, 8.0, 30.0, 200.0, 899.0, 900.0, 4000.0, 40000.0])


def burst(purpose: Purpose, size: int) -> Happening:
    def happen(world: World) -> None:
        for _ in range(size):
            world.ask(purpose)

    return happen


ASKING = st.builds(burst, st.sampled_from(READS), st.integers(1, 12))
REACHING = st.builds(lambda index: lambda world: world.reach(index), INDEX)
ANSWERING = st.builds(lambda index: lambda world: world.answer(index), INDEX)
WAITING = st.builds(lambda span: lambda world: world.wait(span), SPANS)
EDGES = st.builds(
    lambda span: lambda world: world.go_to_the_edge(span), st.sampled_from([-20.0, -3.0, -1.0, -0.5, 0.0, 0.5, 2.0])
)
SUSPENSION = st.builds(lambda span: lambda world: world.be_suspended(span), SPANS)
ORDERLY = (ASKING, REACHING, ANSWERING, WAITING, EDGES, SUSPENSION)
MISHAPS = (
    st.builds(lambda index: lambda world: world.answer(index, with_headers=False), INDEX),
    st.builds(lambda index: lambda world: world.lose(index), INDEX),
    st.builds(lambda reads, more: lambda world: world.count(reads, reads + more), st.integers(0, 9), INDEX),
    st.builds(lambda span: lambda world: world.restart(span), st.sampled_from([0.0, 5.0, 3600.0, 1e9])),
)
WORLDS = st.builds(
    lambda short, day, more, now, offset: World(
        {QUARTER: (short, short + more), DAY: (day, day + more)}, now.timestamp(), offset
    ),
    st.integers(0, 40),
    st.sampled_from([20, 60, 10**6]),
    st.integers(0, 10),
    st.datetimes(datetime(2026, 11, 21), datetime(2026, 11, 22), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from([0.0, 600.0, -600.0, 86400.0, -86400.0, 3e8, -3e8]),
)


@given(WORLDS, st.lists(st.one_of(*ORDERLY, *MISHAPS), max_size=60))
def test_whatever_happens_nothing_goes_against_what_is_known_and_everything_goes_on(
    world: World, happenings: list[Happening]
) -> None:
    for happen in happenings:
        happen(world)
    while world.under_way:
        world.answer(-1)
    for purpose in Purpose:
        wait_s = world.quota.wait_s(purpose, world.local)
        assert wait_s <= (902 if world.limits[DAY][0] == 10**6 and world.quota.skew_s is not None else DAY + 2)
        world.now_s += wait_s
        assert world.quota.wait_s(purpose, world.local) == 0


@given(WORLDS, st.lists(st.one_of(*ORDERLY), max_size=60))
def test_as_long_as_no_answer_is_lost_nobody_else_asks_and_something_is_allowed_nothing_is_refused(
    world: World, happenings: list[Happening]
) -> None:
    world.limits = {length: (max(reads, 1), max(everything, 1)) for length, (reads, everything) in world.limits.items()}
    for happen in (burst(NEWS, 1), lambda world: world.answer(0), *happenings):
        happen(world)
    while world.under_way:
        world.answer(-1)
    assert not world.refused
