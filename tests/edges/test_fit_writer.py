"""FIT files that we write, as Garmin's SDK, fitdecode and our own reader see them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import fitdecode
import pytest
from garmin_fit_sdk import Decoder, Stream
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.activity_files import read_recordings, read_stream
from connectors.fit_writer import fit_of
from daemon.domain.heart_rate import Bpm, HeartRateSample, Instant, SensorContact
from daemon.domain.recording import Recording
from daemon.domain.run import Run, Source
from daemon.yardstick import Yardstick
from tests.builders import ABOVE, CALM, beats
from tests.fakes import EASY, EVENING, judged_run

RUN_ID = "20261121-183000-0badcafe"
ALL_DAY = 6 * 3600.0


class Decoded(NamedTuple):
    """A file as a decoder tells it."""

    bpms: list[tuple[float, int]]
    """Seconds since the start, and the heart rate there."""
    rr_ms: list[int]
    session: dict[str, Any]
    kinds: dict[str, int]
    """How many messages there are of each."""


def by_sdk(content: bytes) -> Decoded:
    """Decode as Garmin does, which must find no fault."""
    decoder = Decoder(Stream.from_byte_array(bytearray(content)))
    assert decoder.is_fit()
    assert Decoder(Stream.from_byte_array(bytearray(content))).check_integrity()
    read: tuple[Any, list[Exception]] = decoder.read()
    messages, errors = read
    assert errors == []
    (session,) = messages["session_mesgs"]
    bpms = [
        ((record["timestamp"] - session["start_time"]).total_seconds(), record["heart_rate"])
        for record in messages["record_mesgs"]
        if "heart_rate" in record
    ]
    times = [time for beats in messages.get("hrv_mesgs", ()) for time in beats["time"] if time is not None]
    kinds = {name.removesuffix("_mesgs"): len(told) for name, told in messages.items()}
    return Decoded(bpms, [round(1000 * time) for time in times], session, kinds)


def by_fitdecode(content: bytes) -> Decoded:
    """Decode with every check that fitdecode has."""
    told: dict[str, list[dict[str, Any]]] = {}
    checks = {"check_crc": fitdecode.CrcCheck.RAISE, "error_handling": fitdecode.ErrorHandling.RAISE}
    with fitdecode.FitReader(BytesIO(content), **checks) as frames:
        for frame in frames:
            if isinstance(frame, fitdecode.FitDataMessage):
                told.setdefault(frame.name, []).append(
                    {field.name: field.value for field in frame.fields if field.value is not None}
                )
    (session,) = told["session"]
    bpms = [
        ((record["timestamp"] - session["start_time"]).total_seconds(), record["heart_rate"])
        for record in told["record"]
        if "heart_rate" in record
    ]
    times = [time for beats in told.get("hrv", ()) for time in beats["time"] if time is not None]
    return Decoded(
        bpms, [round(1000 * time) for time in times], session, {name: len(all_) for name, all_ in told.items()}
    )


DECODERS = pytest.mark.parametrize(
    "decode", [pytest.param(by_sdk, id="garmin-fit-sdk"), pytest.param(by_fitdecode, id="fitdecode")]
)
Decode = Callable[[bytes], Decoded]


def written(samples: Sequence[HeartRateSample], run: Run | None = None) -> bytes:
    in_the_run = [sample for sample in samples if sample.at >= 0]
    return fit_of(run or judged_run(RUN_ID, in_the_run), samples, software="duurloop 0.1.0")


def read_back(content: bytes, folder: Path) -> Recording:
    path = folder / "session.fit"
    path.write_bytes(content)
    (recording,) = read_recordings(path)
    return recording


def heart_rates(samples: Sequence[HeartRateSample]) -> list[tuple[float, int]]:
    return [(sample.at, sample.bpm) for sample in samples]


def an_hour() -> list[HeartRateSample]:
    """A heart that wanders, and beats accordingly."""
    bpms = [128 + (7 * second % 23) - 11 + (12 if 1800 < second < 1900 else 0) for second in range(3600)]
    words = [(round(61_440 / bpm),) * (1 + second % 2) for second, bpm in enumerate(bpms)]
    return [
        HeartRateSample(Instant(float(second)), Bpm(bpm), SensorContact.GOOD, rr)
        for second, bpm, rr in zip(count(), bpms, words, strict=False)
    ]


class TestASession:
    @DECODERS
    def test_every_heart_rate_and_every_beat_is_in_it(self, decode: Decode) -> None:
        samples = an_hour()
        told = decode(written(samples))
        assert told.bpms == heart_rates(samples)
        assert told.rr_ms == [round(word * 1000 / 1024) for sample in samples for word in sample.rr_words]

    @DECODERS
    def test_its_figures_are_those_of_the_judgement(self, decode: Decode) -> None:
        run = replace(judged_run(RUN_ID, an_hour()), distance_m=8123.45)
        session, heart = decode(written(an_hour(), run)).session, run.judgement.heart_rate
        assert heart.mean_bpm is not None
        figures = (round(heart.mean_bpm), heart.max_bpm, heart.min_bpm)
        assert (session["avg_heart_rate"], session["max_heart_rate"], session["min_heart_rate"]) == figures
        assert (session["total_elapsed_time"], session["total_timer_time"]) == (3600.0, 3600.0)
        assert (session["total_distance"], session["sport"]) == (8123.45, "running")
        assert session["start_time"] == EVENING

    @DECODERS
    def test_it_has_all_the_parts_at_which_readers_stumble(self, decode: Decode) -> None:
        told = decode(written(beats((0, CALM), until=60)))
        assert told.kinds == {
            "file_id": 1,
            "device_info": 1,
            "event": 2,
            "record": 61,
            "hrv": 61,
            "lap": 1,
            "session": 1,
            "activity": 1,
        }
        assert (told.session["first_lap_index"], told.session["num_laps"]) == (0, 1)

    def test_the_same_run_gives_the_same_file_and_another_one_another_serial_number(self) -> None:
        samples = beats((0, CALM), until=60)
        content = written(samples)
        assert written(samples) == content
        assert written(samples, judged_run("another", samples)) != content

    def test_an_hour_with_beats_weighs_no_more_than_sixty_kilobytes_or_so(self) -> None:
        assert len(written(an_hour())) < 65_000


class TestWhatOurReaderMakesOfIt:
    def test_the_recording_and_the_verdict_are_the_same(self, tmp_path: Path) -> None:
        samples = beats((0, CALM), (1500, ABOVE), until=2399)
        run = judged_run(RUN_ID, samples)
        recording = read_back(written(samples, run), tmp_path)
        assert heart_rates(recording.samples) == heart_rates(samples)
        assert [len(sample.rr_words) for sample in recording.samples] == [1] * 2400
        assert (recording.started_at, recording.duration_s, recording.sport) == (EVENING, 2399.0, "run")
        again = Yardstick("Els", (EASY,), UTC).judge(recording, Source.FILE, "it").run
        assert again.duration_s == run.duration_s
        assert again.judgement.verdict is run.judgement.verdict
        assert again.judgement.time_in_zone == run.judgement.time_in_zone
        assert again.judgement.calm_pct == run.judgement.calm_pct
        assert again.judgement.heart_rate == run.judgement.heart_rate
        assert again.judgement.rr.beats == run.judgement.rr.beats

    def test_a_strap_that_fell_silent_makes_no_run_shorter(self, tmp_path: Path) -> None:
        samples = beats((3, CALM), until=400)
        run = replace(judged_run(RUN_ID, samples), duration_s=900.0)
        recording = read_back(written(samples, run), tmp_path)
        assert (recording.started_at, recording.duration_s) == (EVENING, 899.0)
        assert heart_rates(recording.samples) == heart_rates(samples)

    @pytest.mark.parametrize("sport", ["run", "walk", "ride", "rowing"])
    def test_the_sport_stays(self, sport: str, tmp_path: Path) -> None:
        samples = beats((0, CALM), until=60)
        content = written(samples, replace(judged_run(RUN_ID, samples), sport=sport))
        assert read_back(content, tmp_path).sport == sport


class TestOddSessions:
    @DECODERS
    def test_without_beats_there_are_none(self, decode: Decode) -> None:
        samples = beats((0, CALM), until=60, rr=())
        told = decode(written(samples))
        assert (told.bpms, told.rr_ms) == (heart_rates(samples), [])
        assert "hrv" not in told.kinds

    @DECODERS
    def test_without_a_heart_rate_it_still_says_how_long_it_was(self, decode: Decode, tmp_path: Path) -> None:
        run = replace(judged_run(RUN_ID), duration_s=1800.0)
        told = decode(written((), run))
        assert (told.bpms, told.kinds["record"]) == ([], 2)
        assert "avg_heart_rate" not in told.session
        assert read_back(written((), run), tmp_path).duration_s == 1799.0

    @DECODERS
    def test_in_a_gap_nothing_is_made_up_and_the_timer_goes_on(self, decode: Decode) -> None:
        samples = [*beats((0, CALM), until=60), *beats((400, CALM), until=460)]
        told = decode(written(samples))
        assert told.bpms == heart_rates(samples)
        assert (told.session["total_timer_time"], told.kinds["event"]) == (461.0, 2)

    @DECODERS
    def test_two_packets_of_one_second_are_two_and_an_echo_is_none(self, decode: Decode) -> None:
        one, other, echo = (
            HeartRateSample(Instant(at), Bpm(bpm), SensorContact.GOOD, (word,))
            for at, bpm, word in ((12.0, 128, 480), (12.0, 129, 470), (12.0, 129, 470))
        )
        told = decode(written([one, other, echo]))
        assert told.bpms == [(12, 128), (12, 129)]
        assert told.rr_ms == [469, 459]

    @DECODERS
    def test_what_was_heard_before_the_start_is_no_part_of_the_run(self, decode: Decode) -> None:
        samples = beats((-120, 80), (0, CALM), until=60)
        told = decode(written(samples))
        assert told.bpms == heart_rates(samples[120:])
        assert len(told.rr_ms) == 61

    @DECODERS
    def test_what_is_not_believed_gives_no_heart_rate_but_its_beats(self, decode: Decode) -> None:
        samples = [*beats((0, CALM), until=20), *beats((21, 250), until=22), *beats((23, CALM), until=60)]
        told = decode(written(samples))
        assert told.bpms == heart_rates([*samples[:21], *samples[23:]])
        assert len(told.rr_ms) == 61

    @DECODERS
    def test_many_beats_in_one_packet_all_arrive(self, decode: Decode) -> None:
        samples = [HeartRateSample(Instant(0.0), Bpm(128), SensorContact.GOOD, tuple(range(400, 412)))]
        assert decode(written(samples)).rr_ms == [round(word * 1000 / 1024) for word in range(400, 412)]

    @DECODERS
    def test_a_files_beats_are_milliseconds_already(self, decode: Decode) -> None:
        samples = beats((0, CALM), until=60, rr=(469,))
        run = replace(judged_run(RUN_ID, samples), sources=(Source.FILE,))
        assert decode(written(samples, run)).rr_ms == [469] * 61

    @DECODERS
    def test_a_day_on_the_couch_with_the_strap_on_is_a_file_like_others(self, decode: Decode) -> None:
        samples = beats((0, CALM), (3, CALM + 1), until=ALL_DAY)
        told = decode(written(samples))
        assert len(told.bpms) == len(told.rr_ms) == ALL_DAY + 1
        assert told.session["total_elapsed_time"] == ALL_DAY + 1

    @DECODERS
    @pytest.mark.parametrize(
        "moment",
        [
            pytest.param(EVENING.astimezone(ZoneInfo("Australia/Eucla")), id="a-quarter-of-an-hour"),
            pytest.param(EVENING.astimezone(timezone(-timedelta(hours=9, minutes=30, seconds=7))), id="seconds"),
            pytest.param(EVENING.astimezone(timezone(timedelta(hours=14))), id="tomorrow-already"),
        ],
    )
    def test_it_began_when_it_began_in_whatever_zone(self, decode: Decode, moment: datetime) -> None:
        samples = beats((0, CALM), until=60)
        run = judged_run(RUN_ID, samples, moment)
        assert decode(written(samples, run)).session["start_time"] == EVENING

    @DECODERS
    @pytest.mark.parametrize("year", [1970, 1990, 2100, 9000])
    def test_a_clock_that_is_wrong_by_decades_breaks_no_file(self, decode: Decode, year: int) -> None:
        samples = beats((0, CALM), until=60)
        content = written(samples, judged_run(RUN_ID, samples, datetime(year, 1, 1, tzinfo=UTC)))
        assert decode(content).bpms == heart_rates(samples)

    @DECODERS
    def test_a_long_name_of_the_program_is_cut_between_letters(self, decode: Decode) -> None:
        samples = beats((0, CALM), until=10)
        content = fit_of(judged_run(RUN_ID, samples), samples, software="é" * 100)
        assert decode(content).bpms == heart_rates(samples)


ANY_SAMPLE = st.builds(
    HeartRateSample,
    st.floats(-3600, 20_000, allow_nan=False).map(Instant),
    st.integers(0, 0xFFFF).map(Bpm),
    st.sampled_from(SensorContact),
    st.lists(st.integers(0, 0xFFFF), max_size=12).map(tuple),
)


@settings(max_examples=60)
@given(
    samples=st.lists(ANY_SAMPLE, max_size=40),
    duration_s=st.floats(0, 1e6),
    distance_m=st.none() | st.floats(0, 1e8),
    source=st.sampled_from(Source),
    sport=st.sampled_from(["run", "walk", "hang gliding"]),
    began=st.datetimes(timezones=st.timezones()),
)
def test_whatever_was_heard_both_decoders_take_it(
    samples: list[HeartRateSample],
    duration_s: float,
    distance_m: float | None,
    source: Source,
    sport: str,
    began: datetime,
) -> None:
    run = replace(
        judged_run(RUN_ID, sorted(samples, key=lambda sample: sample.at)),
        duration_s=duration_s,
        distance_m=distance_m,
        sources=(source,),
        sport=sport,
        started_at=began,
    )
    content = written(samples, run)
    one, other = by_sdk(content), by_fitdecode(content)
    assert one.bpms == other.bpms
    assert one.rr_ms == other.rr_ms


@settings(max_examples=60)
@given(samples=st.lists(ANY_SAMPLE, max_size=40), source=st.sampled_from(Source))
def test_whatever_was_heard_our_own_reader_finds_it(samples: list[HeartRateSample], source: Source) -> None:
    run = replace(judged_run(RUN_ID, sorted(samples, key=lambda sample: sample.at)), sources=(source,))
    content = written(samples, run)
    (recording,) = read_stream(BytesIO(content), packed_bytes=len(content), modified_s=0.0)
    told = by_sdk(content)
    assert [(at, bpm) for at, bpm in heart_rates(recording.samples) if bpm] == told.bpms
    assert [word for sample in recording.samples for word in sample.rr_words] == told.rr_ms
    assert recording.started_at == EVENING
