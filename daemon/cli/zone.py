"""`zone`: the calm zone, where it comes from, what other methods would propose, and how to set it."""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import click

from config.settings import Settings
from connectors.sqlite_store import SqliteStore
from daemon.cli.arguments import Zone
from daemon.cli.common import Failure, json_option, load_settings, print_json, runner_option, state_folder, words
from daemon.cli.database import readable, wake, writable
from daemon.cli.speech import terminal_language
from daemon.cli.talk_guide import zone_by_talking
from daemon.domain.held_times import LOOKS_BACK, LaidOver, lay_over
from daemon.domain.wording import Language, laid_text, origin_text
from daemon.domain.zones import Proposal, TargetZone, ZoneOrigin, proposals, zone_on
from daemon.from_settings import facts_told_by, runner_meant
from daemon.household import Runner
from daemon.remote import NoAnswerError, NotRunningError, RefusedError, ask
from daemon.zoning import zone_set, zones_for


@dataclass(frozen=True, slots=True)
class _ZoneToday:
    """A runner's zone of today, and what else there is to say of it."""

    runner: Runner
    today: date
    zone: TargetZone | None
    proposals: tuple[Proposal, ...]
    laid: LaidOver | None = None
    """What it means for the runs of the last weeks."""
    laid_before: LaidOver | None = None
    """What the zone meant that has just made room, if it was another one."""

    @property
    def of_settings(self) -> TargetZone | None:
        """The zone that the settings have for today."""
        return zone_on(self.today, self.runner.zones)

    @property
    def is_set_here(self) -> bool:
        """Tell whether another zone holds than that of the settings."""
        return _essence(self.zone) != _essence(self.of_settings)


@click.command()
@click.option("--set", "wanted", type=Zone(), metavar="LOW-HIGH", help="Set it, as 118-136, from today on.")
@click.option("--origin", type=click.Choice([one.value for one in ZoneOrigin]), help="Where --set has it from.")
@click.option("--as-settings", is_flag=True, help="Back to the zone of the settings, from today on.")
@click.option("--talk-test", is_flag=True, help="Find it by talking: some twenty minutes, step by step.")
@runner_option
@json_option
@click.pass_context
def zone(
    ctx: click.Context,
    *,
    wanted: TargetZone | None,
    origin: str | None,
    as_settings: bool,
    talk_test: bool,
    runner: str | None,
    as_json: bool,
) -> None:
    """Show your calm zone, where it comes from and what other methods would propose; or set it."""
    if (wanted is not None) + as_settings + talk_test > 1 or (origin and not wanted) or (talk_test and as_json):
        raise click.UsageError(
            words("--set (with --origin), --as-settings and --talk-test (without --json) exclude each other")
        )
    settings = load_settings(ctx)
    whose = runner_meant(settings, runner)
    if talk_test:
        wanted = zone_by_talking(lambda: _heart_rate(ctx, whose), terminal_language())
        if wanted is None:
            return
    elif wanted:
        wanted = replace(wanted, origin=ZoneOrigin(origin or "own"))
    elif as_settings:
        wanted = _of_settings(whose)
    shown = asyncio.run(_set(ctx, settings, whose, wanted) if wanted else _look(ctx, settings, whose))
    if wanted:
        wake(ctx)
    if as_json:
        print_json(_report(shown))
        return
    language = terminal_language()
    for line in _set_lines(shown, language) if wanted else _lines(shown, language):
        click.echo(line)


async def _look(ctx: click.Context, settings: Settings, runner: Runner) -> _ZoneToday:
    async with readable(ctx) as database:
        if database is None:
            return _zone_today(settings, runner, runner.zones)
        store = SqliteStore(database)
        shown = _zone_today(settings, runner, await zones_for(runner, store))
        return await _laid_over_runs(shown, store)


async def _set(ctx: click.Context, settings: Settings, runner: Runner, wanted: TargetZone) -> _ZoneToday:
    async with writable(ctx) as database:
        store = SqliteStore(database)
        before = zone_on(_today(runner), await zones_for(runner, store))
        await store.commit([zone_set(runner, wanted, datetime.now(UTC))])
        shown = _zone_today(settings, runner, await zones_for(runner, store))
        return await _laid_over_runs(shown, store, before)


async def _laid_over_runs(shown: _ZoneToday, store: SqliteStore, before: TargetZone | None = None) -> _ZoneToday:
    if shown.zone is None:
        return shown
    now = datetime.now(UTC)
    held = await store.held_times(shown.runner.name, now - LOOKS_BACK, now)
    return replace(
        shown,
        laid=lay_over(shown.zone, held),
        laid_before=lay_over(before, held) if before and str(before) != str(shown.zone) else None,
    )


