"""Everything a household may set, as values: read once, checked at the door, never changed.

The models mirror the file, key for key; `config.forms` knows how each value is written. Rules between the
keys of a table hang on the later key, not on the table: pydantic asks a table only when all its keys are
well, and a runner wants to hear every fault at once. Rules between tables are `config.loader`'s.
"""

import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    PrivateAttr,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from config import credentials, forms
from config.faults import words_for
from config.forms import Bounds, Listen, QuietHours, Weekday, WeekMoment
from config.toml_file import Table, refuse

TimeOfDay: TypeAlias = time
Language: TypeAlias = Literal["nl", "en"]
Connect: TypeAlias = Literal["always", "armed"]
Purpose: TypeAlias = Literal["live", "after", "reminder", "week", "service"]
ZoneOrigin: TypeAlias = Literal["own", "talk_test", "maf", "reserve", "maximum", "threshold", "strava"]
Training: TypeAlias = Literal["recovering", "starting", "steady", "years"]
LogFormat: TypeAlias = Literal["auto", "console", "journal", "json"]
LogLevel: TypeAlias = Literal["debug", "info", "warning", "error"]

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S")

_A_GROUP: Final = 2

PURPOSES: Final[tuple[Purpose, ...]] = ("live", "after", "reminder", "week", "service")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a settings file says of its surroundings is understood from here: handed in as pydantic's context."""

    file: Path
    credential: Callable[[str], str]
    """Returns the secret that a credential's name stands for, or raises a refusal."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret that stands in a file of its own."""

    name: str
    value: SecretStr


def _credential(value: object, info: ValidationInfo) -> Credential | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise refuse("credential_form")
    if not isinstance(info.context, Surroundings):
        raise refuse("credential_nowhere")
    return Credential(value, SecretStr(info.context.credential(value)))


def _digits(value: object) -> str:
    """Read an identifier that is a number, in quotes or without."""
    if isinstance(value, bool) or not (text := str(value)).isascii() or not text.isdigit():
        raise refuse("client_id_form")
    return text


def _message_url(value: SecretStr) -> SecretStr:
    """See that Apprise will find a scheme; the rest is for Apprise to judge, when it is there."""
    if _SCHEME.match(value.get_secret_value()) is None:
        raise refuse("channel_url")
    return value


WebAddress: TypeAlias = Annotated[str, AfterValidator(forms.web_address)]
Name: TypeAlias = Annotated[str, PlainValidator(forms.name)]


def _from_beside_the_file(path: str | Path, info: ValidationInfo) -> Path:
    """Return the path that is meant by what is written in a settings file."""
    # Not Path.expanduser: it raises for a stranger's ~name.
    expanded = Path(os.path.expanduser(path))  # noqa: PTH111
    return info.context.file.parent / expanded if isinstance(info.context, Surroundings) else expanded


def _file_to_read(value: object, info: ValidationInfo) -> Path | None:
    """Find a file that is read later on, and see that it can be."""
    if value is None:
        return None
    if not isinstance(value, str | Path) or not str(value).strip():
        raise refuse("file_form")
    path = _from_beside_the_file(value, info)
    try:
        mode = path.stat().st_mode
    except PermissionError:
        raise refuse("file_forbidden") from None
    except (OSError, ValueError):
        raise refuse("file_gone") from None
    if stat.S_ISDIR(mode):
        raise refuse("file_folder")
    if not os.access(path, os.R_OK):
        raise refuse("file_forbidden")
    return path


def _folder(value: object, info: ValidationInfo) -> Path:
    """Take a folder's path; whether it is there, and may be used, is seen when it is used."""
    if not isinstance(value, str | Path) or not str(value).strip():
        raise refuse("folder_form")
    return _from_beside_the_file(value, info)


class Page(Table):
    """The live page."""

    listen: Annotated[Listen | None, PlainValidator(forms.listen)] = Listen("127.0.0.1", 8421)
    """None for no page."""
    address: Annotated[str, AfterValidator(forms.house_address)] | None = None
    """Where the runners' phones reach it; None to send no links in messages."""
    tls_cert: Annotated[Path | None, PlainValidator(_file_to_read), Field(validate_default=True)] = None
    """The certificate with its chain; None for plain http."""
    tls_key: Annotated[Path | None, PlainValidator(_file_to_read), Field(validate_default=True)] = None
    metrics: bool = True
    """Whether `/metrics` answers."""

    @field_validator("tls_key")
    @classmethod
    def _makes_a_pair(cls, key: Path | None, info: ValidationInfo) -> Path | None:
        if "tls_cert" in info.data and (key is None) != (info.data["tls_cert"] is None):
            raise refuse("tls_key_needed") if key is None else refuse("tls_cert_needed")
        return key

    @field_validator("address")
    @classmethod
    def _leads_to_the_page(cls, address: str | None, info: ValidationInfo) -> str | None:
        if address and "listen" in info.data and info.data["listen"] is None:
            raise refuse("webhook_page")
        return address


