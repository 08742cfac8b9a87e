"""Plans as data: reads a plan's TOML file into values, and says what in it cannot be.

How such a file is written stands at the top of `config/plans/rustig-12.toml`. What a runner does with a plan
is `daemon.domain.plan`'s; here it is only read.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias, cast, get_args

from pydantic import AfterValidator, PlainValidator, field_validator

from config.faults import Fault, SettingsError, words_for
from config.forms import HIGHEST_BPM, LOWEST_BPM
from config.language import LANGUAGES
from config.toml_file import Table, check, read, refuse, similar

PartKind: TypeAlias = Literal["warm_up", "run", "walk", "recovery", "cool_down"]
LedKind: TypeAlias = Literal["walk", "recovery"]
"""Where the heart may lead: only there does it come down."""
ZoneEdge: TypeAlias = Literal["low", "high"]

SHORTEST_PART_S: Final = 5
SHORTEST_LED_S: Final = 15
"""Sooner the smoothed heart rate still tells of the run before."""
LONGEST_PART_S: Final = 4 * 3600
MOST_REPEATS: Final = 100
LONGEST_STEP_S: Final = 6 * 3600

_FOLDER: Final = Path(__file__).parent / "plans"
_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_LINE: Final = re.compile(r"(?:(\d{1,4})\s*[x×]\s+)?(.+)")  # noqa: RUF001  # the sign, as a keyboard may have it
_PART: Final = re.compile(r"([a-z]+(?:[ _-][a-z]+)?)(?:\s+(\S+))?")
_UNTIL: Final = re.compile(r"\s+until\b\s*")
_DURATION: Final = re.compile(r"(?:(\d{1,4})m)?(?:(\d{1,5})s)?")
_RUNS: Final = re.compile(r"([1-9])(?:-([1-9]))?")


@dataclass(frozen=True, slots=True)
class Words:
    """What a runner reads, in either language."""

    nl: str
    en: str

    def said(self, language: str) -> str:
        """Return those of a language."""
        return self.nl if language == "nl" else self.en


@dataclass(frozen=True, slots=True)
class HeartLead:
    """Until when a part lasts that the heart may end: an edge of the runner's zone, or a heart rate in bpm."""

    until: ZoneEdge | int
    least_s: int


@dataclass(frozen=True, slots=True)
class PlanPart:
    """One thing to do, and for how long."""

    kind: PartKind
    duration_s: int
    """At most, where the heart leads."""
    lead: HeartLead | None = None


@dataclass(frozen=True, slots=True)
class PlanBlock:
    """Parts that follow one another, as often as `repeats` says."""

    repeats: int
    parts: tuple[PlanPart, ...]

    @property
    def duration_s(self) -> int:
        """How long the whole block lasts, at most."""
        return self.repeats * sum(part.duration_s for part in self.parts)


@dataclass(frozen=True, slots=True)
class Runs:
    """How many runs a step is meant for, before the next one."""

    least: int
    most: int


def _words(value: object) -> Words:
    texts = dict.fromkeys(LANGUAGES, value) if isinstance(value, str) else value
    if not isinstance(texts, dict) or texts.keys() != {*LANGUAGES}:
        raise refuse("words_form")
    if not all(isinstance(text, str) and text.strip() for text in texts.values()):
        raise refuse("words_form")
    return Words(texts["nl"].strip(), texts["en"].strip())


def _runs(value: object) -> Runs:
    found = _RUNS.fullmatch(str(value)) if isinstance(value, int | str) else None
    if found is None:
        raise refuse("runs_form")
    runs = Runs(int(found[1]), int(found[2] or found[1]))
    if runs.least > runs.most:
        raise refuse("runs_form")
    return runs


def _block(value: object) -> PlanBlock:
    """Read one line of a course: `8 x run 1m, walk 2m`."""
    found = _LINE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise refuse("course_form")
    repeats = int(found[1] or 1)
    if not 1 <= repeats <= MOST_REPEATS:
        raise refuse("repeat_limits")
    return PlanBlock(repeats, tuple(_part(text.strip()) for text in found[2].split(",")))


def _part(text: str) -> PlanPart:
    what, *until = _UNTIL.split(text, maxsplit=1)
    found = _PART.fullmatch(what)
    if found is None:
        raise refuse("course_form")
    kind, lasts = re.sub(r"[ -]", "_", found[1]), found[2] or ""
    if kind not in get_args(PartKind):
        raise refuse("part_kind")
    if until or "-" in lasts:
        return _led_part(kind, lasts, "".join(until))
    return PlanPart(cast("PartKind", kind), _duration_s(lasts))


