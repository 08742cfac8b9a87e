"""The program itself: what it is built on, and whether it starts as fast as it could.

Whether it can live on this machine at all is seen before any command begins (`daemon.cli.ground`).
"""

import importlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import cache_from_source
from pathlib import Path

from daemon.doctor.finding import Area, Finding, Link, sentence

_INSTALLED = ("site-packages", "dist-packages")
_NATIVE = ("pydantic_core", "resvg_py", "dbus_fast", "aiohttp")
"""Wheels with machine code: one for another machine is there and cannot be used."""
_REQUIREMENT = re.compile(r"^(?P<name>[\w.-]+)\s*(?P<bounds>[^;]*)$")
_BOUND = re.compile(r"(>=|<=|==|<|>)\s*([\d.]+)")

_area = Area(Link.PROGRAM)


@dataclass(frozen=True, slots=True)
class Program:
    """What was seen of it."""

    python: tuple[int, int, int]
    own: str
    """Its version."""
    missing: tuple[str, ...] = ()
    """Distributions that are not there, or of a version that does not do."""
    unusable: tuple[str, ...] = ()
    """Modules that are there and cannot be loaded."""
    is_compiled: bool = True
    folder: str = ""


def look_at_program() -> Program:
    """Look at what this very process runs on."""
    own = Path(__file__)
    return Program(
        python=sys.version_info[:3],
        own=version("duurloop"),
        missing=tuple(_missing(requires("duurloop") or ())),
        unusable=tuple(name for name in _NATIVE if not _loads(name)),
        # what runs from a checkout is compiled as it goes
        is_compiled=own.parents[2].name not in _INSTALLED or Path(cache_from_source(str(own))).exists(),
        folder=str(own.parents[2]),
    )


def _missing(requirements: list[str] | tuple[str, ...]) -> Iterator[str]:
    for line in requirements:
        found = _REQUIREMENT.match(line)
        if found is None:  # of an extra, which running does without
            continue
        try:
            there = version(found["name"])
        except PackageNotFoundError:
            yield found["name"]
            continue
        if not is_within(there, found["bounds"]):
            yield f"{found['name']} {there}"


def is_within(there: str, bounds: str) -> bool:
    """Tell whether a version fits bounds such as `>=2.2,<3`."""
    have = _numbers(there)
    compared = {
        ">=": lambda bound: have >= bound,
        "<=": lambda bound: have <= bound,
        "==": lambda bound: have == bound,
        "<": lambda bound: have < bound,
        ">": lambda bound: have > bound,
    }
    return all(compared[sign](_numbers(bound)) for sign, bound in _BOUND.findall(bounds))


def _numbers(text: str) -> tuple[int, ...]:
    parts = [int(found[0]) for part in text.split(".") if (found := re.match(r"\d+", part))]
    while parts and not parts[-1]:
        parts.pop()
    return tuple(parts)


def _loads(module: str) -> bool:
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True


def judge_program(program: Program) -> list[Finding]:
    """Say how it is with the program."""
    return [_python(program), *_wheels(program), *_speed(program)]


def _python(program: Program) -> Finding:
    told = ".".join(map(str, program.python))
    return _area.ok("python", sentence("duurloop {own} on Python {version}, 64 bit.", own=program.own, version=told))


def _wheels(program: Program) -> Iterator[Finding]:
    anew = sentence(
        "Install duurloop anew into its environment: {python} -m pip install --force-reinstall {wheel}",
        python=sys.executable,
        wheel="./duurloop-*.whl",
    )
    if program.missing:
        yield _area.fault(
            "wheels",
            sentence("Missing, or of a version that does not do: {names}.", names=", ".join(program.missing)),
            anew,
        )
    if program.unusable:
        yield _area.fault(
            "wheels",
            sentence("Installed, but not made for this machine: {names}.", names=", ".join(program.unusable)),
            anew,
        )
    if not program.missing and not program.unusable:
        yield _area.ok("wheels", sentence("All that it is built on is installed."))


def _speed(program: Program) -> Iterator[Finding]:
    if not program.is_compiled:
        yield _area.warning(
            "byte_code",
            sentence("The program is not compiled ahead: each start takes seconds longer."),
            sentence(
                "Compile it once: sudo {python} -m compileall -q {folder}", python=sys.executable, folder=program.folder
            ),
        )
