"""What was answered, as values: None for what nobody asked. What follows from it for file and credentials."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from config.settings import Runner, Settings
from config.wish import ChannelWish, Gone, RunnerWish, Wish, ZoneWish

STRAVA_CREDENTIAL: Final = "strava"
_OWN_KEYS: Final = ("language", "medication", "days", "time", "week", "plan", "quiet", "upload")
_FACTS: Final = ("born", "resting", "maximum", "threshold", "training")
_FOLDERS: Final = ("import", "export", "backup")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelAnswer:
    """One way to reach the runner."""

    name: str
    url: str | None = field(default=None, repr=False)
    """None for one that is there and keeps its address."""
    purposes: tuple[str, ...] | None = None
    figures: bool | None = None
    is_dropped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """All answers; what is None was not asked, and stays as it is."""

    name: str | None = None
    language: str | None = None
    medication: bool | None = None
    born: int | None = None
    resting: int | None = None
    maximum: int | None = None
    threshold: int | None = None
    training: str | None = None
    zone: str | None = None
    zone_origin: str | None = None
    zone_is_guess: bool | None = None
    """Whether it is ours, of which the runner has said nothing."""
    days: list[str] | None = None
    time: str | None = None
    week: str | None = None
    quiet: str | None = None
    """Nothing for no quiet hours."""
    plan: str | None = None
    """Nothing for free runs."""
    strap: str | None = None
    """Nothing for no strap."""
    connect: str | None = None
    channels: tuple[ChannelAnswer, ...] = ()
    strava_client_id: str | None = None
    strava_secret: str | None = field(default=None, repr=False)
    upload: bool | None = None
    import_folder: str | None = None
    export_folder: str | None = None
    backup_folder: str | None = None
    listen: str | None = None
    address: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was answered but perhaps whose settings they are."""
        return all(
            value is None or value == ()
            for key, value in ((key, getattr(self, key)) for key in self.__slots__)
            if key != "name"
        )


@dataclass(frozen=True, slots=True)
class Present:
    """What the settings say now."""

    text: str | None = None
    """None when there is no file yet."""
    settings: Settings | None = None
    """None when there is nothing in it yet."""

    def runner(self, name: str | None) -> Runner | None:
        """Return the runner of a name, if there is one."""
        runners = self.settings.runners if self.settings else ()
        wanted = (name or "").strip().casefold()
        return next((runner for runner in runners if runner.name.casefold() == wanted), None)

    @property
    def names(self) -> tuple[str, ...]:
        """The runners."""
        return tuple(runner.name for runner in self.settings.runners) if self.settings else ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is wanted of the file, and the secrets that stand beside it."""

    wish: Wish
    secrets: Mapping[str, str] = field(repr=False)
    """By the names of the credentials."""


def language_of_runner(answers: Answers, present: Present) -> str | None:
    """Return the language of the runner whom the answers are about; None if it is open."""
    runner = present.runner(answers.name)
    return answers.language or (runner.language if runner else None)


def language_of_file(answers: Answers, present: Present) -> str | None:
    """Return the language of the comments in a settings file, that of the first runner in it; None if it is open."""
    first = present.settings.runners[0] if present.settings else None
    if first is None:
        return answers.language
    return (answers.language if first is present.runner(answers.name) else None) or first.language


def outcome(answers: Answers, present: Present, today: date, *, has_runs: bool) -> Outcome:
    """Return what follows from the answers."""
    runner = present.runner(answers.name)
    names = _credential_names(answers, runner, present)
    secrets = {
        names[channel.name]: channel.url for channel in answers.channels if channel.url and not channel.is_dropped
    }
    house: dict[tuple[str, ...], Any] = {}
    if answers.listen is not None:
        house["page", "listen"] = answers.listen
    if answers.address is not None or answers.listen == "":  # an address leads to a page, and wants one
        house["page", "address"] = answers.address or Gone.GONE
    for folder in _FOLDERS:
        if (path := getattr(answers, f"{folder}_folder")) is not None:
            house[folder, "folder"] = path or Gone.GONE
    if answers.strava_client_id is not None:
        house["strava", "client_id"] = answers.strava_client_id
    if answers.strava_secret is not None:
        there = present.settings.strava.credential if present.settings else None
        credential = there.name if there else STRAVA_CREDENTIAL
        secrets[credential] = answers.strava_secret
        house["strava", "client_secret"] = Gone.GONE
        house["strava", "credential"] = credential
    return Outcome(Wish(house, _runner_wish(answers, names, today, has_runs=has_runs)), secrets)


def _runner_wish(answers: Answers, names: Mapping[str, str], today: date, *, has_runs: bool) -> RunnerWish | None:
    if answers.name is None:
        return None
    values: dict[tuple[str, ...], Any] = {}
    for key in _OWN_KEYS:
        value = getattr(answers, key)
        if value is not None:
            values[(key,)] = Gone.GONE if value == "" else value
    for key in _FACTS:
        if (fact := getattr(answers, key)) is not None:
            values["facts", key] = fact
    return RunnerWish(
        answers.name,
        values,
        strap=Gone.GONE if answers.strap == "" else answers.strap,
        connect=answers.connect,
        zone=ZoneWish(answers.zone, today, answers.zone_origin or "own", has_runs) if answers.zone else None,
        channels=tuple(_channel_wish(channel, names[channel.name]) for channel in answers.channels),
    )


def _channel_wish(channel: ChannelAnswer, credential: str) -> ChannelWish:
    values: dict[str, Any] = {}
    if channel.url is not None:
        values |= {"credential": credential, "url": Gone.GONE}
    if channel.purposes is not None:
        values["for"] = list(channel.purposes)
    if channel.figures is not None:
        values["figures"] = channel.figures
    return ChannelWish(channel.name, values, channel.is_dropped)


# -- names of credentials --------------------------------------------------------------------------


def _credential_names(answers: Answers, runner: Runner | None, present: Present) -> dict[str, str]:
    """Return the name of each channel's credential: the one it has, else a new one that nobody has."""
    kept = {
        channel.name.casefold(): channel.credential.name
        for channel in (runner.channels if runner else ())
        if channel.credential
    }
    taken = {name.casefold() for name in _all_credentials(present)} | {STRAVA_CREDENTIAL}
    names: dict[str, str] = {}
    for channel in answers.channels:
        name = kept.get(channel.name.casefold()) or _free(f"{answers.name}-{channel.name}", taken)
        taken.add(name.casefold())
        names[channel.name] = name
    return names


def _all_credentials(present: Present) -> Iterable[str]:
    for runner in present.settings.runners if present.settings else ():
        yield from (channel.credential.name for channel in runner.channels if channel.credential)


def _free(wanted: str, taken: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", wanted).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:50] or "channel"
    name, number = slug, 1
    while name in taken:
        number += 1
        name = f"{slug}-{number}"
    return name
