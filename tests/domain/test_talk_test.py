import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.talk_test import STAGES, TEXTS, Speech, TalkTest, answer, text_for
from daemon.domain.zones import ZoneOrigin

EASY, NOT_QUITE, HARD = Speech.EASY, Speech.NOT_QUITE, Speech.HARD


def went(*answers: tuple[int, Speech]) -> TalkTest:
    test = TalkTest()
    for bpm, speech in answers:
        test = answer(test, bpm, speech)
    return test


def zone_of(test: TalkTest) -> str | None:
    return str(test.proposal.zone) if test.proposal else None


def test_it_begins_at_the_first_stage_with_nothing_heard() -> None:
    test = TalkTest()
    assert (test.stage, test.is_over, test.comfortable_hr, test.proposal) == (0, False, None, None)


def test_while_speech_comes_easily_it_goes_on() -> None:
    test = went((100, EASY), (115, EASY))
    assert (test.stage, test.is_over) == (2, False)


@pytest.mark.parametrize("speech", [NOT_QUITE, HARD])
def test_the_first_not_quite_ends_it_and_the_stage_before_counts(speech: Speech) -> None:
    test = went((100, EASY), (125, EASY), (140, EASY), (152, speech))
    assert (test.is_over, test.comfortable_hr, zone_of(test)) == (True, 140, "111-129")
    assert test.proposal
    assert test.proposal.zone.origin is ZoneOrigin.TALK_TEST


def test_what_is_said_after_its_end_changes_nothing() -> None:
    over = went((125, EASY), (140, NOT_QUITE))
    assert answer(over, 150, EASY) is over


def test_after_the_last_stage_it_is_over_too() -> None:
    test = went(*((100 + 8 * stage, EASY) for stage in range(len(STAGES))))
    assert (test.is_over, zone_of(test)) == (True, "111-129")


def test_when_even_the_first_stage_was_not_easy_nothing_follows() -> None:
    assert zone_of(went((120, NOT_QUITE))) is None


def test_a_heart_that_medication_holds_back_gets_a_zone_too() -> None:
    assert zone_of(went((78, EASY), (88, EASY), (95, NOT_QUITE))) == "60-77"


def test_a_mistyped_number_does_not_raise_the_zone() -> None:
    assert zone_of(went((125, EASY), (190, EASY), (150, NOT_QUITE))) == "96-114"


@pytest.mark.parametrize("bpm", [0, 12, 59, 221, 1400])
def test_a_heart_rate_nobody_has_on_their_feet_is_asked_again(bpm: int) -> None:
    with pytest.raises(ValueError, match="from 60 to 220"):
        answer(TalkTest(), bpm, EASY)


ANSWERS = st.lists(st.tuples(st.integers(60, 220), st.sampled_from(Speech)), max_size=9)


@given(ANSWERS)
def test_the_zone_always_ends_below_where_speech_was_not_easy(answers: list[tuple[int, Speech]]) -> None:
    test = went(*answers)
    not_easy = [one.bpm for one in test.heard if one.speech is not EASY]
    assert len(test.heard) <= len(STAGES)
    assert len(not_easy) <= 1
    assert test.proposal is None or all(test.proposal.zone.high < bpm for bpm in not_easy)


@pytest.mark.parametrize("stage", range(len(STAGES)))
def test_each_text_takes_twenty_to_thirty_seconds_and_is_another_one(stage: int) -> None:
    assert 60 <= len(text_for(stage).split()) <= 80  # at some 150 words a minute
    assert text_for(stage) != text_for(stage + 1)
    assert text_for(stage) in TEXTS
