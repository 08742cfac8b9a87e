"""The letters of a week: the same words for all channels of a runner, and a picture for a mailbox."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeAlias

import structlog

from daemon.aside import in_thread
from daemon.clock import Clock
from daemon.domain.calendar import day_of
from daemon.domain.week import IsoWeek, Together, Week
from daemon.domain.wording import Text, week_text
from daemon.household import Channel
from daemon.letters import Scribe
from daemon.ports import PictureError
from daemon.store import Fact, Kind, LetterWritten
from daemon.weekly.drawing import week_drawing
from daemon.weekly.gathering import Weeks
from daemon.weekly.mail import week_mail

PngOf: TypeAlias = Callable[[str], bytes]
"""Makes a PNG of an SVG; it takes its time, and is called in a thread of its own. Raises `PictureError`."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Suggested:
    """Something else that is worth a sentence, in the runner's language."""

    say: Callable[[bool], str]
    """Says it, with or without figures."""
    facts: tuple[Fact, ...] = ()
    """What is to be kept with the letters that say it."""


Suggest: TypeAlias = Callable[[datetime], Awaitable[Suggested | None]]
"""Returns what is worth a sentence today; nothing mostly."""


async def nothing_else(_now: datetime) -> Suggested | None:
    """Suggest nothing."""
    return None


class WeekWriter:
    """Writes the letters of one runner's weeks."""

    def __init__(self, weeks: Weeks, clock: Clock, png_of: PngOf, suggest: Suggest = nothing_else) -> None:
        self._weeks = weeks
        self._clock = clock
        self._png_of = png_of
        self._suggest = suggest

    async def letters(self, key: IsoWeek, *, again: bool = False) -> Sequence[Fact]:
        """Return the letters for the channels that take the week, to be kept; `again` sends it a second time.

        Raises `StoreError`.
        """
        runner, now = self._weeks.runner, self._clock.now()
        wanted = {_Form.of(channel) for channel in runner.channels if Kind.WEEK in channel.kinds}
        if not wanted:
            return []
        week, group = await self._weeks.week(key, now), await self._weeks.together(key)
        suggested = await self._suggest(now)
        say = partial(self._text, week, now, group, suggested)
        texts = {form: await say(form=form) for form in wanted}
        name = f"week:{key}:{now.isoformat()}" if again else f"week:{key}"
        letters = Scribe(runner, self._clock).write(Kind.WEEK, name, lambda channel: texts[_Form.of(channel)])
        return [*map(LetterWritten, letters), *(suggested.facts if suggested else ())]

    async def _text(
        self, week: Week, now: datetime, group: Together | None, suggested: Suggested | None, *, form: "_Form"
    ) -> Text:
        runner, figures = self._weeks.runner, form.figures
        turn = runner.turn(day_of(now, runner.timezone))
        suggestion = suggested.say(figures) if suggested else None
        text = week_text(week, runner.language, figures=figures, turn=turn, together=group, suggestion=suggestion)
        if not form.is_mail:
            return text
        try:
            picture = await in_thread(partial(self._picture, week, figures=figures), "picture")
        except PictureError as error:
            log.warning("picture_failed", runner=runner.name, reason=str(error))
            return text
        return replace(text, mail=week_mail(text, week, runner.language, figures=figures, picture=picture))

    def _picture(self, week: Week, *, figures: bool) -> bytes:
        return self._png_of(week_drawing(week, self._weeks.runner.language, figures=figures))


@dataclass(frozen=True, slots=True)
class _Form:
    """How the week is told to a channel."""

    figures: bool
    is_mail: bool

    @classmethod
    def of(cls, channel: Channel) -> "_Form":
        """Return how it is told to this one."""
        return cls(channel.figures, channel.is_mailbox)
