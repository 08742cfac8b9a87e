"""What the settings say, as the household and the domain have it: runners, their zones and plans, the terms agreed."""

import os
from dataclasses import replace
from datetime import UTC, date, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from config.faults import SettingsError
from config.language import catalogue
from config.plan_files import PlanPart, load_plan
from config.settings import Channel as ChannelSettings
from config.settings import Runner as RunnerSettings
from config.settings import Settings
from daemon.commands import chosen
from daemon.domain.habit import Agreement
from daemon.domain.heart_rate import Bpm
from daemon.domain.plan import Block, Course, Edge, HeartLed, PlanRef, Step, StepKind
from daemon.domain.wording import Language
from daemon.domain.wording.privacy import Keeping
from daemon.domain.zones import Facts, TargetZone, Training, ZoneOrigin
from daemon.household import Channel, Plan, Plans, QuietHours, Runner
from daemon.remote import RefusedError
from daemon.store import Kind
from daemon.strava.follower import Terms

POLL_BESIDE_EVENTS = timedelta(hours=1)
"""Events get lost: they make looking rarer, not needless."""
MAILBOXES = ("mailto://", "mailtos://")
"""Apprise's schemes for mail. What it sends in other ways gets the words alone."""


# -- runners ---------------------------------------------------------------------------------------


def runners_of(settings: Settings, spoken: str | None = None) -> tuple[Runner, ...]:
    """Return the runners, as the service has them; or in the language that is `spoken` at a terminal."""
    beside = _beside(settings)
    return tuple(
        _runner(runner, spoken or runner.language, timezone_of(settings), beside) for runner in settings.runners
    )


def runner_meant(settings: Settings, wanted: str | None, spoken: str | None = None) -> Runner:
    """Return the runner who was named, or the only one, as `runners_of` has them. Raises `RefusedError`."""
    name = chosen([runner.name for runner in settings.runners], wanted)
    return next(runner for runner in runners_of(settings, spoken) if runner.name == name)


def group_of(settings: Settings) -> tuple[str, ...]:
    """Return who said yes to having their runs added up, by the names of the runners."""
    listed = {name.casefold() for name in settings.group.runners}
    return tuple(runner.name for runner in settings.runners if runner.name.casefold() in listed)


def zones_of(runner: RunnerSettings) -> tuple[TargetZone, ...]:
    """Return a runner's zones as the domain has them."""
    return tuple(
        TargetZone(Bpm(zone.bounds.low), Bpm(zone.bounds.high), ZoneOrigin(zone.origin), runner.name, zone.since)
        for zone in runner.zone
    )


def facts_told_by(settings: Settings, name: str, today: date) -> Facts:
    """Return what the runner of this `name` tells about themselves."""
    runner = next(runner for runner in settings.runners if runner.name == name)
    told = runner.facts
    return Facts(
        age=None if told.born is None else today.year - told.born,
        resting_hr=_bpm(told.resting),
        maximum_hr=_bpm(told.maximum),
        threshold_hr=_bpm(told.threshold),
        training=Training(told.training),
        medication=runner.medication,
    )


def channel_id(runner: RunnerSettings, channel: ChannelSettings) -> str:
    """Return the name by which a channel is known in the household."""
    return f"{runner.name}/{channel.name}"


def _runner(runner: RunnerSettings, code: str, timezone: tzinfo, beside: Path | None) -> Runner:
    return Runner(
        name=runner.name,
        language=language(code),
        zones=zones_of(runner),
        channels=tuple(_channel(runner, channel) for channel in runner.channels),
        timezone=timezone,
        quiet=QuietHours(runner.quiet.start, runner.quiet.end) if runner.quiet else None,
        wants_pick_up=runner.nudges.below,
        wants_hello=runner.nudges.hello,
        plan=plan_named(runner.plan, code, beside) if runner.plan else None,
        agreement=_agreement(runner),
        medication=runner.medication,
    )


def _agreement(runner: RunnerSettings) -> Agreement:
    days, week = frozenset(int(day) for day in runner.days), runner.week
    if runner.time is None:  # then there are no days either
        return Agreement(days, week_day=int(week.day), week_at=week.at)
    return Agreement(days, runner.time, int(week.day), week.at)


