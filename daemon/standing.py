"""How things stand, in words: the answer to `status`, for a terminal and for the page.

`words` says a sentence of the catalogues. It comes in as a function: `duurloop status` answers in a moment, and loads
no more of the languages than that.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from daemon.domain.strap import RADIO_WORDS, RadioTrouble
from daemon.telling import Words

Answer: TypeAlias = dict[str, Any]

WEAK_PCT = 20
"""At this a strap's battery is worth a word."""

A_WEEK = 7  # days


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is told, and where it goes on."""

    text: str
    command: str | None = None
    """At a terminal."""
    path: str | None = None
    """On the page."""


@dataclass(frozen=True, slots=True)
class Part:
    """A heading with what belongs under it."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """Whose things are told of."""

    names: Sequence[str]
    """The runners."""
    is_alone: bool
    """They are told to one runner, of that runner: what Strava's API alone knows is for nobody else."""

    def may_see(self, run: dict[str, Any]) -> bool:
        """Tell whether a run may be spoken of."""
        return self.is_alone or any(source != "strava_api" for source in run["sources"])


def parts(answer: Answer, words: Words, look: Look | None = None) -> tuple[Part, ...]:
    """Say how things stand: each runner, then the house. Without a `look` nothing is left out."""
    at = datetime.fromisoformat(answer["at"])
    runners = [runner for runner in answer["runners"] if look is None or runner["name"] in look.names]
    return (
        *(Part(runner["name"], tuple(_runner(runner, words, at, look))) for runner in runners),
        Part(words("Messages"), tuple(_messages(answer["outbox"], words, look))),
        *_links(answer["strava"], words, look),
        *_folder(answer["inbox"], words, look),
        *_outgoing(answer, words, look),
        Part(words("What is kept"), tuple(_database(answer, words, at))),
        Part("duurloop", tuple(_service(answer, words, at, is_named=look is None))),
    )


def radio_text(trouble: str, words: Words) -> str:
    """Say what keeps the house from listening, and what to try."""
    return words(RADIO_WORDS[RadioTrouble(trouble)])


# -- a runner --------------------------------------------------------------------------------------


def _runner(runner: dict[str, Any], words: Words, at: datetime, look: Look | None) -> Iterator[Line]:
    session, last = runner["session"], runner["last_run"]
    yield from _strap(runner["strap"], words)
    if session and look:  # a page stays open, and a heart rate in it would grow old
        yield Line(words("A session is going on."), path="/")
    elif session:
        heart = session["bpm"] if session["bpm"] is not None else "–"  # noqa: RUF001 - an unknown value
        minutes = session["elapsed_s"] // 60
        yield Line(words("Session: {minutes} min, heart rate {bpm}").format(minutes=minutes, bpm=heart))
    if last and (look is None or look.may_see(last)):
        minutes = round(last["duration_s"] / 60)
        said = words("Last run: {when}, {minutes} min").format(
            when=_when(last["started_at"], words, at), minutes=minutes
        )
        yield Line(said, f"duurloop show {last['id']}", f"/runs/{last['id']}")
    if until := runner["paused_until"]:
        yield Line(words("Pause up to and including {until}").format(until=until), "duurloop resume")
    if planned := runner["next_appointment"]:
        yield _appointment(planned["kind"], _when(planned["at"], words, at), words)


def _strap(strap: dict[str, Any], words: Words) -> Iterator[Line]:
    if not strap["configured"]:
        yield Line(words("No strap in the settings."))
    elif strap["radio"]:
        yield Line(radio_text(strap["radio"], words))
    elif strap["connected"]:
        yield from _connected(strap["name"], strap["battery_pct"], words)
    elif strap["released_for_s"] is not None:
        minutes = round(strap["released_for_s"] / 60)
        yield Line(words("Strap: released for another {minutes} min").format(minutes=minutes), path="/")
    elif not strap["allowed"]:
        yield Line(words("Strap: I look for it when you ask me to"), "duurloop arm", "/")
    else:
        yield Line(words("Strap: not in reach (that is normal when it is not worn)"), path="/help#strap")


def _connected(name: str | None, battery_pct: int | None, words: Words) -> Iterator[Line]:
    if battery_pct is None:
        yield Line(words("Strap: {name} is connected").format(name=name))
        return
    yield Line(words("Strap: {name} is connected, battery at {battery} %").format(name=name, battery=battery_pct))
    if battery_pct <= WEAK_PCT:
        yield Line(words("The battery of your strap is nearly empty. Put in a new one before your next run."))


def _appointment(kind: str, when: str, words: Words) -> Line:
    if kind == "reminder":
        return Line(words("Next reminder: {when}").format(when=when))
    return Line(words("Next: {when}, the smallest step there is; then silence").format(when=when))


# -- the house -------------------------------------------------------------------------------------


def _messages(outbox: dict[str, Any], words: Words, look: Look | None) -> Iterator[Line]:
    if waiting := outbox["waiting"]:
        yield Line(words("Messages waiting: {waiting}").format(waiting=waiting))
    else:
        yield Line(words("No message waits to be sent."))
    channels = [one for one in outbox["channels"] if look is None or one["runner"] in look.names]
    if not channels:
        yield Line(words("There are no channels in the settings, so no messages will come."))
    for channel in channels:
        yield Line(f"{channel['name']}: {_channel(channel, words)}")


def _channel(channel: dict[str, Any], words: Words) -> str:
    if channel["ok"]:
        return words("no trouble")
    advice = words("its settings need a look") if channel["needs_you"] else words("I keep trying")
    return f"{words(channel['reason'])} ({advice})"


