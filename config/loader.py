"""Finds the settings file and makes settings of it, or a list of everything that is wrong with it.

The order in which a value is looked for: its default, the file, a `DUURLOOP_…` variable; secrets stand in
the file or in credentials. Faults are gathered from all of these and told at once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from config import forms
from config.credentials import Credentials
from config.faults import Fault, SettingsError, words_for
from config.plan_files import find_plan, load_plan, no_such_plan
from config.settings import Settings, Surroundings
from config.toml_file import TomlFile, check, known_tables, read, understood
from config.toml_lines import KeyPath

OF_THE_USER: Final = Path(".config/duurloop/duurloop.toml")
OF_THE_SYSTEM: Final = Path("/etc/duurloop/duurloop.toml")

_ENVIRONMENT: Final = "environment"
"""What stands for the file's name in a fault of a variable."""


def find_settings(explicit: Path | None, environ: Mapping[str, str], home: Path) -> Path:
    """Return the file that holds: named by hand, by `$DUURLOOP_CONFIG`, the user's, the system's.

    Where none is there yet it is the user's, which `load` will then report as missing.
    """
    if explicit is not None:
        return explicit
    if named := environ.get("DUURLOOP_CONFIG"):
        return Path(named)
    places = (home / OF_THE_USER, OF_THE_SYSTEM)
    return next((place for place in places if _is_there(place)), places[0])


def load(path: Path, environ: Mapping[str, str]) -> Settings:
    """Return the settings; raises `SettingsError` with every fault of the file, its variables and its plans."""
    return _settings_in(read(path), environ, Credentials.of(path, environ).read)


def load_draft(path: Path, text: str, secrets: Mapping[str, str], environ: Mapping[str, str]) -> Settings:
    """Return the settings as they will be when `text` stands in the file, and `secrets` among its credentials.

    Raises `SettingsError` as `load` does.
    """
    there = Credentials.of(path, environ).read
    file = understood(path, text.removeprefix("\ufeff").replace("\r\n", "\n"))
    return _settings_in(file, environ, lambda name: secrets[name] if name in secrets else there(name))


def _settings_in(file: TomlFile, environ: Mapping[str, str], credential: Callable[[str], str]) -> Settings:
    variables = _variables_in(environ)
    tables = _laid_over(file.tables, {at: environ[name] for at, name in variables.items()})
    settings, reasons = check(Settings, tables, Surroundings(file.path, credential))
    between = (*_taken_twice(tables), *_strangers(tables))
    reasons |= {at: reason for at, reason in between if at not in reasons}
    if settings:
        reasons |= dict(_between_tables(settings))
    faults = [_fault(file, variables, at, reason) for at, reason in reasons.items()]
    faults += _plan_faults(file)
    if settings is None or faults:
        raise SettingsError(faults)
    return settings


def _between_tables(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    """Give what one table wants of another."""
    if settings.strava.webhook and settings.page.listen is None:
        yield ("strava", "webhook"), words_for("webhook_page")
    if settings.strava.client_id is None:
        yield from (
            (("runners", place, "upload"), words_for("upload_alone"))
            for place, runner in enumerate(settings.runners)
            if runner.upload
        )
    coming, going = settings.inbox.folder, settings.export.folder
    if coming and going and (coming.is_relative_to(going) or going.is_relative_to(coming)):
        yield ("export", "folder"), words_for("export_comes_back")


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except PermissionError:
        return True  # it may well be there: better to say that we may not read it than to pass it by
    except OSError:
        return False
    return True


def _fault(file: TomlFile, variables: Mapping[KeyPath, str], at: KeyPath, reason: str) -> Fault:
    return Fault(_ENVIRONMENT, 1, variables[at], reason) if at in variables else file.fault(at, reason)


def _variables_in(environ: Mapping[str, str]) -> dict[KeyPath, str]:
    """Return the keys that the environment sets, with their variables; names that mean nothing to us are passed by."""
    names = {"_".join(("duurloop", *map(str, at))).upper(): at for at in _single_keys()}
    return {at: name for name, at in names.items() if name in environ}


def _single_keys() -> Iterator[KeyPath]:
    """Give the keys that exist once and hold one value: `("page", "listen")`."""
    known = known_tables(Settings)
    for table, shape in known.items():
        if not any(known[table[:depth]].is_list for depth in range(len(table) + 1)):
            yield from ((*table, key) for key in shape.scalars if (*table, key) not in known)


def _laid_over(tables: Mapping[str, Any], values: Mapping[KeyPath, str]) -> dict[str, Any]:
    """Return the tables with the values of the environment in their places."""
    merged = dict(tables)
    for at, value in values.items():
        *outer, key = map(str, at)
        if not outer:
            merged[key] = value
        elif isinstance(table := merged.get(outer[0], {}), dict):
            merged[outer[0]] = {**table, key: value}
    return merged


def _taken_twice(tables: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Give what belongs to one only and is claimed again. Reads the file as it stands, right or wrong."""
    runners = list(_rows(tables, ("runners",)))
    yield from _repeated(runners, "name", words_for("name_taken"))
    yield from _repeated(runners, "strap", words_for("strap_taken"))
    for at, runner in runners:
        yield from _repeated(_rows(runner, (*at, "channels")), "name", words_for("channel_taken"))


def _strangers(tables: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Give a group whose runners do not live here."""
    names = {name for _, runner in _rows(tables, ("runners",)) for name in _said(runner.get("name"))}
    group = tables.get("group")
    listed = group.get("runners") if isinstance(group, dict) else None
    if isinstance(listed, list) and any(set(_said(name)) - names for name in listed):
        yield ("group", "runners"), words_for("group_stranger")


def _rows(table: Mapping[str, Any], at: KeyPath) -> Iterator[tuple[KeyPath, dict[str, Any]]]:
    """Give the tables of a list of tables, each with its path."""
    rows = table.get(str(at[-1]))
    if isinstance(rows, list):
        yield from (((*at, place), row) for place, row in enumerate(rows) if isinstance(row, dict))


def _repeated(
    rows: Iterable[tuple[KeyPath, Mapping[str, Any]]], key: str, reason: str
) -> Iterator[tuple[KeyPath, str]]:
    seen: set[str] = set()
    for at, row in rows:
        for value in _said(row.get(key)):
            if value in seen:
                yield (*at, key), reason
            seen.add(value)


def _said(value: object) -> Iterator[str]:
    """Give what a value is compared by: a word, or the words by which a strap is known."""
    if isinstance(value, str):
        text = value.strip().casefold()
        yield text.replace("-", ":") if forms.looks_like_an_address(text) else text
    elif isinstance(value, dict):
        yield from _said(value.get("address"))
        yield from _said(value.get("name"))


def _plan_faults(file: TomlFile) -> Iterator[Fault]:
    """Give what is wrong with the plans that the runners follow: that they are not there, or what is in them."""
    for at, runner in _rows(file.tables, ("runners",)):
        plan = runner.get("plan")
        if not isinstance(plan, str):
            continue
        if find_plan(plan, file.path.parent) is None:
            yield file.fault((*at, "plan"), no_such_plan(plan))
            continue
        try:
            load_plan(plan, file.path.parent)
        except SettingsError as error:
            yield from error.faults
