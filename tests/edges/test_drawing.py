import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.language import catalogue
from daemon.domain.effort import Verdict
from daemon.domain.week import IsoWeek, Trend, Week
from daemon.domain.wording import ENGLISH, Language
from daemon.weekly.drawing import HEIGHT, WIDTH, week_drawing
from daemon.weekly.words import week_alt_text, week_dates
from tests.week_builders import EMPTY, FULL, KINDS, MONDAY, SUNDAY, TUESDAY, a_week

DUTCH = Language(catalogue("nl").gettext, catalogue("nl").ngettext)
CALM, LIVELY, HARD, UNJUDGED = Verdict.CALM, Verdict.LIVELY, Verdict.HARD, Verdict.UNJUDGED
every_kind = pytest.mark.parametrize("week", KINDS.values(), ids=KINDS)


def drawn(week: Week, language: Language = ENGLISH, *, figures: bool = False) -> Element:
    return fromstring(week_drawing(week, language, figures=figures))  # noqa: S314 our own


def parts(picture: Element, tag: str, kind: str = "") -> list[Element]:
    found = picture.iter(f"{{http://www.w3.org/2000/svg}}{tag}")
    return [part for part in found if kind in part.get("class", "").split() or not kind]


def words(picture: Element) -> list[str]:
    return [part.text or "" for part in parts(picture, "text")]


def heights(picture: Element, kind: str) -> list[float]:
    outlines = [list(map(float, re.findall(r"[\d.]+", part.get("d", "")))) for part in parts(picture, "path", kind)]
    return [outline[1] - outline[9] for outline in outlines]


# -- the days --------------------------------------------------------------------------------------------


def test_bars_are_as_high_as_their_days_are_long() -> None:
    picture = drawn(a_week({MONDAY: [(CALM, 60)], TUESDAY: [(CALM, 30)], SUNDAY: [(HARD, 45)]}))
    assert heights(picture, "calm") == [160, 80]
    assert heights(picture, "hard") == [120]
    assert {"60", "30", "45"} <= set(words(picture))


def test_the_calm_part_of_a_day_stands_at_the_bottom_whatever_came_first() -> None:
    day = [(UNJUDGED, 10.0), (HARD, 10.0), (CALM, 10.0), (LIVELY, 10.0)]
    picture = drawn(a_week({SUNDAY: day}))
    assert [part.get("class") for part in parts(picture, "path")] == ["calm", "lively", "hard", "open"]
    assert "40" in words(picture)


def test_the_shortest_run_is_seen_beside_the_longest_day() -> None:
    picture = drawn(a_week({MONDAY: [(CALM, 400)], TUESDAY: [(LIVELY, 1)]}))
    assert heights(picture, "lively") >= [3]


@pytest.mark.parametrize(
    ("day", "named"),
    [
        pytest.param([(CALM, 30.0)], ["calm", "lively", "strong"], id="the three always"),
        pytest.param([(UNJUDGED, 30.0)], ["calm", "lively", "strong", "not judged"], id="the fourth where it is"),
    ],
)
def test_colours_are_named_in_words(day: Sequence[tuple[Verdict, float]], named: list[str]) -> None:
    said = words(drawn(a_week({MONDAY: day}, [])))
    assert [word for word in said if word in named][: len(named)] == named


@pytest.mark.parametrize(
    ("week", "sentence"),
    [
        pytest.param(EMPTY, "No runs this week. Rest is part of it, too.", id="over"),
        pytest.param(replace(EMPTY, is_over=False), "No runs yet this week. There is no hurry.", id="not over"),
        pytest.param(replace(EMPTY, paused=True), "A week of rest. Nothing was lost.", id="paused"),
        pytest.param(replace(EMPTY, is_whole=False), "Nothing is kept of this week any more.", id="not kept"),
    ],
)
def test_an_empty_week_is_drawn_kindly(week: Week, sentence: str) -> None:
    picture = drawn(week)
    assert parts(picture, "path") == []
    assert sentence in words(picture)
    assert sentence in week_alt_text(week, ENGLISH, figures=False)
    assert len(parts(picture, "circle")) == 10  # the weeks before are there all the same


# -- the weeks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shares", "lines", "dots"),
    [
        pytest.param([80.0, 85.0, 90.0], 1, 3, id="without a gap"),
        pytest.param([80.0, 85.0, None, 90.0, 70.0], 2, 4, id="a gap parts it"),
        pytest.param([80.0, None, 90.0], 0, 2, id="alone between gaps a week is a dot"),
        pytest.param([91.0], 0, 1, id="the first week"),
        pytest.param([None] * 12, 0, 0, id="none at all"),
        pytest.param([], 0, 0, id="no weeks"),
    ],
)
def test_the_line_does_not_pretend_where_nothing_is_known(
    shares: Sequence[float | None], lines: int, dots: int
) -> None:
    picture = drawn(a_week({}, shares))
    assert (len(parts(picture, "polyline")), len(parts(picture, "circle"))) == (lines, dots)
    assert ("The line of your weeks will come here." in words(picture)) is (dots == 0)


