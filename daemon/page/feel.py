"""The page behind the link of an `after` message: how did this run feel? One tap, and it is kept.

Looking at it changes nothing, for messengers look at links before people do. It takes and does not tell: whoever else
may see the link learns the day of a run, no heart rate and nothing that was said of it before.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import structlog
from aiohttp import web

from daemon.clock import Clock
from daemon.domain.feeling import EFFORTS, FEELINGS, LONGEST_NOTE, Feeling
from daemon.domain.progress import Move
from daemon.domain.run import Run
from daemon.domain.wording import ENGLISH, Language, day_word, feeling_word
from daemon.feeling import keep_feeling, note_from
from daemon.household import Runner
from daemon.page.frame import framed
from daemon.page.links import PATH, ExpiredLinkError, UnknownLinkError, read
from daemon.planning import Planner
from daemon.remote import RefusedError
from daemon.store import Store, StoreError

LARGEST_FORM_BYTES = 8 * 1024
TAPS, WITHIN_S = 30, 60.0
"""Nobody taps more often; beyond it somebody's script is stuck."""

log = structlog.get_logger()


def feel_routes(secret: bytes, planners: Sequence[Planner], store: Store, clock: Clock) -> list[web.AbstractRouteDef]:
    """Return what is answered under `/feel`; `secret` is the store's of the name `feel`."""
    desk = _Desk(secret, {planner.runner.name: planner for planner in planners}, store, clock)
    path = PATH + "/{token}"
    return [web.get(path, desk.show), web.post(path, desk.take)]


@dataclass(frozen=True, slots=True)
class _Meant:
    """Whom and what a link is for."""

    planner: Planner
    run: Run

    @property
    def runner(self) -> Runner:
        """Whose run it is."""
        return self.planner.runner


NOTHING = Feeling()


@dataclass(frozen=True, slots=True)
class Tapped:
    """What a reader has tapped just now."""

    said: Feeling = NOTHING
    move: Move | None = None
    """Over what the plan proposes."""


class _Desk:
    """Answers the links."""

    def __init__(self, secret: bytes, planners: Mapping[str, Planner], store: Store, clock: Clock) -> None:
        self._secret = secret
        self._planners = planners
        self._store = store
        self._clock = clock
        self._taps: deque[float] = deque(maxlen=TAPS)

    async def show(self, request: web.Request) -> web.Response:
        """Show the buttons."""
        try:
            meant = await self._meant(request)
        except _UnansweredError as error:
            return error.page()
        return await self._page(meant, Tapped())

    async def take(self, request: web.Request) -> web.Response:
        """Keep what was tapped, and show the buttons again for the rest."""
        try:
            meant = await self._meant(request)
            self._count_tap(meant.runner.language)
            tapped = await _read_form(request, meant.runner.language)
            if tapped.said != NOTHING:
                await self._keep(meant, tapped.said)
            if tapped.move is not None:
                await self._choose(meant, tapped.move)
        except _UnansweredError as error:
            return error.page()
        return await self._page(meant, tapped)

    async def _page(self, meant: _Meant, tapped: Tapped) -> web.Response:
        try:
            has_plan = await meant.planner.standing(self._clock.now()) is not None
        except (StoreError, RefusedError):
            has_plan = False  # then there is nothing to choose just now
        return _form_page(meant, tapped, has_plan=has_plan)

    async def _meant(self, request: web.Request) -> _Meant:
        language = self._any_language()
        try:
            run_id = read(self._secret, request.match_info["token"], self._clock.now())
            run = await self._store.run(run_id)
        except UnknownLinkError:
            raise _UnansweredError(404, language, language.say("This link leads nowhere.")) from None
        except ExpiredLinkError:
            raise _UnansweredError(
                410, language, language.say("This link has had its time. duurloop feel still takes your answer.")
            ) from None
        except StoreError as error:
            raise self._not_now(error, language) from error
        planner = self._planners.get(run.runner or "") if run else None
        if run is None or planner is None:
            raise _UnansweredError(410, language, language.say("This run is not kept any more."))
        return _Meant(planner, run)

    async def _keep(self, meant: _Meant, said: Feeling) -> None:
        try:
            await keep_feeling(self._store, meant.planner, meant.run.id, said, self._clock.now())
        except StoreError as error:
            raise self._not_now(error, meant.runner.language) from error
        log.info("feeling_said", runner=meant.runner.name)

    async def _choose(self, meant: _Meant, move: Move) -> None:
        language = meant.runner.language
        try:
            choice = await meant.planner.choose(move, self._clock.now())
            if choice is None:
                raise _UnansweredError(409, language, language.say("The plan has no such step."))
            await self._store.commit([choice])
        except RefusedError as error:
            raise _UnansweredError(409, language, language.say(error.sentence).format(**error.parts)) from error
        except StoreError as error:
            raise self._not_now(error, language) from error
        log.info("step_chosen", runner=meant.runner.name)

    def _count_tap(self, language: Language) -> None:
        now = self._clock.monotonic()
        if len(self._taps) == TAPS and now - self._taps[0] < WITHIN_S:
            raise _UnansweredError(429, language, language.say("That was a lot at once. In a minute it works again."))
        self._taps.append(now)

    def _any_language(self) -> Language:
        """Return the language of a house where it is not known who is reading: the first runner's."""
        return next((planner.runner.language for planner in self._planners.values()), ENGLISH)

    @staticmethod
    def _not_now(error: StoreError, language: Language) -> "_UnansweredError":
        log.warning("feeling_not_kept", reason=str(error))
        return _UnansweredError(
            503, language, language.say("That cannot be kept just now. Please try again in a while.")
        )