class Strava(Table):
    """The application registered at Strava, and how often to look."""

    client_id: Annotated[str, PlainValidator(_digits)] | None = None
    client_secret: SecretStr | None = None
    credential: Annotated[Credential | None, PlainValidator(_credential), Field(validate_default=True)] = None
    oauth_url: WebAddress = "https://www.strava.com"
    api_url: WebAddress = "https://www.strava.com/api/v3"
    poll_minutes: int = Field(default=15, ge=5, le=1440)
    keep_days: int = Field(default=7, ge=1, le=36_500)
    sports: tuple[str, ...] = ()
    """Strava's names of further endurance sports to fetch; runs and walks always are."""
    webhook: WebAddress | None = None
    """The public address that leads to the page's server; None to go by looking alone."""

    @property
    def secret(self) -> SecretStr | None:
        """The application's secret, wherever it stands; None without an application."""
        return self.credential.value if self.credential else self.client_secret

    @field_validator("webhook")
    @classmethod
    def _has_an_application(cls, webhook: str | None, info: ValidationInfo) -> str | None:
        if webhook and "client_id" in info.data and info.data["client_id"] is None:
            raise refuse("webhook_alone")
        return webhook

    @field_validator("webhook")
    @classmethod
    def _has_a_path_of_its_own(cls, webhook: str | None) -> str | None:
        if webhook and not forms.is_free_path(webhook):
            raise refuse("webhook_path")
        return webhook

    @field_validator("credential")
    @classmethod
    def _makes_a_pair(cls, credential: Credential | None, info: ValidationInfo) -> Credential | None:
        if not {"client_id", "client_secret"} <= info.data.keys():
            return credential  # one of them is faulty, which is said already
        client_id, client_secret = info.data["client_id"], info.data["client_secret"]
        if credential and client_secret:
            raise refuse("secret_twice", other="client_secret")
        if client_id and not (credential or client_secret):
            raise refuse("client_secret_needed")
        if (credential or client_secret) and not client_id:
            raise refuse("client_id_needed")
        return credential


class Import(Table):
    """The folder in which files of runs appear."""

    folder: Annotated[Path | None, BeforeValidator(_folder)] = None
    """None for no folder."""


class Backup(Table):
    """The daily copies of the database."""

    folder: Annotated[Path | None, BeforeValidator(_folder)] = None
    """None for a folder beside the database."""


class Export(Table):
    """Where the sessions that the house recorded go, as FIT files, for other programs."""

    folder: Annotated[Path | None, BeforeValidator(_folder)] = None
    """None for nowhere."""


class Group(Table):
    """Runners whose runs are added up on Sundays, because they said yes to it."""

    runners: tuple[Name, ...] = ()

    @field_validator("runners")
    @classmethod
    def _are_several(cls, runners: tuple[str, ...]) -> tuple[str, ...]:
        if len({name.casefold() for name in runners}) < max(_A_GROUP, len(runners)):
            raise refuse("group_small")
        return runners


class Log(Table):
    """What the service writes down, and how."""

    format: LogFormat = "auto"
    level: LogLevel = "info"


class Bluetooth(Table):
    """The radio."""

    adapter: Annotated[str, AfterValidator(forms.adapter)] | None = None
    """None for the one that BlueZ takes by default."""


class Strap(Table):
    """The runner's strap, known by its address or by the name it calls itself."""

    address: Annotated[str, AfterValidator(forms.bluetooth_address)] | None = None
    name: str | None = Field(default=None, min_length=1, max_length=248, validate_default=True)  # Bluetooth's own limit
    connect: Connect | None = None

    @field_validator("name")
    @classmethod
    def _is_known_by_one(cls, name: str | None, info: ValidationInfo) -> str | None:
        if "address" in info.data and (name is None) == (info.data["address"] is None):
            raise refuse("strap_one")
        return name


