"""A settings file from nothing: what was answered, each key with a line on what it is for, in the runner's language."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import tomlkit
from tomlkit.items import Item

from config import forms
from config.wish import ChannelWish, Gone, RunnerWish, Wish, ZoneWish

Say: TypeAlias = Callable[[str], str]

OF_THE_RUNNER = ("medication", "plan", "days", "time", "week", "quiet", "upload")
TABLES = ("facts", "nudges")
OF_THE_HOUSE = ("page", "strava", "import", "export", "backup")


def composed(wish: Wish, say: Say) -> str:
    """Return the text of a new file."""
    parts = [_top(say)]
    if wish.runner:
        parts.append(runner_text(wish.runner, say))
    parts += [table_text(name, _of_table(wish, name), say) for name in OF_THE_HOUSE if _of_table(wish, name)]
    return "\n".join(parts)


def _of_table(wish: Wish, name: str) -> dict[str, Any]:
    return {key: value for (table, key), value in wish.house.items() if table == name and value is not Gone.GONE}


def _top(say: Say) -> str:
    lines = (
        say("The settings of duurloop. Change them here, or let duurloop setup ask you again."),
        say("Check them with: duurloop check. All that can be set, explained: duurloop check --example"),
    )
    return "".join(f"# {line}\n" for line in lines)


# -- a runner --------------------------------------------------------------------------------------


def runner_text(runner: RunnerWish, say: Say) -> str:
    """Return a runner's table, with those that belong to it."""
    sections = [_runner(runner, say)]
    for name in TABLES:
        values = {at[1]: value for at, value in runner.values.items() if len(at) > 1 and at[0] == name}
        if values:
            sections.append(subtable_text(name, values, say))
    sections += [channel_text(channel, say) for channel in runner.channels if not channel.is_gone]
    return "\n".join(sections)


def _runner(runner: RunnerWish, say: Say) -> str:
    values = {at[0]: value for at, value in runner.values.items() if len(at) == 1 and value is not Gone.GONE}
    lines = ["[[runners]]\n", _line("name", runner.name)]
    if "language" in values:
        lines.append(_line("language", values["language"], say("of the messages: nl or en")))
    if runner.zone:
        lines += _told(comment("zone", say), _line("zone", zone_value(runner.zone)))
    if isinstance(runner.strap, str):
        lines += _told(comment("strap", say), _line("strap", runner.strap))
        if runner.connect:
            lines.append(_line("connect", runner.connect, say("always, or armed: only after duurloop arm")))
    for key in OF_THE_RUNNER:
        if key in values:
            lines += _told(comment(key, say), _line(key, values[key]))
    return "".join(lines)


def subtable_text(name: str, values: Mapping[str, Any], say: Say) -> str:
    """Return one of a runner's own tables."""
    lines = [_line(key, value, _fact(key, say)) for key, value in values.items() if value is not Gone.GONE]
    return f"# {comment(name, say)}\n[runners.{name}]\n{''.join(lines)}"


def channel_text(channel: ChannelWish, say: Say) -> str:
    """Return the table of a channel."""
    lines = ["[[runners.channels]]\n", _line("name", channel.name)]
    for key in ("url", "credential", "for", "figures"):
        value = channel.values.get(key, Gone.GONE)
        if value is not Gone.GONE:
            lines += _told(comment(key, say), _line(key, value))
    return "".join(lines)


def zone_value(zone: ZoneWish) -> Any:  # noqa: ANN401 - text, or a list of tables
    """Return a zone as it is written from the first day on: as text if there is nothing more to say of it."""
    if zone.origin == "own":
        return zone.bounds
    return list_value([{"zone": zone.bounds, "origin": zone.origin}])


def list_value(rows: Iterable[Any]) -> Any:  # noqa: ANN401 - tomlkit's list
    """Return a list of values or tables as it is written in one line."""
    array = tomlkit.array()
    for row in rows:
        array.append(table_value(row) if isinstance(row, dict) else row)
    return array