def _led_part(kind: str, lasts: str, until: str) -> PlanPart:
    """Read a part that the heart may end: `walk 1m-3m until low`."""
    if kind not in get_args(LedKind):
        raise refuse("lead_kind")
    least, _, most = lasts.partition("-")
    if not (least and most and until):
        raise refuse("lead_form")
    least_s, most_s = _seconds(least), _duration_s(most)
    if least_s < SHORTEST_LED_S:
        raise refuse("lead_least", least_s=SHORTEST_LED_S)
    if least_s >= most_s:
        raise refuse("lead_order")
    return PlanPart(cast("LedKind", kind), most_s, HeartLead(_until(until), least_s))


def _until(text: str) -> ZoneEdge | int:
    if text in get_args(ZoneEdge):
        return cast("ZoneEdge", text)
    if re.fullmatch(r"[0-9]{2,3}", text) and LOWEST_BPM <= int(text) <= HIGHEST_BPM:
        return int(text)
    raise refuse("lead_until", low=LOWEST_BPM, high=HIGHEST_BPM)


def _duration_s(text: str) -> int:
    duration_s = _seconds(text)
    if not SHORTEST_PART_S <= duration_s <= LONGEST_PART_S:
        raise refuse("part_limits")
    return duration_s


def _seconds(text: str) -> int:
    found = _DURATION.fullmatch(text)
    if found is None or not text:
        raise refuse("part_duration")
    return 60 * int(found[1] or 0) + int(found[2] or 0)


def _plan_id(value: object) -> str:
    if not isinstance(value, str) or _ID.fullmatch(value) is None:
        raise refuse("plan_id_form")
    return value


def _course(blocks: tuple[PlanBlock, ...]) -> tuple[PlanBlock, ...]:
    if not blocks:
        raise refuse("too_short")
    if sum(block.duration_s for block in blocks) > LONGEST_STEP_S:
        raise refuse("step_limits")
    return blocks


class PlanStep(Table):
    """One session, to be done a few times before the next; a plan's first step is number 1."""

    name: Annotated[Words, PlainValidator(_words)]
    runs: Annotated[Runs, PlainValidator(_runs)]
    course: Annotated[tuple[Annotated[PlanBlock, PlainValidator(_block)], ...], AfterValidator(_course)]

    @property
    def parts(self) -> tuple[PlanPart, ...]:
        """The parts one after another, repeats written out."""
        return tuple(part for block in self.course for part in block.parts * block.repeats)

    @property
    def duration_s(self) -> int:
        """How long the session lasts, at most."""
        return sum(block.duration_s for block in self.course)


class PlanFile(Table):
    """A whole plan."""

    id: Annotated[str, PlainValidator(_plan_id)]
    name: Annotated[Words, PlainValidator(_words)]
    description: Annotated[Words | None, PlainValidator(_words)] = None
    steps: tuple[PlanStep, ...]

    @field_validator("steps")
    @classmethod
    def _has_a_step(cls, steps: tuple[PlanStep, ...]) -> tuple[PlanStep, ...]:
        if not steps:
            raise refuse("too_short")
        return steps


def builtin_plans() -> tuple[str, ...]:
    """Return the ids of the plans that come with duurloop, in alphabetical order."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def find_plan(name_or_path: str, beside: Path | None) -> Path | None:
    """Return the file of a built-in plan, or of one's own (`….toml`, from the folder `beside`); None if neither."""
    if name_or_path.endswith(".toml"):
        path = (beside or Path()) / name_or_path
        return path if path.is_file() else None
    return _FOLDER / f"{name_or_path}.toml" if name_or_path in builtin_plans() else None


def no_such_plan(name: str) -> str:
    """Return the words for a plan that is not there: what was meant, else what there is."""
    if name.endswith(".toml"):
        return words_for("plan_file_missing")
    if meant := similar(name, builtin_plans()):
        return words_for("plan_misspelt", meant=meant)
    return words_for("plan_unknown", plans=", ".join(builtin_plans()))


def load_plan(name_or_path: str, beside: Path | None) -> PlanFile:
    """Return a plan; raises `SettingsError` with everything that is wrong with its file."""
    path = find_plan(name_or_path, beside)
    if path is None:
        raise SettingsError([Fault(name_or_path, 1, "-", no_such_plan(name_or_path))])
    file = read(path)
    plan, reasons = check(PlanFile, file.tables)
    if plan is None:
        raise SettingsError(file.fault(at, reason) for at, reason in reasons.items())
    return plan
