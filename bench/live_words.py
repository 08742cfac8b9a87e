"""How often a runner is spoken to on real runs: duurloop's rule against a plain limit and RunnerUp's.

Each recording is judged against an upper edge of its own mean + 5 bpm, as if its runner had chosen it. A true
episode lies above the edge for a minute or longer, looked at afterwards: median of 15 s around each second, dips
of less than 10 s bridged. A word outside every episode has no cause. Everything counts from the sixth minute on,
because in the first five duurloop says nothing about effort; the others would.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, median

from table import Row, show

from connectors.activity_files import read_recordings
from daemon.domain.effort import HOLD_S, LAST_HOLD_S, believed, hold
from daemon.domain.heart_rate import Bpm
from daemon.domain.nudges import TOO_SOON_S, Message
from daemon.domain.recording import Recording
from daemon.domain.session import Speak, Terms
from daemon.domain.zones import TargetZone
from daemon.replay import replay

RECORDINGS = Path(__file__).resolve().parents[2] / "shared/recordings"
NAMES = (
    "run_outdoor_fenix2.fit",
    "run_smart_recording.fit",
    "treadmill_10km.tcx",
    "run_short_garmin.tcx",
    "h10_warmup.rr.csv",
)
ABOVE_MEAN_BPM, WIDTH_BPM = 5, 20
EPISODE_S, AROUND_S, DIP_S = 60, 15, 10
REPLAYS = 3


@dataclass(frozen=True, slots=True)
class Heard:
    """A recording second by second, and its edge."""

    recording: Recording
    seconds: dict[int, int]
    """Which heart rate held in which second; gaps are missing."""
    edge: int

    @property
    def hours(self) -> float:
        """Return how long it lasts after the first five minutes."""
        return max(0.0, self.recording.duration_s - TOO_SOON_S) / 3600


Policy = Callable[[Heard], list[float]]
"""Gives the instants at which a runner is told to ease off."""


def listen(path: Path) -> Heard:
    """Read a recording."""
    (recording,) = read_recordings(path)
    seconds: dict[int, int] = {}
    values = hold(believed(recording.samples))
    for value in values:
        for second in range(int(value.at), int(value.at + max(LAST_HOLD_S, min(HOLD_S, value.for_s)))):
            seconds[second] = value.bpm
    mean = sum(value.bpm * value.for_s for value in values) / sum(value.for_s for value in values)
    return Heard(recording, seconds, round(mean + ABOVE_MEAN_BPM))


def episodes(heard: Heard) -> list[tuple[int, int]]:
    """Return from when to when the heart was truly above the edge, as one sees afterwards."""
    half = AROUND_S // 2
    above = [
        second
        for second in heard.seconds
        if median(heard.seconds[near] for near in range(second - half, second + half + 1) if near in heard.seconds)
        > heard.edge
    ]
    spans: list[tuple[int, int]] = []
    for second in above:
        if spans and second - spans[-1][1] <= DIP_S:
            spans[-1] = spans[-1][0], second + 1
        else:
            spans.append((second, second + 1))
    late = ((max(begin, int(TOO_SOON_S)), end) for begin, end in spans)
    return [(begin, end) for begin, end in late if end - begin >= EPISODE_S]


# -- policies --------------------------------------------------------------------------------------------


def duurloop(heard: Heard) -> list[float]:
    """Speak as the live coach does."""
    zone = TargetZone(Bpm(heard.edge - WIDTH_BPM), Bpm(heard.edge))
    said = replay(heard.recording, "bench", Terms(zone)).said
    return [one.at for one in said if isinstance(one, Speak) and one.nudge.message is Message.EASE_OFF]


def plain_limit(heard: Heard) -> list[float]:
    """Speak as watches do: at every value above the limit, but 10 s apart."""
    return list(_apart(10, (at for at, bpm in heard.seconds.items() if bpm > heard.edge)))


def runner_up(heard: Heard) -> list[float]:
    """Speak as RunnerUp does: mean of 20 s without the outer 5 % on either side, cues 30 s apart."""

    def above() -> Iterator[float]:
        for at in heard.seconds:
            window = sorted(heard.seconds[near] for near in range(at - 19, at + 1) if near in heard.seconds)
            cut = round(0.05 * len(window))
            if fmean(window[cut : len(window) - cut]) > heard.edge:
                yield at

    return list(_apart(30, above()))


def _apart(pause_s: float, instants: Iterator[float]) -> Iterator[float]:
    last = TOO_SOON_S - pause_s
    for at in instants:
        if at - last >= pause_s:
            last = at
            yield at


POLICIES: dict[str, Policy] = {"duurloop": duurloop, "a plain limit": plain_limit, "RunnerUp's rule": runner_up}


@dataclass(slots=True)
class Tally:
    """What one policy comes to over all recordings."""

    words: int = 0
    causeless: int = 0
    caught: int = 0
    delays_s: list[float] = field(default_factory=list)

    def add(self, words: Sequence[float], true: Sequence[tuple[int, int]]) -> None:
        """Count the words of one recording."""
        self.words += len(words)
        self.causeless += sum(not any(begin <= at <= end for begin, end in true) for at in words)
        for begin, end in true:
            if within := [at for at in words if begin <= at <= end]:
                self.caught += 1
                self.delays_s.append(within[0] - begin)


def replay_ms(all_heard: Sequence[Heard], hours: float) -> float:
    """Return how long an hour of recording takes in virtual time, judging included."""
    best = []
    for _ in range(REPLAYS):
        began = time.perf_counter()
        for heard in all_heard:
            duurloop(heard)
        best.append(time.perf_counter() - began)
    return 1000 * min(best) / hours


def main() -> None:
    paths = [RECORDINGS / name for name in NAMES if (RECORDINGS / name).exists()]
    if not paths:
        print("Live words: skipped, the recordings are not here (../shared/recordings)")
        return
    all_heard = [listen(path) for path in paths]
    true = [episodes(heard) for heard in all_heard]
    hours, number = sum(heard.hours for heard in all_heard), sum(map(len, true))
    tallies = {name: Tally() for name in POLICIES}
    for name, policy in POLICIES.items():
        for heard, spans in zip(all_heard, true, strict=True):
            tallies[name].add([at for at in policy(heard) if at >= TOO_SOON_S], spans)
    ours, *others = tallies.values()
    names = list(POLICIES)[1:]

    def beside(figure: Callable[[Tally], str]) -> str:
        return ", ".join(f"{name} {figure(tally)}" for name, tally in zip(names, others, strict=True))

    figures: list[tuple[str, Callable[[Tally], str], str]] = [
        ("words an hour", lambda tally: f"{tally.words / hours:.1f}", "<= 10"),
        ("  of them without cause", lambda tally: f"{tally.causeless / hours:.1f}", "<= 1"),
        ("true episodes caught", lambda tally: f"{tally.caught} of {number}", "28 of 29"),
        (
            "delay, median",
            lambda tally: f"{median(tally.delays_s):.0f} s" if tally.delays_s else "-",
            "<= 45 s",
        ),
    ]
    rows = [Row(what, figure(ours), budget, beside(figure)) for what, figure, budget in figures]
    recorded = sum(heard.recording.duration_s for heard in all_heard) / 3600
    rows.append(Row("an hour replayed in", f"{replay_ms(all_heard, recorded):.0f} ms", "", "one hour as it was run"))
    show(
        f"Live words on {len(paths)} recordings, {hours:.1f} h after the first five minutes, {number} episodes",
        rows,
        ["The budget was set on ten runs, 9 h and 29 episodes; few of those are public, so take these as a hint."],
    )


if __name__ == "__main__":
    main()
