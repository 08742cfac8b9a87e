"""A course in words: all of it part by part, or in short; what is done several times over is said once."""

from collections.abc import Sequence
from typing import TypeVar

from daemon.domain.marking import _
from daemon.domain.plan import Course, StepKind
from daemon.domain.wording.live import cue_text
from daemon.domain.wording.text import Language, duration, in_minutes

LONGEST_BLOCK = 6
"""Parts that are repeated together; nobody remembers more."""
_Part = TypeVar("_Part")

_PARTS: dict[StepKind, str] = {
    StepKind.WARM_UP: _("{duration} walking"),
    StepKind.RUN: _("{duration} running"),
    StepKind.WALK: _("{duration} walking"),
    StepKind.RECOVERY: _("{duration} very easily"),
    StepKind.COOL_DOWN: _("{duration} walking"),
}
_LED_PART = _("walking until your heart has come down (at most {duration})")


def course_lines(
    parts: Sequence[tuple[StepKind, float] | tuple[StepKind, float, float | None]], language: Language
) -> list[str]:
    """Say what a course asks for, part by part: what it is, how long, and where the heart leads how long at least."""
    lines: list[str] = []
    for times, block in repetitions(parts):
        said = [cue_text(kind, for_s, language, *least_s).body for kind, for_s, *least_s in block]
        if times > 1:
            said = [language.say(_("{times} times:")).format(times=times), *(f"  {line}" for line in said)]
        lines += said
    return lines


def course_text(course: Course, language: Language) -> str:
    """Say in short what a course asks for, as the end of a sentence."""
    parts = _joined([(leg.kind, leg.for_s, leg.least_s) for leg in course.legs])
    blocks = repetitions(parts)
    said = [_block(times, [_part(*part, language) for part in block], language) for times, block in blocks]
    if len(parts) == 1:
        return said[0]
    return language.say(_("{parts}; {total}")).format(parts=", ".join(said), total=total_text(course, language))


def _joined(parts: Sequence[tuple[StepKind, float, float]]) -> Sequence[tuple[StepKind, float, float]]:
    """Make one part of a course that is all walking: warming up, walking and cooling down read the same."""
    are_alike = len({_PARTS[kind] for kind, _, _ in parts}) == 1
    if not are_alike or any(least_s < for_s for _, for_s, least_s in parts):
        return parts
    whole_s = sum(for_s for _, for_s, _ in parts)
    return [(parts[0][0], whole_s, whole_s)]


def total_text(course: Course, language: Language) -> str:
    """Say how long a course takes in all."""
    total = _("{duration} at most") if course.least_s < course.for_s else _("{duration} in all")
    return language.say(total).format(duration=in_minutes(course.for_s, language))


def repetitions(parts: Sequence[_Part]) -> list[tuple[int, Sequence[_Part]]]:
    """Return what is done how many times over, in order."""
    found: list[tuple[int, Sequence[_Part]]] = []
    at = 0
    while at < len(parts):
        times, length = _repetition(parts, at)
        found.append((times, parts[at : at + length]))
        at += times * length
    return found


def _repetition(parts: Sequence[_Part], at: int) -> tuple[int, int]:
    """Return how often the next parts repeat, and how many they are; the way that covers most."""
    ways = [(1, 1)]
    for length in range(1, LONGEST_BLOCK + 1):
        times = 1
        while parts[at : at + length] == parts[at + times * length : at + (times + 1) * length]:
            times += 1
        ways += [(times, length)] if times > 1 else []
    return max(ways, key=lambda way: way[0] * way[1])


def _block(times: int, parts: list[str], language: Language) -> str:
    *first, last = parts
    together = language.say(_("{first} and {last}")).format(first=", ".join(first), last=last) if first else last
    return language.say(_("{times} times {parts}")).format(times=times, parts=together) if times > 1 else together


def _part(kind: StepKind, for_s: float, least_s: float, language: Language) -> str:
    words = _LED_PART if least_s < for_s else _PARTS[kind]
    return language.say(words).format(duration=duration(for_s, language))