def _channel(runner: RunnerSettings, channel: ChannelSettings) -> Channel:
    return Channel(
        channel_id(runner, channel),
        channel.name,
        frozenset(Kind(kind) for kind in channel.purposes),
        channel.figures,
        channel.address.get_secret_value().lower().startswith(MAILBOXES),
    )


def _bpm(number: int | None) -> Bpm | None:
    return None if number is None else Bpm(number)


# -- plans -----------------------------------------------------------------------------------------


def plans_of(settings: Settings) -> Plans:
    """Return the way to any plan: those that come along, and files from beside the settings."""
    beside = _beside(settings)
    return lambda plan, language: plan_named(plan, language, beside)


def plan_named(plan: str, language: str, beside: Path | None) -> Plan:
    """Return a plan by its id, or by the path of its file. Raises `RefusedError`."""
    try:
        file = load_plan(plan, beside)
    except SettingsError as error:
        raise RefusedError("{fault}", fault=str(error.faults[0])) from error
    courses = tuple(
        replace(
            Course.of(
                (Block(block.repeats, tuple(_step(part) for part in block.parts)) for block in step.course),
                PlanRef(file.id, number),
                step.runs.least,
                step.name.said(language),
            ),
            most_runs=step.runs.most,
        )
        for number, step in enumerate(file.steps, start=1)
    )
    return Plan(file.id, file.name.said(language), courses)


def _step(part: PlanPart) -> Step:
    kind, lead = StepKind(part.kind), part.lead
    if lead is None:
        return Step(kind, part.duration_s)
    until = Edge(lead.until) if isinstance(lead.until, str) else Bpm(lead.until)
    return Step(kind, part.duration_s, HeartLed(until, lead.least_s))


def _beside(settings: Settings) -> Path | None:
    return settings.file.parent if settings.file else None


# -- Strava ----------------------------------------------------------------------------------------


def strava_terms_of(settings: Settings) -> Terms:
    """Return how often to look, and how long to keep."""
    poll = timedelta(minutes=settings.strava.poll_minutes)
    if settings.strava.webhook:
        poll = max(poll, POLL_BESIDE_EVENTS)
    return Terms(poll.total_seconds(), timedelta(days=settings.strava.keep_days), uploads_of(settings))


def keeping_of(settings: Settings) -> Keeping:
    """Return what the household has set about keeping and handing on."""
    return Keeping(
        strava_days=settings.strava.keep_days if settings.strava.client_id else None,
        uploading=tuple(runner.name for runner in settings.runners if runner.upload),
        exports=settings.export.folder is not None,
        group=group_of(settings),
    )


def uploads_of(settings: Settings) -> frozenset[str]:
    """Return the runners whose own sessions go to Strava."""
    return frozenset(runner.name for runner in settings.runners if runner.upload)


def sports_of(settings: Settings) -> frozenset[str]:
    """Return the sports that are wanted beyond runs and walks, by our names."""
    listed = settings.strava.sports
    if not listed:
        return frozenset()
    from connectors.activity_files.values import sport_named  # noqa: PLC0415 - only where sports are listed
    from connectors.strava_archive.sports import sport_called  # noqa: PLC0415

    return frozenset(own for sport in listed for own in (sport_named(sport), sport_called(sport)) if own)


# -- language and time -----------------------------------------------------------------------------


def language(code: str) -> Language:
    """Return a language by its code."""
    words = catalogue(code)
    return Language(words.gettext, words.ngettext, code)


def system_timezone() -> tzinfo:
    """Return the machine's time zone, with its summer times, not merely today's offset."""
    named = os.environ.get("TZ", "").lstrip(":")
    place = Path("/etc/localtime").resolve()
    name = named or str(place).partition("/zoneinfo/")[2]
    try:
        return ZoneInfo(name or "UTC")
    except (OSError, ValueError, KeyError):  # TZ may also hold a rule, as CET-1CEST
        return UTC


def timezone_of(settings: Settings) -> tzinfo:
    """Return the time zone in which days and hours are meant."""
    return ZoneInfo(settings.timezone) if settings.timezone else system_timezone()