def _strap(value: object) -> object:
    """Let `strap = "…"` stand for the table."""
    if isinstance(value, dict | Strap):
        return value
    if not isinstance(value, str) or not value.strip():
        raise refuse("strap_form")
    if forms.looks_like_an_address(value):
        return {"address": forms.bluetooth_address(value)}
    return {"name": value.strip()}


class DatedZone(Table):
    """A target zone, and the day from which it holds."""

    bounds: Annotated[Bounds, PlainValidator(forms.bounds), Field(alias="zone")]
    origin: ZoneOrigin = "own"
    since: Annotated[date | None, Field(alias="from")] = None
    """None for ever since."""


def _zones(value: object) -> object:
    """Let `zone = "118-136"` stand for a list of one."""
    return value if isinstance(value, list | tuple) else [{"zone": forms.bounds(value)}]


def _in_order(zones: tuple[DatedZone, ...]) -> tuple[DatedZone, ...]:
    if not zones:
        raise refuse("zone_none")
    if len({zone.since for zone in zones}) < len(zones):
        raise refuse("zone_same_day")
    return tuple(sorted(zones, key=lambda zone: zone.since or date.min))


def _in_week_order(days: tuple[Weekday, ...]) -> tuple[Weekday, ...]:
    if len(set(days)) < len(days):
        raise refuse("day_twice")
    return tuple(sorted(days))


class Facts(Table):
    """What a runner may tell about themselves, for `duurloop zone` to make proposals of. Heart rates in bpm."""

    born: int | None = Field(default=None, ge=1900, le=2100)
    """The year."""
    resting: int | None = Field(default=None, ge=30, le=120)
    threshold: int | None = Field(default=None, ge=60, le=220)
    """Mean of the last 20 minutes of a 30-minute solo time trial."""
    maximum: int | None = Field(default=None, ge=100, le=220)
    """Measured, not worked out from age."""
    training: Training = "starting"
    """How it is with the training, which the 180 formula asks for."""

    @field_validator("threshold", "maximum")
    @classmethod
    def _lies_above(cls, value: int | None, info: ValidationInfo) -> int | None:
        for lower in ("resting", "threshold"):
            below = info.data.get(lower)
            if value is not None and below is not None and value <= below:
                raise refuse("facts_order", lower=lower)
        return value


class Nudges(Table):
    """What the runner wants to hear beyond the usual."""

    below: bool = False
    """Whether to say "faster" below the zone."""
    hello: bool = False
    """Whether to say so when the strap is heard."""


class Channel(Table):
    """One way to reach the runner, and what goes there."""

    name: Name
    url: Annotated[SecretStr, AfterValidator(_message_url)] | None = None
    credential: Annotated[Credential | None, PlainValidator(_credential), Field(validate_default=True)] = None
    purposes: Annotated[tuple[Purpose, ...], Field(alias="for")] = PURPOSES
    figures: bool = False
    """Whether messages may hold heart rates."""

    @property
    def address(self) -> SecretStr:
        """The Apprise URL, wherever it stands."""
        address = self.credential.value if self.credential else self.url
        if address is None:
            raise ValueError("a channel that was checked has an address")
        return address

    @field_validator("credential")
    @classmethod
    def _is_the_one_address(cls, credential: Credential | None, info: ValidationInfo) -> Credential | None:
        if credential and _SCHEME.match(credential.value.get_secret_value()) is None:
            raise refuse("credential_url")
        if credential and info.data.get("url"):
            raise refuse("secret_twice", other="url")
        if credential is None and "url" in info.data and info.data["url"] is None:
            raise refuse("channel_address")
        return credential