def _links(links: Iterable[dict[str, Any]], words: Words, look: Look | None) -> Iterator[Part]:
    shown = [link for link in links if look is None or link["runner"] in look.names]
    if not shown:
        return
    from daemon.strava.told import link_lines  # noqa: PLC0415 - only for who is linked

    for link in shown:
        title = "Strava" if len(shown) == 1 and look else f"Strava, {link['runner']}"
        yield Part(title, tuple(map(Line, link_lines(link, words))))


def _folder(inbox: dict[str, Any] | None, words: Words, look: Look | None) -> Iterator[Part]:
    if inbox is None:
        return
    lines = [words("It is here: {folder}").format(folder=inbox["folder"])]
    if not inbox["ok"]:
        lines.append(_reason(inbox, words))
    lines.append(
        words("files still to be read: {waiting}").format(waiting=inbox["waiting"])
        if inbox["waiting"]
        else words("All files in it have been looked at.")
    )
    failed = [one for one in inbox["failed"] if look is None or _is_for(one["file"], look)]
    lines += [f"{one['file']}: {_reason(one, words)}" for one in failed]
    yield Part(words("Watched folder"), tuple(map(Line, lines)))


def _outgoing(answer: Answer, words: Words, look: Look | None) -> Iterator[Part]:
    """Say what goes out; of sessions for Strava who is linked is told with the link."""
    outgoing = answer.get("handing_out")  # a service of an earlier version has none
    if outgoing is None:
        return
    folder = outgoing["folder"]
    lines = list(_files(folder, words)) if folder else []
    linked = {link["runner"] for link in answer["strava"]}
    for one in outgoing["strava"]:
        is_mine = look is None or one["runner"] in look.names
        if is_mine and one["waiting"] and one["runner"] not in linked:
            said = words("{runner}: sessions wait to go to Strava, which is not linked: {waiting}")
            lines.append(Line(said.format(runner=one["runner"], waiting=one["waiting"]), "duurloop strava link"))
    if lines:
        yield Part(words("Your sessions elsewhere"), tuple(lines))


def _files(folder: dict[str, Any], words: Words) -> Iterator[Line]:
    yield Line(words("As files, here: {folder}").format(folder=folder["path"]))
    if not folder["ok"]:
        yield Line(_reason(folder, words))
    if folder["waiting"]:
        yield Line(words("sessions still to be put there: {waiting}").format(waiting=folder["waiting"]))
    else:
        yield Line(words("All sessions that were to go there are in it."))


def _is_for(file: str, look: Look) -> bool:
    """Tell whether a file is not some other runner's: theirs lie in folders of their names."""
    whose, slash, _ = file.partition("/")
    return not slash or whose.casefold() in {name.casefold() for name in look.names}


def _reason(told: dict[str, Any], words: Words) -> str:
    sentence, filled = told["sentence"], told["parts"]
    return words(sentence).format(**filled)


def _database(answer: Answer, words: Words, at: datetime) -> Iterator[Line]:
    if trouble := answer["store"]["trouble"]:
        yield Line(words("The database takes nothing just now: {reason}").format(reason=trouble))
    else:
        yield Line(words("All that came in is kept."))
    copies = answer.get("copies")
    if copies is None:
        return
    if copied_at := answer["store"]["copied_at"]:
        is_safe = words("Last copy: {when}, on another disk.")
        said = is_safe if copies["is_elsewhere"] else words("Last copy: {when}, on the same disk as all the rest.")
        yield Line(said.format(when=_when(copied_at, words, at)))
    else:
        yield Line(words("There is no copy of it yet; the first is made within a day."))
    if not copies["ok"]:
        yield Line(words("No copy could be made lately: {reason}").format(reason=_reason(copies, words)))
    elif not copies["is_elsewhere"]:
        advice = words("A copy on another disk is safer: name a folder there under [backup], or use duurloop backup.")
        yield Line(advice)


def _service(answer: Answer, words: Words, at: datetime, *, is_named: bool) -> Iterator[Line]:
    since = _when(answer["since"], words, at)
    yield Line(words("duurloop has been running since {since}.").format(since=since))
    if answer.get("settings", {}).get("faults"):  # a service before an update does not tell
        yield Line(
            words("There are newer settings that cannot be used; the ones before are in force."), "duurloop check"
        )
    if is_named:  # a worker may be called after its runner
        yield from (Line(words("{worker} hangs.").format(worker=worker)) for worker in answer["late"])
    elif answer["late"]:
        yield Line(words("A part of duurloop hangs. It is started again by itself."))


def _when(stamp: str, words: Words, at: datetime) -> str:
    """Say a moment as people do when it is near."""
    moment = datetime.fromisoformat(stamp)
    time = f"{moment:%H:%M}"
    days = (moment.date() - at.astimezone(moment.tzinfo).date()).days
    near = {-1: words("yesterday at {time}"), 0: words("today at {time}"), 1: words("tomorrow at {time}")}
    if days in near:
        return near[days].format(time=time)
    if abs(days) < A_WEEK:
        return words("{day} at {time}").format(day=_day(moment, words), time=time)
    return f"{moment:%Y-%m-%d} {time}"


def _day(moment: datetime, words: Words) -> str:
    # not `day_word`: all of the wording would have to be loaded for it, and `status` answers at once
    names = (
        *(words("Monday"), words("Tuesday"), words("Wednesday"), words("Thursday")),
        *(words("Friday"), words("Saturday"), words("Sunday")),
    )
    return names[moment.weekday()]
