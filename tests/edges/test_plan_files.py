"""Plans are data: those that come with duurloop are sound, and one's own are read with care."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.faults import SettingsError
from config.plan_files import HeartLead, PlanPart, PlanStep, builtin_plans, load_plan

HEAD = 'id = "own"\nname = "Own"\n'
STEP = '[[steps]]\nname = "One"\nruns = 1\ncourse = ["warm_up 5m", "run 10m", "cool_down 5m"]\n'
RUNNING_MINUTES = {
    "continuous": [30],
    "rustig-12": [8, 10.5, 12, 15, 16, 18, 21, 20, 24, 26, 28, 30],
    "start-9": [8, 9, 9, 16, 15, 16, 20, 18, 20, 25, 25, 28, 30],
    "walk-4": [0, 0, 0, 0],
}

every_plan = pytest.mark.parametrize("name", builtin_plans())


def steps_of(name: str) -> tuple[PlanStep, ...]:
    return load_plan(name, None).steps


def runs_in(step: PlanStep) -> list[float]:
    """Return the minutes of each stretch of running."""
    return [part.duration_s / 60 for part in step.parts if part.kind == "run"]


# The plans that come with duurloop


@every_plan
def test_a_plan_is_named_as_its_file_is(name: str) -> None:
    assert load_plan(name, None).id == name


def test_the_plans_are_those_that_the_settings_speak_of() -> None:
    assert builtin_plans() == ("continuous", "rustig-12", "start-9", "walk-4")


@every_plan
def test_every_step_begins_with_warming_up_and_ends_with_cooling_down(name: str) -> None:
    for step in steps_of(name):
        kinds = [part.kind for part in step.parts]
        assert (kinds[0], kinds[-1]) == ("warm_up", "cool_down")
        assert (kinds.count("warm_up"), kinds.count("cool_down")) == (1, 1)
        assert step.parts[0].duration_s == step.parts[-1].duration_s == 300


@every_plan
def test_every_step_fits_into_an_evening(name: str) -> None:
    assert all(20 * 60 <= step.duration_s <= 60 * 60 for step in steps_of(name))
    assert all(sum(runs_in(step)) <= 30 for step in steps_of(name))


@every_plan
def test_runs_and_walks_take_turns(name: str) -> None:
    for step in steps_of(name):
        assert all(before.kind != after.kind for before, after in pairwise(step.parts))


@every_plan
def test_the_running_adds_up_to_what_is_published(name: str) -> None:
    assert [sum(runs_in(step)) for step in steps_of(name)] == RUNNING_MINUTES[name]


@every_plan
def test_every_name_is_there_once_in_both_languages(name: str) -> None:
    plan = load_plan(name, None)
    for language in ("nl", "en"):
        names = [getattr(step.name, language) for step in plan.steps]
        assert len(set(names)) == len(names)
        assert getattr(plan.description, language)


def test_twelve_calm_weeks_grow_without_a_jump() -> None:
    longest = [max(runs_in(step)) for step in steps_of("rustig-12")]
    total = [sum(runs_in(step)) for step in steps_of("rustig-12")]
    assert len(longest) == 12
    assert (longest[0], longest[-1]) == (1, 30)
    assert longest == sorted(longest)
    assert all(after <= 1.5 * before + 2 for before, after in pairwise(longest))
    assert all(after <= 1.35 * before for before, after in pairwise(total))


def test_twelve_calm_weeks_are_two_or_three_runs_each() -> None:
    assert {(step.runs.least, step.runs.most) for step in steps_of("rustig-12")} == {(2, 3)}


def test_nine_weeks_are_twenty_seven_runs() -> None:
    assert sum(step.runs.most for step in steps_of("start-9")) == 27


# How a plan is written


def write(folder: Path, text: str) -> Path:
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_plan_of_ones_own_is_found_beside_the_settings(tmp_path: Path) -> None:
    write(tmp_path, HEAD + STEP)
    plan = load_plan("own.toml", tmp_path)
    assert (plan.id, plan.name.nl, plan.name.en, plan.description) == ("own", "Own", "Own", None)
    assert plan.steps[0].duration_s == 20 * 60


def test_a_line_is_repeated_as_a_whole(tmp_path: Path) -> None:
    write(tmp_path, HEAD + STEP.replace("run 10m", "2 x run 90s, walk 1m30s"))
    assert load_plan("own.toml", tmp_path).steps[0].parts[1:-1] == (PlanPart("run", 90), PlanPart("walk", 90)) * 2


@pytest.mark.parametrize(
    "line",
    ["warm_up 5m", "warm-up 5m", "warm up 300s", " warm_up  4m60s ", "1 x warm_up 5m", "1× warm_up 5m"],  # noqa: RUF001
)
def test_a_part_may_be_written_in_several_ways(tmp_path: Path, line: str) -> None:
    write(tmp_path, HEAD + STEP.replace("warm_up 5m", line))
    assert load_plan("own.toml", tmp_path).steps[0].parts[0] == PlanPart("warm_up", 300)


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("walk 1m-3m until low", PlanPart("walk", 180, HeartLead("low", 60))),
        ("recovery 60s-1m30s until high", PlanPart("recovery", 90, HeartLead("high", 60))),
        (" walk  15s-16s  until  120 ", PlanPart("walk", 16, HeartLead(120, 15))),
    ],
)
def test_a_heart_may_lead_a_walk_or_a_recovery(tmp_path: Path, line: str, part: PlanPart) -> None:
    write(tmp_path, HEAD + STEP.replace("run 10m", f"2 x run 5m, {line}"))
    step = load_plan("own.toml", tmp_path).steps[0]
    assert step.parts[1:-1] == (PlanPart("run", 300), part) * 2
    assert step.duration_s == 2 * 300 + 2 * (300 + part.duration_s)


LINES_OF_STEP = {"name": 4, "runs": 5, "course": 6, "cuorse": 6}

FAULTS = {
    "kind": (STEP.replace("run", "sprint"), "steps[1].course[2]: a part is warm_up, run, walk, recovery or cool_down"),
    "no duration": (STEP.replace("run 10m", "run"), "steps[1].course[2]: a part needs its duration"),
    "odd duration": (STEP.replace("10m", "10"), "steps[1].course[2]: a part needs its duration, as 90s, 5m or 1m30s"),
    "too short": (STEP.replace("10m", "0s"), "steps[1].course[2]: a part lasts from 5 seconds to 4 hours"),
    "too long": (STEP.replace("10m", "241m"), "steps[1].course[2]: a part lasts from 5 seconds to 4 hours"),
    "too often": (STEP.replace("run 10m", "101 x run 1m"), "steps[1].course[2]: a line may be repeated from 1 to 100"),
    "never": (STEP.replace("run 10m", "0 x run 1m"), "steps[1].course[2]: a line may be repeated from 1 to 100 times"),
    "too much": (STEP.replace("run 10m", "50 x run 10m"), "steps[1].course: the step lasts longer than 6 hours"),
    "a run by heart": (STEP.replace("10m", "1m-3m until low"), "steps[1].course[2]: only walk and recovery can wait"),
    "no least": (STEP.replace("run 10m", "walk 3m until low"), "steps[1].course[2]: waiting for the heart is written"),
    "no until": (STEP.replace("run 10m", "walk 1m-3m"), "steps[1].course[2]: waiting for the heart is written as"),
    "until what": (STEP.replace("run 10m", "walk 1m-3m until"), "steps[1].course[2]: waiting for the heart is written"),
    "the other way round": (STEP.replace("run 10m", "walk until low, 1m-3m"), "steps[1].course[2]: waiting for the"),
    "least of nothing": (
        STEP.replace("run 10m", "walk 14s-3m until low"),
        "steps[1].course[2]: where the heart leads, a part lasts at least 15 seconds",
    ),
    "most before least": (
        STEP.replace("run 10m", "walk 3m-1m until low"),
        "steps[1].course[2]: the shorter of the two",
    ),
    "no room": (
        STEP.replace("run 10m", "walk 60s-1m until low"),
        "steps[1].course[2]: the shorter of the two durations",
    ),
    "odd least": (STEP.replace("run 10m", "walk 1-3m until low"), "steps[1].course[2]: a part needs its duration"),
    "no such edge": (
        STEP.replace("run 10m", "walk 1m-3m until calm"),
        "steps[1].course[2]: after until comes low or high, the edges of the runner's zone, or a heart rate from 60 to",
    ),
    "nobody's heart": (
        STEP.replace("run 10m", "walk 1m-3m until 59"),
        "steps[1].course[2]: after until comes low or high",
    ),
    "no part": (STEP.replace("run 10m", "run 10m,"), 'steps[1].course[2]: must be parts such as "warm_up 5m"'),
    "no text": (STEP.replace('"run 10m"', "10"), 'steps[1].course[2]: must be parts such as "warm_up 5m"'),
    "no course": (STEP.replace('"warm_up 5m", "run 10m", "cool_down 5m"', ""), "steps[1].course: must not be empty"),
    "runs": (STEP.replace("runs = 1", 'runs = "3-2"'), "steps[1].runs: must be how many runs the step is meant for"),
    "no runs": (STEP.replace("runs = 1", "runs = 0"), "steps[1].runs: must be how many runs the step is meant for"),
    "one language": (STEP.replace('"One"', '{ nl = "Een" }'), "steps[1].name: must be text in quotes, or in both"),
    "misspelt": (STEP.replace("course", "cuorse"), "steps[1].cuorse: unknown; did you mean 'course'?"),
    "an empty list of steps": ("steps = []", "steps: must not be empty"),
    "no steps": ("", "steps: missing"),
    "steps once": (STEP.replace("[[steps]]", "[steps]"), "steps: written once as [steps]; a list of tables wants"),
}


@pytest.mark.parametrize(("text", "said"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path, HEAD + text)
    with pytest.raises(SettingsError) as caught:
        load_plan("own.toml", tmp_path)
    told = {f"{fault.key}: {fault.reason}": fault for fault in caught.value.faults}
    fault = next(fault for text, fault in told.items() if text.startswith(said))
    key = re.sub(r"^steps\[1\]\.|\[.*", "", fault.key)
    assert (fault.file, fault.line) == (str(path), LINES_OF_STEP.get(key, 3 if text else 1))


@pytest.mark.parametrize("name", ["Rustig", "", "-x", "a" * 41, "../x"])
def test_a_plans_id_is_a_plain_short_name(tmp_path: Path, name: str) -> None:
    write(tmp_path, HEAD.replace("own", name) + STEP)
    with pytest.raises(SettingsError, match="1: id: must be lower-case letters"):
        load_plan("own.toml", tmp_path)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("rustig", "rustig:1: -: no such plan; did you mean 'rustig-12'?", id="nearly"),
        pytest.param("x", "x:1: -: no such plan; there are continuous, rustig-12, start-9, walk-4", id="not at all"),
        pytest.param("x.toml", "x.toml:1: -: no such plan's file", id="a file that is not there"),
        pytest.param("../plans/rustig-12", "no such plan", id="a way around"),
    ],
)
def test_a_plan_that_is_not_there_is_told(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_plan(name, tmp_path)
    assert said in str(caught.value)


PARTS = st.builds(PlanPart, st.sampled_from(("run", "walk", "recovery")), st.integers(5, 240)) | st.builds(
    lambda kind, least_s, more_s, until: PlanPart(kind, least_s + more_s, HeartLead(until, least_s)),
    st.sampled_from(("walk", "recovery")),
    st.integers(15, 120),
    st.integers(1, 120),
    st.sampled_from(("low", "high")) | st.integers(60, 220),
)


def in_writing(part: PlanPart) -> str:
    most = f"{part.duration_s // 60}m{part.duration_s % 60}s"
    return f"{part.kind} {part.lead.least_s}s-{most} until {part.lead.until}" if part.lead else f"{part.kind} {most}"


@given(st.lists(st.tuples(st.integers(1, 5), st.lists(PARTS, min_size=1, max_size=4)), min_size=1, max_size=4))
def test_what_is_written_is_what_is_run(
    tmp_path_factory: pytest.TempPathFactory, blocks: list[tuple[int, list[PlanPart]]]
) -> None:
    lines = [f"{repeats} x " + ", ".join(map(in_writing, parts)) for repeats, parts in blocks]
    folder = tmp_path_factory.mktemp("plan")
    write(folder, f'{HEAD}[[steps]]\nname = "One"\nruns = 1\ncourse = {lines!r}\n')
    step = load_plan("own.toml", folder).steps[0]
    assert list(step.parts) == [part for repeats, parts in blocks for part in parts * repeats]