class Runner(Table):
    """A person who runs, as the household describes them."""

    name: Name
    language: Language = "nl"
    strap: Annotated[Strap | None, BeforeValidator(_strap)] = None
    """None for a runner who only has files."""
    connect: Connect | None = None
    zone: Annotated[tuple[DatedZone, ...], BeforeValidator(_zones), AfterValidator(_in_order)]
    """In the order of their days; there is none for the days before the first."""
    medication: bool = False
    """Whether medication changes the heart rate: then no formula may propose a zone."""
    facts: Facts = Field(default_factory=Facts)
    plan: str | None = None
    """A built-in plan's id, or the path of a plan's file from beside the settings file; None for free runs."""
    days: Annotated[tuple[Annotated[Weekday, PlainValidator(forms.weekday)], ...], AfterValidator(_in_week_order)] = ()
    time: Annotated[TimeOfDay | None, PlainValidator(forms.time_of_day), Field(validate_default=True)] = None
    week: Annotated[WeekMoment, PlainValidator(forms.week_moment)] = WeekMoment(Weekday.SUN, TimeOfDay(19))
    quiet: Annotated[QuietHours, PlainValidator(forms.quiet_hours)] | None = None
    nudges: Nudges = Field(default_factory=Nudges)
    upload: bool = False
    """Whether sessions that the house recorded go to this runner's account at Strava."""
    channels: tuple[Channel, ...] = ()

    @property
    def connects(self) -> Connect:
        """When the house may hold the strap: always, or only when the runner armed it."""
        return self.connect or (self.strap and self.strap.connect) or "always"

    @field_validator("connect")
    @classmethod
    def _has_a_strap(cls, connect: Connect | None, info: ValidationInfo) -> Connect | None:
        strap = info.data.get("strap")
        if "strap" in info.data and strap is None:
            raise refuse("connect_nothing")
        if strap is not None and strap.connect is not None:
            raise refuse("connect_twice")
        return connect

    @field_validator("time")
    @classmethod
    def _is_there_for_the_days(cls, at: TimeOfDay | None, info: ValidationInfo) -> TimeOfDay | None:
        if at is None and info.data.get("days"):
            raise refuse("time_needed")
        return at


class Settings(Table):
    """The whole file."""

    timezone: Annotated[str, PlainValidator(forms.timezone)] | None = None
    """None for the system's own."""
    page: Page = Field(default_factory=Page)
    strava: Strava = Field(default_factory=Strava)
    inbox: Annotated[Import, Field(alias="import", default_factory=Import)]
    export: Export = Field(default_factory=Export)
    backup: Backup = Field(default_factory=Backup)
    group: Group = Field(default_factory=Group)
    bluetooth: Bluetooth = Field(default_factory=Bluetooth)
    log: Log = Field(default_factory=Log)
    runners: Annotated[tuple[Runner, ...], Field(validate_default=True)] = ()

    _file: Path | None = PrivateAttr(default=None)

    def model_post_init(self, context: Any, /) -> None:  # noqa: ANN401  # pydantic's signature
        """Remember where the settings came from."""
        if isinstance(context, Surroundings):
            self._file = context.file

    @property
    def file(self) -> Path | None:
        """The file that was read; None when there was none."""
        return self._file

    @field_validator("runners")
    @classmethod
    def _has_a_runner(cls, runners: tuple[Runner, ...]) -> tuple[Runner, ...]:
        if not runners:
            raise refuse("no_runner")
        return runners

    @property
    def page_is_open(self) -> bool:
        """Whether the page needs no link: whoever can reach it sits at this machine.

        With an address or a webhook somebody hands the world's requests on to it, and they come from this machine, too.
        """
        is_handed_on = self.page.address or self.strava.webhook
        return self.page.listen is not None and self.page.listen.is_loopback and not is_handed_on

    def secrets(self) -> frozenset[str]:
        """Return all that must never be seen in a log or a message."""
        found = {part for runner in self.runners for channel in runner.channels for part in _hidden(channel)}
        if self.strava.secret is not None:
            found.add(self.strava.secret.get_secret_value())
        return frozenset(secret for secret in found if len(secret) >= credentials.SHORTEST_PASSWORD)


def _hidden(channel: Channel) -> Iterator[str]:
    return credentials.to_hide(channel.address.get_secret_value())


def settings_warnings(settings: Settings) -> tuple[str, ...]:
    """Return what is allowed but worth a word."""
    return (*_open_file(settings), *(word for runner in settings.runners for word in _silence(runner)))


def _open_file(settings: Settings) -> Iterator[str]:
    holds_secrets = settings.strava.client_secret or any(c.url for runner in settings.runners for c in runner.channels)
    if settings.file and holds_secrets and credentials.others_may_read(settings.file):
        yield words_for("warn_open", file=settings.file)


def _silence(runner: Runner) -> Iterator[str]:
    if not runner.channels:
        yield words_for("warn_no_channel", runner=runner.name)
    for channel in runner.channels:
        if not channel.purposes:
            yield words_for("warn_no_purpose", runner=runner.name, channel=channel.name)
    if runner.quiet and runner.time and _lies_in(runner.quiet, runner.time):
        yield words_for("warn_quiet_time", runner=runner.name, time=f"{runner.time:%H:%M}")


def _lies_in(quiet: QuietHours, at: TimeOfDay) -> bool:
    if quiet.start < quiet.end:
        return quiet.start <= at < quiet.end
    return at >= quiet.start or at < quiet.end
