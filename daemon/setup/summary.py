"""What was answered, in plain words, before anything is written; and what happens next, after it was."""

from collections.abc import Iterator
from pathlib import Path

from config.forms import Listen
from config.settings import Settings
from daemon.domain.wording import Language, origin_text
from daemon.domain.zones import ZoneOrigin
from daemon.setup import reading
from daemon.setup.answers import Answers


def summary_lines(answers: Answers, language: Language) -> Iterator[str]:
    """Give a line on each thing that was answered."""
    say = language.say
    if answers.name:
        yield say("Runner: {name}").format(name=answers.name)
    if answers.zone:
        if answers.zone_is_guess:
            origin = say("a careful guess")
        else:
            origin = origin_text(ZoneOrigin(answers.zone_origin or "own"), language)
        yield say("Zone: {zone}, {origin}").format(zone=answers.zone, origin=origin)
    yield from _habit(answers, language)
    if answers.strap is not None:
        yield _strap(answers, language)
    for channel in answers.channels:
        if channel.is_dropped:
            yield say("Messages: no longer to {channel}").format(channel=channel.name)
        else:
            yield say("Messages: to {channel}").format(channel=channel.name)
    if answers.strava_client_id:
        yield say("Strava: application {number}").format(number=answers.strava_client_id)
    yield from _page(answers, language)
    folders = (answers.import_folder, answers.export_folder, answers.backup_folder)
    if any(folders):
        yield say("Folders: {folders}").format(folders=", ".join(filter(None, folders)))


def _habit(answers: Answers, language: Language) -> Iterator[str]:
    say = language.say
    if answers.days:
        days = reading.days_told(answers.days, language)
        yield say("Days: {days} at {time}").format(days=days, time=answers.time or "")
    elif answers.days is not None:
        yield say("Days: none fixed")
    if answers.week:
        yield say("Week: summed up {moment}").format(moment=reading.week_told(answers.week, language))
    if answers.quiet:
        yield say("Quiet: {hours}").format(hours=answers.quiet)
    if answers.plan is not None:
        yield say("Plan: {plan}").format(plan=answers.plan or say("none"))


def _page(answers: Answers, language: Language) -> Iterator[str]:
    say = language.say
    if answers.listen is not None or answers.address:
        yield say("Page: {where}").format(where=answers.address or answers.listen or say("none"))
    elif answers.address is not None:
        yield say("Page: no address")


def _strap(answers: Answers, language: Language) -> str:
    say = language.say
    if not answers.strap:
        return say("Strap: none")
    told = say("Strap: {strap}").format(strap=answers.strap)
    when = say("only after duurloop arm")
    return f"{told} ({when})" if answers.connect == "armed" else told


def next_lines(settings: Settings, file: Path, language: Language, *, runs_as: str, is_running: bool) -> Iterator[str]:
    """Give what happens next; `runs_as` is what stands before a command for the service's user."""
    say, page = language.say, settings.page
    if not is_running:
        yield say("Start it with: duurloop run")
    if any(runner.strap for runner in settings.runners):
        yield say("Put the strap on: within ten seconds the house knows.")
    if page.listen and settings.page_is_open:
        yield say("The page, on this machine: {address}").format(address=f"http://{_written(page.listen)}")
    elif page.listen:
        yield say("The page on your phone: {command}").format(command=f"{runs_as}duurloop page link")
    if settings.strava.client_id:
        yield say("Strava wants your yes once: {command}").format(command=f"{runs_as}duurloop strava link")
    yield say("Is all well? {command}").format(command=f"{runs_as}duurloop doctor")
    if any(runner.strap for runner in settings.runners):
        yield say("The first run: {command}, or a tap on the page.").format(command=f"{runs_as}duurloop start")
    else:
        yield say("Bring your first run in: {command}").format(command=f"{runs_as}duurloop import FILE")
    yield say("The settings: {file}").format(file=file)


def _written(listen: Listen) -> str:
    return f"[{listen.host}]:{listen.port}" if ":" in listen.host else f"{listen.host}:{listen.port}"
