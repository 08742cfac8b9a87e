import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.heart_rate import Bpm, HeartRateSample, Instant, SensorContact
from daemon.domain.plausibility import Doubt, Sieve, sift, sift_all
from tests.builders import beat, beats


def live(samples: list[HeartRateSample]) -> list[Doubt | None]:
    """Doubt each sample as it comes, as the live session does."""
    sieve, doubts = Sieve(), list[Doubt | None]()
    for sample in samples:
        sieve, sifted = sift(sieve, sample)
        doubts.append(sifted.doubt)
    return doubts


@pytest.mark.parametrize(
    ("bpm", "contact", "doubt"),
    [
        pytest.param(130, SensorContact.GOOD, None, id="worn"),
        pytest.param(130, SensorContact.UNKNOWN, None, id="a strap that cannot tell is believed"),
        pytest.param(130, SensorContact.LOST, Doubt.NO_CONTACT, id="no skin"),
        pytest.param(0, SensorContact.LOST, Doubt.NO_CONTACT, id="no skin beats no value"),
        pytest.param(255, SensorContact.LOST, Doubt.NO_CONTACT, id="no skin beats nonsense"),
        pytest.param(0, SensorContact.GOOD, Doubt.NO_VALUE, id="zero is no value"),
        pytest.param(29, SensorContact.GOOD, Doubt.OUT_OF_RANGE, id="29"),
        pytest.param(30, SensorContact.GOOD, None, id="30"),
        pytest.param(220, SensorContact.GOOD, None, id="220"),
        pytest.param(221, SensorContact.GOOD, Doubt.OUT_OF_RANGE, id="221"),
        pytest.param(65535, SensorContact.GOOD, Doubt.OUT_OF_RANGE, id="all sixteen bits"),
    ],
)
def test_a_first_sample_is_judged_by_itself_alone(bpm: int, contact: SensorContact, doubt: Doubt | None) -> None:
    assert live([beat(0, bpm, contact)]) == [doubt]


def test_no_contact_beats_jump_and_frozen() -> None:
    jumping = [beat(0, 100), beat(1, 160, SensorContact.LOST)]
    frozen = beats((0, 130), until=70, contact=SensorContact.LOST, rr=())
    assert live(jumping) == [None, Doubt.NO_CONTACT]
    assert set(live(frozen)) == {Doubt.NO_CONTACT}


# -- jumps ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "after_s", "doubt"),
    [
        pytest.param(130, 1, None, id="30 up in a second is possible"),
        pytest.param(131, 1, Doubt.JUMP, id="31 up is not"),
        pytest.param(69, 1, Doubt.JUMP, id="31 down is not"),
        pytest.param(131, 3, Doubt.JUMP, id="nor within 3 s"),
        pytest.param(131, 3.5, None, id="later it is"),
    ],
)
def test_hearts_do_not_jump(to: int, after_s: float, doubt: Doubt | None) -> None:
    assert live([beat(0, 100), beat(after_s, to)])[-1] is doubt


def test_a_climb_in_small_steps_is_no_jump() -> None:
    climb = [beat(second, 90 + 9 * second) for second in range(11)]
    assert live(climb) == [None] * 11


def test_a_climb_too_steep_for_a_heart_is_a_jump_although_each_step_is_small() -> None:
    assert live([beat(0, 100), beat(1, 120), beat(2, 140)]) == [None, None, Doubt.JUMP]


def test_a_burst_is_not_believed_afterwards_either() -> None:
    burst = beats((0, 120), (10, 190), (20, 120), until=30)
    doubts = sift_all(burst)
    assert doubts == [None] * 10 + [Doubt.JUMP] * 10 + [None] * 11
    assert doubts == live(burst)


def test_a_level_that_stays_fifteen_seconds_was_true_from_its_first_sample() -> None:
    change = beats((0, 100), (10, 150), until=40)
    assert live(change) == [None] * 10 + [Doubt.JUMP] * 15 + [None] * 16
    assert sift_all(change) == [None] * 41


def test_what_is_vindicated_is_handed_back() -> None:
    sieve = Sieve()
    change = beats((0, 100), (5, 150), until=20)
    for sample in change[:-1]:
        sieve, _ = sift(sieve, sample)
    _, sifted = sift(sieve, change[-1])
    assert sifted.doubt is None
    assert list(sifted.vindicated) == change[5:-1]


def test_a_second_jump_proves_nothing_for_the_first() -> None:
    restless = beats((0, 100), (5, 150), (15, 200), until=35)
    assert sift_all(restless) == [None] * 5 + [Doubt.JUMP] * 10 + [None] * 21


def test_bursts_up_and_down_never_add_up_to_a_level() -> None:
    flutter = [beat(second, 100 if second < 5 else (180, 220)[second % 2]) for second in range(40)]
    assert set(sift_all(flutter)[5:]) == {Doubt.JUMP}