def _zone_today(settings: Settings, runner: Runner, zones: tuple[TargetZone, ...]) -> _ZoneToday:
    today = _today(runner)
    proposed = proposals(facts_told_by(settings, runner.name, today))
    return _ZoneToday(runner, today, zone_on(today, zones), proposed)


def _of_settings(runner: Runner) -> TargetZone:
    zone = zone_on(_today(runner), runner.zones)
    if zone is None:
        raise Failure("the settings have no zone for today: set one with duurloop zone --set 118-136")
    return zone


def _today(runner: Runner) -> date:
    return datetime.now(runner.timezone).date()


def _essence(zone: TargetZone | None) -> tuple[int, int, ZoneOrigin] | None:
    return None if zone is None else (zone.low, zone.high, zone.origin)


def _heart_rate(ctx: click.Context, runner: Runner) -> int | None:
    """Return what the runner's strap shows just now, if a service runs and hears it."""
    try:
        answer = ask(state_folder(ctx), "status")
    except (NotRunningError, NoAnswerError, RefusedError, OSError):
        return None
    session = next((one["session"] for one in answer["runners"] if one["name"] == runner.name), None)
    return session["bpm"] if session else None


# -- telling -----------------------------------------------------------------------------------------


def _report(shown: _ZoneToday) -> dict[str, Any]:
    zone = shown.zone
    return {
        "type": "zone",
        "runner": shown.runner.name,
        "zone": {
            "low_bpm": zone.low,
            "high_bpm": zone.high,
            "origin": zone.origin.value,
            "set_by": zone.set_by,
            "valid_from": zone.valid_from.isoformat() if zone.valid_from else None,
            "from": "set_here" if shown.is_set_here else "settings",
        }
        if zone
        else None,
        "medication": shown.runner.medication,
        "proposals": [
            {
                "method": one.method,
                "origin": one.zone.origin.value,
                "low_bpm": one.zone.low,
                "high_bpm": one.zone.high,
            }
            for one in shown.proposals
        ],
        "last_four_weeks": _laid_report(shown.laid, shown.laid_before) if shown.laid else None,
    }


def _laid_report(laid: LaidOver, before: LaidOver | None) -> dict[str, Any]:
    return {
        "runs": laid.runs,
        "below_s": round(laid.time.below_s, 1),
        "inside_s": round(laid.time.inside_s, 1),
        "above_s": round(laid.time.above_s, 1),
        "calm_pct": round(laid.calm_pct, 1),
        "zone_before": {
            "low_bpm": before.zone.low,
            "high_bpm": before.zone.high,
            "calm_pct": round(before.calm_pct, 1),
        }
        if before
        else None,
    }


def _set_lines(shown: _ZoneToday, language: Language) -> list[str]:
    zone, of_settings = shown.zone, shown.of_settings
    lines = [
        words("From today on your zone is {zone}. Earlier runs keep the zone of their day.").format(zone=zone),
        *_laid_lines(shown, language),
    ]
    if shown.is_set_here and of_settings:
        lines.append(
            words("Back to that of the settings, {zone}: duurloop zone --as-settings").format(zone=of_settings)
        )
    return lines


def _lines(shown: _ZoneToday, language: Language) -> list[str]:
    return [*_zone_lines(shown, language), *_laid_lines(shown, language), "", *_proposal_lines(shown, language)]


def _laid_lines(shown: _ZoneToday, language: Language) -> list[str]:
    return [laid_text(shown.laid, shown.laid_before, language)] if shown.laid else []


def _zone_lines(shown: _ZoneToday, language: Language) -> list[str]:
    say, zone = language.say, shown.zone
    if zone is None:
        return [say("There is no calm zone for today yet.")]
    place = say("set by {name}") if shown.is_set_here else say("from the settings")
    since = say("since {day}").format(day=zone.valid_from) if zone.valid_from else say("for all days")
    where = ", ".join([origin_text(zone.origin, language), place.format(name=zone.set_by), since])
    return [say("Your calm zone: {zone} beats per minute").format(zone=zone), f"  {where}"]


def _proposal_lines(shown: _ZoneToday, language: Language) -> list[str]:
    say = language.say
    if shown.runner.medication:
        return [
            say("Your medication changes your heart rate, so formulas tell nothing here. Go by talking: as long as"),
            say("whole sentences come easily, it is calm. The talk test suits you too: duurloop zone --talk-test"),
        ]
    if not shown.proposals:
        return [
            say(
                "With your year of birth other methods could propose one, too: duurloop setup asks for it, "
                "and keeps it under [runners.facts]."
            ),
            say("The talk test needs no facts and is the best of them: duurloop zone --talk-test"),
        ]
    return [
        say("Other methods would propose:"),
        *(f"  {one.zone!s:>7}  {say(one.method)}" for one in shown.proposals),
        say("Methods differ by some 25 beats for one and the same person, so none is applied by itself."),
        say("The talk test tells most: duurloop zone --talk-test"),
    ]
