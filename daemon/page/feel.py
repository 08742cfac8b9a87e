"""The page behind the link of an `after` message: how did this run feel? One tap, and it is kept.

Looking at it changes nothing, for messengers look at links before people do. It takes and does not tell: whoever else
may see the link learns the day of a run, no heart rate and nothing that was said of it before.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeAlias

import structlog
from aiohttp import web

from daemon.clock import Clock
from daemon.domain.feeling import Feeling
from daemon.domain.progress import Move
from daemon.domain.run import Run
from daemon.domain.wording import ENGLISH, Language, day_word, move_text
from daemon.feeling import keep_feeling
from daemon.household import Runner
from daemon.page.feeling_form import NOTHING, Tapped, feeling_rows, note_box, read_tapped
from daemon.page.frame import UnansweredError, framed
from daemon.page.links import FEEL_SECRET, PATH, ExpiredLinkError, UnknownLinkError, read
from daemon.planning import Planner
from daemon.remote import RefusedError
from daemon.store import Store, StoreError

TAPS, WITHIN_S = 30, 60.0
"""Nobody taps more often; beyond it somebody's script is stuck."""

log = structlog.get_logger()


def feel_routes(planners: Sequence[Planner], store: Store, clock: Clock) -> list[web.AbstractRouteDef]:
    """Return what is answered under `/feel`."""
    desk = _Desk({planner.runner.name: planner for planner in planners}, store, clock)
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


_Handler: TypeAlias = Callable[[web.Request, _Meant], Awaitable[web.Response]]


class _Desk:
    """Answers the links."""

    def __init__(self, planners: Mapping[str, Planner], store: Store, clock: Clock) -> None:
        self._planners = planners
        self._store = store
        self._clock = clock
        self._taps: deque[float] = deque(maxlen=TAPS)

    async def show(self, request: web.Request) -> web.Response:
        """Show the buttons."""
        return await self._answer(request, self._shown)

    async def take(self, request: web.Request) -> web.Response:
        """Keep what was tapped, and show the buttons again for the rest."""
        return await self._answer(request, self._taken)

    async def _answer(self, request: web.Request, handle: _Handler) -> web.Response:
        language = self._any_language()
        try:
            meant = await self._meant(request)
            language = meant.runner.language
            return await handle(request, meant)
        except UnansweredError as error:
            line = error.told(language.say)
            return framed(language, "duurloop", f"<h1>duurloop</h1><p>{escape(line)}</p>", error.status)

    async def _shown(self, _request: web.Request, meant: _Meant) -> web.Response:
        return await self._page(meant, Tapped())

    async def _taken(self, request: web.Request, meant: _Meant) -> web.Response:
        self._count_tap()
        tapped = await read_tapped(request)
        if tapped.said != NOTHING:
            await self._keep(meant, tapped.said)
        if tapped.move is not None:
            await self._choose(meant, tapped.move)
        return await self._page(meant, tapped)

    async def _page(self, meant: _Meant, tapped: Tapped) -> web.Response:
        try:
            has_plan = await meant.planner.standing(self._clock.now()) is not None
        except (StoreError, RefusedError):
            has_plan = False  # then there is nothing to choose just now
        return _form_page(meant, tapped, has_plan=has_plan)

    async def _meant(self, request: web.Request) -> _Meant:
        try:
            secret = await self._store.secret(FEEL_SECRET)  # asked each time: it may be renewed meanwhile
            run_id = read(secret, request.match_info["token"], self._clock.now())
            run = await self._store.run(run_id)
        except UnknownLinkError:
            raise UnansweredError(404, "This link leads nowhere.") from None
        except ExpiredLinkError:
            raise UnansweredError(410, "This link has had its time. duurloop feel still takes your answer.") from None
        except StoreError as error:
            raise self._not_now(error) from error
        planner = self._planners.get(run.runner or "") if run else None
        if run is None or planner is None:
            raise UnansweredError(410, "This run is not kept any more.")
        return _Meant(planner, run)

    async def _keep(self, meant: _Meant, said: Feeling) -> None:
        try:
            await keep_feeling(self._store, meant.planner, meant.run.id, said, self._clock.now())
        except StoreError as error:
            raise self._not_now(error) from error
        log.info("feeling_said", runner=meant.runner.name)

    async def _choose(self, meant: _Meant, move: Move) -> None:
        try:
            choice = await meant.planner.choose(move, self._clock.now())
            if choice is None:
                raise UnansweredError(409, "The plan has no such step.")
            await self._store.commit([choice])
        except RefusedError as error:
            raise UnansweredError(409, error.sentence, **error.parts) from error
        except StoreError as error:
            raise self._not_now(error) from error
        log.info("step_chosen", runner=meant.runner.name)

    def _count_tap(self) -> None:
        now = self._clock.monotonic()
        if len(self._taps) == TAPS and now - self._taps[0] < WITHIN_S:
            raise UnansweredError(429, "That was a lot at once. In a minute it works again.")
        self._taps.append(now)

    def _any_language(self) -> Language:
        """Return the language of a house where it is not known who is reading: the first runner's."""
        return next((planner.runner.language for planner in self._planners.values()), ENGLISH)

    @staticmethod
    def _not_now(error: StoreError) -> UnansweredError:
        log.warning("feeling_not_kept", reason=str(error))
        return UnansweredError(503, "That cannot be kept just now. Please try again in a while.")


# -- what is shown -----------------------------------------------------------------------------------


def _form_page(meant: _Meant, tapped: Tapped, *, has_plan: bool) -> web.Response:
    """Return the buttons; those that were tapped by this reader a moment ago are marked."""
    language, known, said = meant.runner.language, meant.run.feeling or Feeling(), tapped.said
    say = language.say
    day = day_word(meant.run.started_at.astimezone(meant.runner.timezone).date(), language)
    title = say("How did your run of {day} feel?").format(day=day)
    parts = [_head(title, language, thanks=tapped != Tapped()), '<form method="post" autocomplete="off">', _kept(said)]
    parts.append(feeling_rows(said, language, asks_before=known.before is None or said.before is not None))
    if has_plan:
        parts.append(_moves(language, tapped.move))
    parts.append(f"{note_box(language)}</form>")
    return framed(language, title, "".join(parts))


def _moves(language: Language, tapped: Move | None) -> str:
    """Return the buttons to overrule what the plan proposes."""
    buttons = "".join(
        f'<button name="plan" value="{move.value}" aria-pressed="{"true" if move is tapped else "false"}">'
        f"{escape(move_text(move, language))}</button>"
        for move in (Move.EASIER, Move.SAME, Move.NEXT)
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