def test_other_doubts_in_between_do_not_vindicate_a_burst() -> None:
    samples = [beat(0, 100), beat(1, 180), beat(2, 0), beat(3, 100)]
    assert sift_all(samples) == [None, Doubt.JUMP, Doubt.NO_VALUE, None]


def test_after_a_gap_the_past_says_nothing() -> None:
    assert live([beat(0, 100), beat(10.5, 180)]) == [None, None]


def test_a_gap_in_the_middle_of_a_jump_begins_anew() -> None:
    assert live([beat(0, 100), beat(1, 180), beat(12, 180), beat(13, 178)]) == [None, Doubt.JUMP, None, None]


# -- echoes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("second", "doubt"),
    [
        pytest.param(beat(0.19, 130), Doubt.ECHO, id="the same within 200 ms"),
        pytest.param(beat(0.2, 130), None, id="the same after 200 ms"),
        pytest.param(beat(0.1, 131), None, id="another number"),
        pytest.param(beat(0.1, 130, SensorContact.UNKNOWN), None, id="another contact"),
        pytest.param(beat(0.1, 130, rr=(7,)), None, id="another interval"),
        pytest.param(beat(0, 130), None, id="the same second twice, as files have it"),
    ],
)
def test_only_an_identical_packet_right_behind_is_an_echo(second: HeartRateSample, doubt: Doubt | None) -> None:
    assert live([beat(0, 130), second])[-1] is doubt


def test_an_echo_leaves_a_pending_jump_alone() -> None:
    change = beats((0, 100), (5, 150), until=30)
    echoed = [*change[:8], beat(7.1, 150), *change[8:]]
    assert sift_all(echoed) == [None] * 8 + [Doubt.ECHO] + [None] * 23


# -- frozen values ---------------------------------------------------------------------------------


def test_a_strap_that_sends_intervals_may_repeat_its_number_for_ever() -> None:
    assert set(live(beats((0, 130), until=600))) == {None}


def test_a_strap_that_stopped_sending_intervals_is_believed_for_a_minute() -> None:
    worn, taken_off = beats((0, 130), until=20), beats((21, 130), until=100, rr=())
    doubts = live([*worn, *taken_off])
    assert doubts.index(Doubt.FROZEN) == 80  # a minute after the last interval, at second 20
    assert set(doubts[80:]) == {Doubt.FROZEN}


def test_a_strap_that_never_sends_intervals_is_believed_for_two_minutes() -> None:
    doubts = live(beats((0, 130), until=200, rr=()))
    assert doubts == [None] * 120 + [Doubt.FROZEN] * 81


def test_a_recording_may_write_one_number_for_ever() -> None:
    assert set(sift_all(beats((0, 130), until=600, rr=()), recorded=True)) == {None}


def test_a_recording_whose_intervals_stopped_is_doubted_all_the_same() -> None:
    taken_off = [*beats((0, 130), until=20), *beats((21, 130), until=100, rr=())]
    assert sift_all(taken_off, recorded=True) == sift_all(taken_off)


def test_a_frozen_value_thaws_with_the_first_other_number() -> None:
    assert live(beats((0, 130), (150, 131), until=151, rr=()))[-3:] == [Doubt.FROZEN, None, None]


def test_a_gap_ends_a_frozen_stretch() -> None:
    samples = [*beats((0, 130), until=130, rr=()), beat(141, 130, rr=())]
    assert live(samples)[-2:] == [Doubt.FROZEN, None]


# -- whatever comes --------------------------------------------------------------------------------

ANY_SAMPLES = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.1, 0.5, 1.0, 1.0, 1.0, 4.0, 20.0]),
        st.one_of(st.integers(0, 300), st.sampled_from([100, 140, 180])),
        st.sampled_from(SensorContact),
        st.sampled_from([(), (480,), (0,), (65535, 480)]),
    ),
    max_size=80,
)


@given(ANY_SAMPLES)
def test_afterwards_more_is_believed_than_live_and_never_nonsense(
    packets: list[tuple[float, int, SensorContact, tuple[int, ...]]],
) -> None:
    clock, samples = 0.0, list[HeartRateSample]()
    for apart, bpm, contact, rr in packets:
        clock += apart
        samples.append(HeartRateSample(Instant(clock), Bpm(bpm), contact, rr))
    at_once, afterwards = live(samples), sift_all(samples)
    assert len(at_once) == len(afterwards) == len(samples)
    for sample, first, final in zip(samples, at_once, afterwards, strict=True):
        assert final is first or (final is None and first is Doubt.JUMP)
        if final is None:
            assert sample.contact is not SensorContact.LOST
            assert 30 <= sample.bpm <= 220
