"""Files of real watches and phones: their figures are those that other programs find."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from connectors.activity_files import ActivityFileError, read_recordings
from daemon.domain.recording import Recording
from tests.recordings import heart_rates, recorded, words


def seconds_by_zone(recording: Recording, low: int, high: int) -> tuple[float, float, float]:
    """Count as README.md beside the recordings does: a value holds for 10 s at most, the last for 1 s."""
    told = [(at, bpm) for at, bpm in heart_rates(recording) if bpm > 0]
    holds = [min(10.0, after - before) for (before, _), (after, _) in pairwise(told)] + [1.0] * bool(told)
    spent = [0.0, 0.0, 0.0]
    for (_, bpm), hold in zip(told, holds, strict=True):
        spent[(bpm >= low) + (bpm > high)] += hold
    return spent[0], spent[1], spent[2]


class TestRealRecordings:
    @pytest.mark.parametrize(
        ("name", "figures", "zones"),
        [
            pytest.param("run_outdoor_fenix2.fit", (2808, 153.98, 178), (165, 514, 2155), id="outdoors"),
            pytest.param("run_smart_recording.fit", (590, 148.09, 171), (223, 373, 1950), id="smart-recording"),
            pytest.param("run_tiny_rr_fenix5.fit", (21, 84.95, 112), (58, 0, 0), id="with-rr"),
            pytest.param("treadmill_10km.tcx", (3132, 127.93, 145), (85, 3022, 35), id="treadmill"),
            pytest.param("run_short_garmin.tcx", (147, 142.03, 153), (30, 193, 600), id="short"),
        ],
    )
    def test_figures_are_those_of_the_file(
        self, name: str, figures: tuple[int, float, int], zones: tuple[int, int, int]
    ) -> None:
        (recording,) = read_recordings(recorded(name))
        told = [bpm for _, bpm in heart_rates(recording) if bpm > 0]
        assert (len(told), round(sum(told) / len(told), 2), max(told)) == figures
        assert seconds_by_zone(recording, 120, 140) == zones
        assert recording.sport == "run"

    def test_zeros_are_kept_as_no_value(self) -> None:
        (ride,) = read_recordings(recorded("hr_all_zero_virtual_ride.fit"))
        assert (ride.sport, len(ride.samples), {bpm for _, bpm in heart_rates(ride)}) == ("ride", 1808, {0})

    def test_every_beat_of_a_watch_arrives(self) -> None:
        (run,) = read_recordings(recorded("run_tiny_rr_fenix5.fit"))
        assert sum(map(len, words(run))) == 113
        assert words(run)[:3] == [(), (1093,), (1165, 1063)]

    def test_every_beat_of_an_app_arrives(self) -> None:
        (run,) = read_recordings(recorded("h10_warmup.rr.csv"))
        assert sum(map(len, words(run))) == 2998
        assert run.started_at == datetime(2021, 6, 6, 6, 11, 7, 16_000, UTC)
        assert 90 <= run.samples[0].bpm <= 110
        assert 135 <= run.samples[-1].bpm <= 145

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            pytest.param("activity-filecrc.fit", "damaged: the checksum does not match", id="checksum"),
            pytest.param("activity-unexpected-eof.fit", "damaged: it ends in the middle", id="cut-short"),
        ],
    )
    def test_damaged_recordings_are_refused(self, name: str, reason: str) -> None:
        with pytest.raises(ActivityFileError, match=reason):
            read_recordings(recorded(f"hostile/{name}"))