@pytest.mark.parametrize("figures", [True, False])
def test_the_calm_share_stands_in_percent_only_where_figures_are_wanted(figures: bool) -> None:  # noqa: FBT001
    for week in KINDS.values():
        everything = "".join(drawn(week, figures=figures).itertext())
        assert ("%" in everything) is (figures and any(point.calm_pct is not None for point in week.line))


@pytest.mark.parametrize(
    ("now", "beside"),
    [
        pytest.param(97.0, ["97 %", "80 %", "60 %"], id="clear of both borders"),
        pytest.param(83.4, ["83 %", "60 %"], id="too near to one"),
        pytest.param(79.99, ["79 %", "60 %"], id="not calm before it is"),
        pytest.param(None, ["80 %", "60 %"], id="not known"),
    ],
)
def test_percents_beside_the_line_keep_their_distance(now: float | None, beside: list[str]) -> None:
    picture = drawn(a_week({}, [70.0, now]), figures=True)
    assert [word for word in words(picture) if "%" in word] == beside


# -- all of it -------------------------------------------------------------------------------------------


@every_kind
def test_the_same_week_is_drawn_the_same(week: Week) -> None:
    assert week_drawing(week, DUTCH, figures=True) == week_drawing(replace(week), DUTCH, figures=True)


@every_kind
def test_who_does_not_see_it_is_told_what_it_shows(week: Week) -> None:
    picture = drawn(week, figures=True)
    assert [part.text for part in parts(picture, "desc")] == [week_alt_text(week, ENGLISH, figures=True)]


def test_the_picture_in_words_names_days_verdicts_and_weeks() -> None:
    week = a_week({TUESDAY: [(CALM, 32), (LIVELY, 8)]}, [70.0, None, 91.5])
    assert week_alt_text(week, ENGLISH, figures=True) == (
        "Week 47, 16 to 22 November 2026: 2 runs, 40 minutes. Tuesday: 32 minutes calm, 8 minutes lively."
        " How calm, week by week: 45 lively (70 %), 47 calm (91 %)."
    )
    assert week_alt_text(week, ENGLISH, figures=False).endswith("45 lively, 47 calm.")


def test_no_beat_of_the_heart_is_in_the_picture() -> None:
    telling = replace(FULL, recovery=Trend(123.0, 117.0))
    everything = "".join(drawn(telling, figures=True).itertext())
    assert not re.search(r"123|117|bpm", everything)


@pytest.mark.parametrize(
    ("monday", "said"),
    [
        pytest.param(date(2026, 11, 16), "16 to 22 November 2026", id="within a month"),
        pytest.param(date(2026, 11, 30), "30 November to 6 December 2026", id="over two months"),
        pytest.param(date(2026, 12, 28), "28 December 2026 to 3 January 2027", id="over two years"),
    ],
)
def test_dates_are_said_with_no_more_than_it_takes(monday: date, said: str) -> None:
    assert week_dates(IsoWeek.of(monday), ENGLISH) == said


def test_words_of_a_language_cannot_break_the_picture() -> None:
    odd = Language(lambda text: f'<"&{text}>', lambda _, many, __: f"<&{many}>")
    assert '<"&calm>' in words(drawn(FULL, odd, figures=True))


parts_of_a_day = st.lists(
    st.tuples(st.sampled_from(Verdict), st.floats(0, 600)), max_size=4, unique_by=lambda part: part[0]
)


@given(
    st.dictionaries(st.integers(0, 6), parts_of_a_day),
    st.lists(st.none() | st.floats(0, 100), max_size=12),
    st.booleans(),
)
def test_nothing_is_drawn_outside_the_picture_nor_finer_than_is_seen(
    days: Mapping[int, list[tuple[Verdict, float]]],
    shares: list[float | None],
    figures: bool,  # noqa: FBT001
) -> None:
    picture = drawn(a_week(days, shares), figures=figures)
    for part in picture.iter():
        assert all(0 <= float(part.get(name, "0")) <= WIDTH for name in ("x", "x1", "x2", "cx", "width"))
        assert all(0 <= float(part.get(name, "0")) <= HEIGHT for name in ("y", "y1", "y2", "cy", "height"))
        for name in ("x", "y", "d", "points", "cx", "cy", "height"):
            assert not re.search(r"\d\.\d\d|nan|inf|e-|-", part.get(name, ""))


def _reach(part: Element) -> tuple[float, float]:
    """Guess from where to where a text goes, rather too far: three fifths of its size a letter."""
    kinds, x = part.get("class", "").split(), float(part.get("x", "0"))
    size = 24 if "head" in kinds else 14 if "small" in kinds else 16
    wide = 0.6 * size * len(part.text or "")
    left = x - wide if "end" in kinds else x - wide / 2 if "mid" in kinds else x
    return left, left + wide


@every_kind
@pytest.mark.parametrize("language", [ENGLISH, DUTCH], ids=["en", "nl"])
def test_no_words_run_out_of_the_picture_or_into_others(week: Week, language: Language) -> None:
    lines: dict[str, list[tuple[float, float]]] = {}
    for part in parts(drawn(week, language, figures=True), "text"):
        lines.setdefault(part.get("y", ""), []).append(_reach(part))
    for line in map(sorted, lines.values()):
        assert line[0][0] >= 0
        assert line[-1][1] <= WIDTH
        assert all(before[1] <= after[0] for before, after in pairwise(line))