class _UnansweredError(Exception):
    """A request that gets a kind line instead of the buttons."""

    def __init__(self, status: int, language: Language, line: str) -> None:
        super().__init__(line)
        self._status = status
        self._language = language
        self._line = line

    def page(self) -> web.Response:
        """Return that line as a page."""
        body = f"<h1>duurloop</h1><p>{escape(self._line)}</p>"
        return framed(self._language, "duurloop", body, self._status)


# -- what is tapped ----------------------------------------------------------------------------------


async def _read_form(request: web.Request, language: Language) -> Tapped:
    if (request.content_length or 0) > LARGEST_FORM_BYTES:
        raise _UnansweredError(413, language, language.say("That is too long."))
    not_understood = _UnansweredError(400, language, language.say("I did not understand that."))
    if request.content_type != "application/x-www-form-urlencoded":
        raise not_understood
    try:
        form = await request.post()
        # what was said a moment ago travels along hidden, and the button that was tapped comes after it
        texts = {name: [value for value in form.getall(name, []) if isinstance(value, str)][-1:] for name in _FIELDS}
        said = Feeling(
            before=_number(texts["before"]),
            after=_number(texts["after"]),
            effort=_number(texts["effort"]),
            note=note_from("".join(texts["note"])),
        )
        return Tapped(said, Move("".join(texts["plan"])) if texts["plan"] else None)
    except RefusedError as error:
        raise _UnansweredError(400, language, language.say(error.sentence).format(**error.parts)) from error
    except (ValueError, LookupError) as error:
        raise not_understood from error


_FIELDS = ("before", "after", "effort", "note", "plan")


def _number(texts: Sequence[str]) -> int | None:
    text = "".join(texts)
    if not text:
        return None
    if len(text) > 2 or not (text.isascii() and text.isdecimal()):  # noqa: PLR2004 - no scale goes beyond 10
        raise ValueError("no number of the scales")
    return int(text)


# -- what is shown -----------------------------------------------------------------------------------


def _form_page(meant: _Meant, tapped: Tapped, *, has_plan: bool) -> web.Response:
    """Return the buttons; those that were tapped by this reader a moment ago are marked."""
    language, known, said = meant.runner.language, meant.run.feeling or Feeling(), tapped.said
    say = language.say
    day = day_word(meant.run.started_at.astimezone(meant.runner.timezone).date(), language)
    title = say("How did your run of {day} feel?").format(day=day)
    parts = [_head(title, language, thanks=tapped != Tapped()), '<form method="post" autocomplete="off">', _kept(said)]
    words = [feeling_word(feeling, language) for feeling in FEELINGS]
    parts.append(_row("after", say("Afterwards I felt"), zip(FEELINGS, words, strict=True), said.after))
    if known.before is None or said.before is not None:
        parts.append(_row("before", say("Before it I felt"), zip(FEELINGS, words, strict=True), said.before))
    effort = say("The effort, from 1 (very light) to 10 (as hard as can be)")
    parts.append(_row("effort", effort, ((number, "") for number in EFFORTS), said.effort))
    if has_plan:
        parts.append(_moves(language, tapped.move))
    line, keep = say("A line of your own"), say("Keep it")
    parts.append(
        f'<fieldset><legend><label for="note">{escape(line)}</label></legend>'
        f'<textarea id="note" name="note" maxlength="{LONGEST_NOTE}"></textarea>'
        f'<button class="send">{escape(keep)}</button></fieldset></form>'
    )
    return framed(language, title, "".join(parts))


def _moves(language: Language, tapped: Move | None) -> str:
    """Return the buttons to overrule what the plan proposes."""
    words = {
        Move.EASIER: language.say("An easier step"),
        Move.SAME: language.say("The same step"),
        Move.NEXT: language.say("The next step"),
    }
    buttons = "".join(
        f'<button name="plan" value="{move.value}" aria-pressed="{"true" if move is tapped else "false"}">'
        f"{escape(word)}</button>"
        for move, word in words.items()
    )
    legend = escape(language.say("Next time I would rather take"))
    return f'<fieldset><legend>{legend}</legend><div class="row three">{buttons}</div></fieldset>'


def _head(title: str, language: Language, *, thanks: bool) -> str:
    if thanks:
        lines = (language.say("Thank you, it is kept."), language.say("You may close this page, or say more."))
    else:
        lines = (language.say("One tap is enough; the rest is up to you."), language.say("Your answer stays at home."))
    mark = ' class="thanks" role="status"' if thanks else ""
    return f"<h1>{escape(title)}</h1><p{mark}>{escape(lines[0])}</p><p>{escape(lines[1])}</p>"


def _kept(said: Feeling) -> str:
    """Let what was tapped travel along, so that the next page still marks it."""
    numbers = {"before": said.before, "after": said.after, "effort": said.effort}
    return "".join(
        f'<input type="hidden" name="{name}" value="{number}">' for name, number in numbers.items() if number
    )


def _row(name: str, legend: str, choices: Iterable[tuple[int, str]], tapped: int | None) -> str:
    buttons = "".join(
        f'<button name="{name}" value="{number}" aria-pressed="{"true" if number == tapped else "false"}">'
        f"<b>{number}</b>{f'<small>{escape(word)}</small>' if word else ''}</button>"
        for number, word in choices
    )
    size = "row" if name == "effort" else "row big"
    return f'<fieldset><legend>{escape(legend)}</legend><div class="{size}">{buttons}</div></fieldset>'
