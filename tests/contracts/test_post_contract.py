"""What every post promises: SQLite's letters, and those in memory."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from connectors.sqlite import open_database
from connectors.sqlite_post import SqlitePost
from connectors.sqlite_store import SqliteStore
from daemon.domain.wording import Mail, Text
from daemon.store import ChannelHealth, Claimed, Kind, Letter, LetterWritten, Post, Store
from tests.fakes import EVENING, MAIL, PHONE, letter
from tests.memory_store import MemoryStore

LATER = EVENING + timedelta(minutes=5)


@pytest.fixture(params=["sqlite", "memory"])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Store, Post]]:
    if request.param == "memory":
        both = MemoryStore()
        yield both, both
        return
    async with open_database(tmp_path / "duurloop.db") as database:
        yield SqliteStore(database), SqlitePost(database)


@pytest.fixture
def post(kept: tuple[Store, Post]) -> Post:
    return kept[1]


@pytest.fixture
def store(kept: tuple[Store, Post]) -> Store:
    return kept[0]


async def write(store: Store, *letters: Letter) -> None:
    await store.commit([LetterWritten(one) for one in letters])


async def take(post: Post, channel: str = PHONE.id, at: datetime = EVENING) -> Claimed:
    claimed = await post.claim(channel, at)
    assert claimed is not None
    return claimed


def unwell(until: datetime | None, *, settings: bool = False, failures: int = 1) -> ChannelHealth:
    return ChannelHealth(PHONE.id, failures, "no route to host", settings, until)


class TestClaiming:
    async def test_an_empty_post_has_nothing_to_send(self, post: Post) -> None:
        assert await post.claim(PHONE.id, EVENING) is None
        assert await post.next_due(PHONE.id) is None
        assert await post.waiting() == 0

    async def test_a_letter_comes_back_as_it_was_written(self, store: Store, post: Post) -> None:
        written = letter("a", kind=Kind.WEEK, worth=timedelta(hours=36))
        await write(store, written)
        claimed = await take(post)
        assert (claimed.letter, claimed.attempt) == (written, 1)

    async def test_a_letter_for_a_mailbox_comes_back_with_its_page_and_picture(self, store: Store, post: Post) -> None:
        text = Text("Your week", "3 runs.", Mail("<p>3 runs.</p>", b"\x89PNG\0"))
        await write(store, replace(letter("a"), text=text))
        assert (await take(post)).letter.text == text

    async def test_letters_go_in_the_order_in_which_they_were_written(self, store: Store, post: Post) -> None:
        await write(store, letter("a"), letter("b"))
        await write(store, letter("c"))
        assert [(await take(post)).letter.key for _ in range(3)] == ["a", "b", "c"]

    async def test_a_letter_being_sent_is_not_handed_out_again(self, store: Store, post: Post) -> None:
        await write(store, letter("a"))
        await take(post)
        assert await post.claim(PHONE.id, LATER) is None
        assert await post.waiting() == 1

    async def test_each_channel_gets_its_own(self, store: Store, post: Post) -> None:
        await write(store, letter("a", PHONE.id), letter("a", MAIL.id))
        assert (await take(post, MAIL.id)).letter.channel == MAIL.id
        assert await post.claim(MAIL.id, EVENING) is None
        assert (await take(post, PHONE.id)).letter.channel == PHONE.id

    async def test_the_same_key_for_the_same_channel_is_one_letter_and_the_first_stays(
        self, store: Store, post: Post
    ) -> None:
        first = letter("a")
        await write(store, first, letter("a", kind=Kind.LIVE))
        await write(store, letter("a", at=LATER))
        assert (await take(post)).letter == first
        assert await post.waiting() == 1

    async def test_a_letter_that_was_sent_is_not_written_a_second_time(self, store: Store, post: Post) -> None:
        await write(store, letter("a"))
        await post.settle_sent(await take(post))
        await write(store, letter("a"))
        assert await post.claim(PHONE.id, EVENING) is None

    async def test_a_letter_waits_for_its_moment(self, store: Store, post: Post) -> None:
        await write(store, letter("a", not_before=LATER))
        assert await post.claim(PHONE.id, LATER - timedelta(seconds=1)) is None
        assert await post.next_due(PHONE.id) == LATER
        assert (await take(post, at=LATER)).letter.key == "a"

    async def test_moments_are_the_same_in_whatever_zone_they_are_told(self, store: Store, post: Post) -> None:
        far_east = timezone(timedelta(hours=9))
        await write(store, letter("a", not_before=LATER.astimezone(far_east)))
        assert await post.claim(PHONE.id, EVENING.astimezone(far_east)) is None
        assert (await take(post, at=LATER.astimezone(far_east))).letter.not_before == LATER


class TestExpiry:
    async def test_a_letter_out_of_date_is_dropped(self, store: Store, post: Post) -> None:
        await write(store, letter("a", kind=Kind.LIVE, worth=timedelta(seconds=60)))
        assert await post.claim(PHONE.id, EVENING + timedelta(seconds=60)) is None
        assert await post.waiting() == 0

    async def test_a_letter_not_quite_out_of_date_goes(self, store: Store, post: Post) -> None:
        await write(store, letter("a", kind=Kind.LIVE, worth=timedelta(seconds=60)))
        assert (await take(post, at=EVENING + timedelta(seconds=59))).letter.key == "a"

    async def test_a_letter_expires_behind_a_channel_that_rests(self, store: Store, post: Post) -> None:
        await write(store, letter("a"))
        await post.settle_failed(await take(post), unwell(EVENING + timedelta(days=1)))
        await write(store, letter("b", kind=Kind.LIVE, worth=timedelta(seconds=60)))
        assert await post.next_due(PHONE.id) == EVENING + timedelta(seconds=60)
        assert await post.claim(PHONE.id, LATER) is None
        assert await post.waiting() == 1

    async def test_what_expired_for_a_channel_that_is_gone_waits_no_more_after_a_restart(
        self, store: Store, post: Post
    ) -> None:
        await write(store, letter("a", "els/old phone"))
        await post.recover(EVENING + timedelta(hours=13))
        assert await post.waiting() == 0


class TestFailing:
    async def test_a_letter_that_failed_waits_until_the_channel_may_be_tried_again(
        self, store: Store, post: Post
    ) -> None:
        await write(store, letter("a"))
        await post.settle_failed(await take(post), unwell(LATER))
        assert await post.claim(PHONE.id, LATER - timedelta(seconds=1)) is None
        assert await post.next_due(PHONE.id) == LATER
        assert (await take(post, at=LATER)).attempt == 2

    async def test_a_letter_that_keeps_failing_lets_the_others_pass(self, store: Store, post: Post) -> None:
        await write(store, letter("too heavy"), letter("b"))
        await post.settle_failed(await take(post), unwell(EVENING))
        assert (await take(post)).letter.key == "b"
        assert (await take(post)).letter.key == "too heavy"

    async def test_how_a_channel_is_is_kept(self, store: Store, post: Post) -> None:
        await write(store, letter("a"))
        health = unwell(LATER, settings=True, failures=3)
        await post.settle_failed(await take(post), health)
        assert await post.health() == [health]

    async def test_a_letter_that_arrives_makes_its_channel_well(self, store: Store, post: Post) -> None:
        await write(store, letter("a"))
        await post.settle_failed(await take(post), unwell(EVENING))
        await post.settle_sent(await take(post))
        assert await post.health() == []
        assert await post.waiting() == 0

    async def test_a_notice_is_kept_together_with_the_failure_that_it_tells_of(self, store: Store, post: Post) -> None:
        await write(store, letter("a"))
        await post.settle_failed(await take(post), unwell(LATER), letter("notice", MAIL.id, Kind.SERVICE))
        assert (await take(post, MAIL.id)).letter.key == "notice"

    async def test_one_channel_that_rests_does_not_hold_up_another(self, store: Store, post: Post) -> None:
        await write(store, letter("a"), letter("a", MAIL.id))
        await post.settle_failed(await take(post), unwell(LATER))
        assert (await take(post, MAIL.id)).letter.key == "a"


class TestRecovering:
    async def test_a_letter_that_was_being_sent_is_sent_again(self, store: Store, post: Post) -> None:
        await write(store, letter("a"))
        await take(post)
        await post.recover(EVENING)
        assert (await take(post)).attempt == 2

    async def test_a_letter_that_was_sent_stays_so(self, store: Store, post: Post) -> None:
        await write(store, letter("a"))
        await post.settle_sent(await take(post))
        await post.recover(EVENING)
        assert await post.claim(PHONE.id, EVENING) is None

    async def test_the_pause_of_a_far_end_in_trouble_outlasts_a_restart(self, store: Store, post: Post) -> None:
        await write(store, letter("a"))
        await post.settle_failed(await take(post), unwell(LATER))
        await post.recover(EVENING)
        assert await post.claim(PHONE.id, EVENING) is None

    async def test_faulty_settings_get_another_try_after_a_restart(self, store: Store, post: Post) -> None:
        await write(store, letter("a"))
        await post.settle_failed(await take(post), unwell(LATER, settings=True))
        await post.recover(EVENING)
        assert (await take(post)).letter.key == "a"
        (health,) = await post.health()
        assert (health.settings_fault, health.next_at) == (True, None)

    async def test_letters_done_long_ago_make_no_difference_to_new_ones(self, store: Store, post: Post) -> None:
        long_ago = datetime(2026, 10, 1, tzinfo=UTC)
        await write(store, letter("old", at=long_ago))
        await post.settle_sent(await take(post, at=long_ago))
        await write(store, letter("new"))
        await post.recover(EVENING)
        assert (await take(post)).letter.key == "new"


class TestClockThatIsSet:
    async def test_letters_written_since_then_keep_the_time_that_they_are_worth(self, store: Store, post: Post) -> None:
        wrong, off = EVENING - timedelta(days=3), timedelta(days=3)
        await write(store, letter("before", at=wrong - timedelta(hours=1)), letter("since", at=wrong))
        await post.shift(wrong, off)
        claimed = await take(post, at=EVENING)
        assert (claimed.letter.key, claimed.letter.written_at) == ("since", EVENING)
        assert claimed.letter.expires_at == EVENING + timedelta(hours=12)
        assert await post.claim(PHONE.id, EVENING) is None

    async def test_a_channel_that_was_left_in_peace_gets_another_try(self, store: Store, post: Post) -> None:
        await write(store, letter("a"))
        await post.settle_failed(await take(post), unwell(EVENING + timedelta(days=900)))
        await post.shift(EVENING, timedelta(0))
        assert (await take(post)).letter.key == "a"

    async def test_what_was_sent_is_left_alone(self, store: Store, post: Post) -> None:
        await write(store, letter("a"))
        await post.settle_sent(await take(post))
        await post.shift(EVENING, timedelta(days=3))
        assert await post.waiting() == 0