def table_value(values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - tomlkit's table
    """Return a table as it is written in one line."""
    inside = ", ".join(f"{key} = {value_text(value)}" for key, value in values.items() if value is not None)
    return tomlkit.value(f"{{ {inside} }}")


# -- the house -------------------------------------------------------------------------------------


def table_text(name: str, values: Mapping[str, Any], say: Say) -> str:
    """Return one of the tables of the whole house."""
    lines = [f"[{name}]\n"]
    for key, value in values.items():
        lines += _told(comment(f"{name}.{key}", say), _line(key, value))
    return "".join(lines)


# -- lines -----------------------------------------------------------------------------------------


def _line(key: str, value: Any, beside: str = "") -> str:  # noqa: ANN401 - whatever TOML takes
    written = f"{key} = {value_text(value)}"
    return f"{written}   # {beside}\n" if beside else f"{written}\n"


def value_text(value: Any) -> str:  # noqa: ANN401 - whatever TOML takes
    """Return a value as TOML has it."""
    if isinstance(value, dict):
        return str(table_value(value).as_string())
    if isinstance(value, list) and not isinstance(value, Item):
        return str(list_value(value).as_string())
    return str(tomlkit.item(value).as_string())


def _told(told: str, line: str) -> Iterator[str]:
    if told:
        yield f"# {told}\n"
    yield line


def comment(key: str, say: Say) -> str:
    """Return what is said above a key, in one line; nothing for one that speaks for itself."""
    return {
        "zone": say("Calm is between these two heart rates. If you can talk, you are in it."),
        "strap": say("The strap's name as duurloop scan shows it, or its address."),
        "medication": say("true if medicine changes your heart rate (beta blockers do): no formula is used then."),
        "plan": say("walk-4, rustig-12, start-9 or continuous; or a plan's file of your own."),
        "days": say("The days you run, as mon, tue, wed, thu, fri, sat, sun."),
        "time": say("When the reminder comes on those days."),
        "week": say("When the summary of the week comes."),
        "quiet": say("In these hours nothing is sent, except what is said during a run."),
        "upload": say("Whether sessions recorded here go to your account at Strava too."),
        "facts": say("What duurloop zone makes its proposals of. Nothing is ever changed by it."),
        "nudges": say("What you want to hear beyond the usual."),
        "credential": say("The address stands in the folder credentials, in a file of this name."),
        "for": say("What goes there: live, after, reminder, week, service."),
        "figures": say("Whether messages there may hold heart rates."),
        "page.listen": say("127.0.0.1 is this machine alone, 0.0.0.0 the whole home network."),
        "page.address": say("Where your phone finds the page; links in messages begin with it."),
        "strava.client_id": say("Your own application: https://www.strava.com/settings/api"),
        "strava.credential": say("Its secret stands in the folder credentials, in a file of this name."),
        "import.folder": say("Files of runs that appear here are brought in."),
        "export.folder": say("Sessions recorded here go into this folder as FIT files."),
        "backup.folder": say("Where the daily copies go."),
    }.get(key, "")


def _fact(key: str, say: Say) -> str:
    return {
        "born": say("the year"),
        "resting": say("beats per minute, in bed in the morning"),
        "maximum": say("measured, not worked out from age"),
        "threshold": say("mean of the last 20 minutes of a hard half hour"),
        "training": say("recovering, starting, steady or years"),
    }.get(key, "")


def means(key: str, value: object) -> object:
    """Return what a value means, whichever way it is written; itself where there is but one way."""
    readers: dict[str, Callable[[object], object]] = {
        "time": forms.time_of_day,
        "week": forms.week_moment,
        "quiet": forms.quiet_hours,
        "listen": forms.listen,
        "client_id": str,
        "days": _days,
    }
    try:
        return readers[key](value) if key in readers else value
    except ValueError:  # a refusal, too: it means what it says
        return value


def _days(value: object) -> object:
    return {forms.weekday(day) for day in value} if isinstance(value, list) else value
