"""The picture of a run, and the line in it."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.language import catalogue
from daemon.domain.curve import POINTS, Curve, Point, curve_of
from daemon.domain.heart_rate import Bpm, HeartRateSample
from daemon.domain.plan import Block, Course, Step, StepKind
from daemon.domain.wording import ENGLISH, Language
from daemon.domain.zones import TargetZone
from daemon.page.run_drawing import NARROW, WIDE, Drawn, Shape, run_drawing
from tests.fakes import EASY, sample

DUTCH = Language(catalogue("nl").gettext, catalogue("nl").ngettext, "nl")
WALK_RUN = Course.of(
    [Step(StepKind.WARM_UP, 300), Block(5, (Step(StepKind.RUN, 60), Step(StepKind.WALK, 120))), Step(StepKind.RUN, 60)]
)
HOUR = Drawn(((Point(0.0, 90.0), Point(1800.0, 127.0), Point(3600.0, 140.0)),), EASY, 3600.0, told="An hour.")
SVG = "{http://www.w3.org/2000/svg}"
PHONE_PX, SMALLEST_PX = 328, 12

both_shapes = pytest.mark.parametrize("shape", [NARROW, WIDE], ids=["narrow", "wide"])


def picture_of(drawn: Drawn, language: Language = ENGLISH, shape: Shape = NARROW) -> Element:
    return fromstring(run_drawing(drawn, language, shape))  # noqa: S314 our own


def parts(picture: Element, tag: str, kind: str = "") -> list[Element]:
    return [part for part in picture.iter(SVG + tag) if kind in part.get("class", "").split() or not kind]


def words(picture: Element) -> list[str]:
    return [part.text or "" for part in parts(picture, "text")]


def spots(picture: Element) -> list[list[tuple[float, float]]]:
    lines = [line.get("points", "") for line in parts(picture, "polyline")]
    return [[tuple(map(float, spot.split(","))) for spot in line.split()] for line in lines]  # type: ignore[misc]


def number(part: Element, name: str) -> float:
    return float(part.get(name, "nan"))


# -- the line ----------------------------------------------------------------------------------------


def beats(*at: float, bpm: int = 120) -> list[HeartRateSample]:
    return [sample(second, bpm) for second in at]


def test_a_short_run_keeps_every_value() -> None:
    assert curve_of(beats(0, 1, 2), 600) == ((Point(0, 120), Point(1, 120), Point(2, 120)),)


def test_a_long_run_is_thinned_out_to_means() -> None:
    (line,) = curve_of([sample(float(second), 100 + 40 * (second % 2)) for second in range(6000)], 6000)
    assert len(line) == POINTS
    assert {point.bpm for point in line} == {120}


def test_where_nothing_was_heard_for_ten_seconds_the_line_has_a_gap() -> None:
    assert [len(stretch) for stretch in curve_of(beats(0, 1, 11, 22, 23), 600)] == [3, 2]


def test_without_a_value_there_is_no_line() -> None:
    assert curve_of([], 600) == ()


@given(st.lists(st.tuples(st.floats(0.1, 40), st.integers(30, 220)), min_size=1, max_size=200), st.floats(1, 40_000.0))
def test_a_line_stays_within_what_was_measured_and_in_the_order_of_time(
    steps: Sequence[tuple[float, int]], duration_s: float
) -> None:
    at, samples = 0.0, []
    for gap, bpm in steps:
        at += gap
        samples.append(sample(at, bpm))
    line = [point for stretch in curve_of(samples, duration_s) for point in stretch]
    values = [one.bpm for one in samples]
    assert all(min(values) - 1e-6 <= point.bpm <= max(values) + 1e-6 for point in line)
    assert all(earlier.at_s < later.at_s for earlier, later in pairwise(line))


# -- the picture -------------------------------------------------------------------------------------


@both_shapes
def test_the_heart_is_drawn_where_the_edges_of_the_zone_say(shape: Shape) -> None:
    (line,) = spots(picture_of(HOUR, shape=shape))
    (band,) = [part for part in parts(picture_of(HOUR, shape=shape), "rect", "calm-band") if number(part, "x") < 100]
    top, bottom = number(band, "y"), number(band, "y") + number(band, "height")
    beat = (bottom - top) / (EASY.high - EASY.low)
    assert [y for _, y in line] == pytest.approx([bottom + 28 * beat, bottom - 9 * beat, top - 4 * beat], abs=0.11)
    assert line[1][0] - line[0][0] == pytest.approx(line[2][0] - line[1][0], abs=0.11)


def test_a_gap_is_a_gap_and_a_lone_value_a_dot() -> None:
    curve: Curve = ((Point(0, 100), Point(60, 110)), (Point(300, 120),), (Point(500, 120), Point(600, 125)))
    picture = picture_of(replace(HOUR, curve=curve))
    assert len(spots(picture)) == 2
    assert len(parts(picture, "circle", "dot")) == 1


def test_the_zone_is_told_by_its_edges_and_its_name_too() -> None:
    picture = picture_of(HOUR)
    assert {"118", "136", "calm zone"} <= set(words(picture))
    assert len(parts(picture, "line", "edge")) == 4  # two of them in the legend


def test_without_a_zone_there_is_only_the_heart() -> None:
    picture = picture_of(replace(HOUR, target=None))
    assert "calm zone" not in words(picture)
    assert len(spots(picture)) == 1


def test_the_plan_is_laid_along_the_time_and_named() -> None:
    picture = picture_of(replace(HOUR, duration_s=WALK_RUN.for_s, legs=WALK_RUN.legs))
    assert {"the plan", "running", "walking"} <= set(words(picture))
    assert len(parts(picture, "rect", "ran")) == 6 + 1  # and one that tells what it means
    assert len(parts(picture, "rect", "walked")) == 6 + 1


def test_without_a_plan_there_is_no_word_of_it() -> None:
    assert "the plan" not in words(picture_of(HOUR))


@pytest.mark.parametrize(
    ("duration_s", "said"),
    [
        pytest.param(240.0, ["0", "1", "2", "3", "4", "min"], id="four minutes"),
        pytest.param(1923.0, ["0", "5", "10", "15", "20", "25", "30", "min"], id="half an hour"),
        pytest.param(26 * 3600.0, ["0", "6", "12", "18", "24", "hrs"], id="a day"),
    ],
)
def test_the_time_is_told_in_few_and_even_steps(duration_s: float, said: list[str]) -> None:
    below = parts(picture_of(replace(HOUR, duration_s=duration_s)), "text")
    lowest = max(number(part, "y") for part in below)
    assert [part.text for part in below if number(part, "y") == lowest] == said


@both_shapes
@given(
    st.lists(st.lists(st.tuples(st.floats(0, 1), st.integers(30, 220)), min_size=1, max_size=5), max_size=4),
    st.floats(1, 2_700_000.0),
    st.none() | st.tuples(st.integers(60, 219), st.integers(1, 160)),
    st.booleans(),
)
def test_whatever_a_run_was_its_picture_stays_within_its_frame(
    shape: Shape,
    stretches: Sequence[Sequence[tuple[float, int]]],
    duration_s: float,
    zone: tuple[int, int] | None,
    along_a_plan: bool,  # noqa: FBT001 drawn
) -> None:
    target = TargetZone(Bpm(zone[0]), Bpm(min(220, zone[0] + zone[1]))) if zone else None
    curve = tuple(tuple(Point(share * duration_s, float(bpm)) for share, bpm in stretch) for stretch in stretches)
    picture = picture_of(Drawn(curve, target, duration_s, WALK_RUN.legs if along_a_plan else ()), DUTCH, shape)
    for line in spots(picture):
        assert all(0 <= x <= shape.width and 0 <= y <= shape.height for x, y in line)
    for part in [*parts(picture, "rect"), *parts(picture, "text")]:
        assert 0 <= float(part.get("x", "0")) <= shape.width
        assert 0 <= float(part.get("y", "0")) <= shape.height
    assert len(parts(picture, "text")) < 40


def test_words_can_be_read_on_a_phone() -> None:
    (size,) = re.findall(r"\.dl text { font-size: (\d+)px }", run_drawing(HOUR, ENGLISH))
    assert int(size) * PHONE_PX / NARROW.width >= SMALLEST_PX


def test_the_same_run_is_drawn_the_same() -> None:
    assert run_drawing(HOUR, ENGLISH) == run_drawing(HOUR, ENGLISH)


def test_what_it_shows_is_told_whatever_letters_that_takes() -> None:
    told = "</desc><script>alert(1)</script>\"'&"
    (description,) = parts(picture_of(replace(HOUR, told=told)), "desc")
    assert description.text == told


def test_it_needs_nothing_from_elsewhere() -> None:
    drawing = run_drawing(HOUR, ENGLISH)
    assert not re.search(r"<script|<image|href|url\(|@import| on\w+=", drawing)
