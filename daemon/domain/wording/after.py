"""Three lines after a run: how calm it was, what went well, what comes next.

Every family has eight variants, so that a day's number as `turn` repeats no sentence within a week; only the word
after a very long run, which comes once a month at most, has fewer. A variant stands beside any of the other lines, so
none of them leans on its neighbour.
"""

from dataclasses import dataclass
from typing import TypeAlias, assert_never

from daemon.domain.effort import Judgement, Reason, Verdict
from daemon.domain.marking import _
from daemon.domain.progress import Proposal, Why
from daemon.domain.run import Source
from daemon.domain.wording.text import Language, Text, duration, within
from daemon.domain.wording.why import onward_text


@dataclass(frozen=True, slots=True)
class Onward:
    """The run was one along a plan, which now proposes this."""

    proposal: Proposal
    step_name: str
    """In the runner's language."""


@dataclass(frozen=True, slots=True)
class Waits:
    """The run stood beside the plan, which waits where it was."""

    step_name: str


@dataclass(frozen=True, slots=True)
class LongRun:
    """Without a plan: clearly the longest run in a month."""


Outlook: TypeAlias = Onward | Waits | LongRun
"""What the third line is about, if it is not the run itself."""

_VERDICTS = {
    Verdict.CALM: _("calm"),
    Verdict.LIVELY: _("lively"),
    Verdict.HARD: _("strong"),
    Verdict.UNJUDGED: _("not judged"),
}
_SOURCES = {
    Source.STRAP: _("your strap"),
    Source.FILE: _("a file"),
    Source.ARCHIVE: _("Strava's archive"),
    Source.STRAVA_API: "Strava",
}
_REASONS: dict[Reason, tuple[str, ...]] = {
    Reason.NO_HEART_RATE: (
        _("There was no heart rate to go by; your own feeling knows best."),
        _("Without heart rate you are the judge: could you talk along the way?"),
        _("Just you and your breath this time, no numbers."),
        _("How calm it was, only you can say: no heart rate came along."),
        _("I know how long it lasted, not what your heart did. If you could chat, it was calm."),
        _("No heart rate with this one, and none is needed to enjoy it."),
        _("This one came without heart rate. How it felt is a fine measure."),
        _("Nothing measured, and that is fine: talking is the best gauge there is."),
    ),
    Reason.NO_ZONE: (
        _("There is no calm zone set yet to go by."),
        _("Your calm zone is not set yet, so I only look on."),
        _("With a calm zone of your own I can tell you more; you find it under: duurloop zone."),
        _("Without a zone of your own I can't say what is calm for you."),
        _("What calm is for you, I have yet to learn: there is no zone so far."),
        _("I have your heart rate; a calm zone to lay beside it is yet to come."),
        _("Once there is a zone I can say how calm it was. There is no hurry."),
        _("No zone is set so far; until then being able to talk is a good guide."),
    ),
    Reason.TOO_SHORT: (
        _("It was too short to say how calm it was."),
        _("A short one, too short to judge, and just as welcome."),
        _("Short and simple; from so little I can't tell how calm it was."),
        _("In so short a time a heart says little about calm."),
        _("Only a few minutes, so I leave the judging be."),
        _("That was brief: nothing to judge, and nothing wrong with it."),
        _("The first minutes tell little, and this was hardly longer."),
        _("Too brief for a verdict; short ones are fine."),
    ),
    Reason.TOO_FEW_VALUES: (
        _("The heart was not heard long enough to say how calm it was."),
        _("Your heart came through only in parts, too little to tell how calm it was."),
        _("Too much of the signal was missing to say something sensible about calm."),
        _("The signal had gaps; how calm it was, you know best."),
        _("Only part of your heart rate arrived, so I leave the judging to you."),
        _("The measuring faltered now and then. Your own feeling fills the gaps."),
        _("I heard you by fits and starts, too little to go by."),
        _("For a good part I heard nothing, so I can't say how calm it was."),
    ),
}
_HOW_CALM: dict[Verdict, tuple[str, ...]] = {
    Verdict.CALM: (
        _("A calm run: you stayed where talking is easy."),
        _("This was calm, nearly all of the time."),
        _("Your heart stayed quiet this time."),
        _("Nice and calm: that is how an easy run is meant to be."),
        _("You stayed under your limit nearly all the way."),
        _("An easy one: your heart had room to spare."),
        _("A quiet one, hardly ever above your zone."),
        _("A gentle one, and your heart agreed."),
    ),
    Verdict.LIVELY: (
        _("A lively run: calm for the most part, with some stretches above."),
        _("Mostly calm, and lively here and there."),
        _("Most of it was calm; some of it went above."),
        _("Livelier than calm, with quiet stretches in between."),
        _("Your heart was in the mood: calm, with some livelier parts."),
        _("More calm than lively, though your heart did climb at times."),
        _("For the larger part talking was easy; the rest was brisker."),
        _("Somewhat above your zone in places, calm in the others."),
    ),
    Verdict.HARD: (
        _("A strong run: much of it was above your calm zone."),
        _("Your heart worked quite a bit this time."),
        _("This was on the strong side for your heart."),
        _("A demanding one, often above your limit."),
        _("It took more than a calm run takes."),
        _("Your heart was on the high side for much of the time."),
        _("There was a lot of power in it, more than calm asks for."),
        _("More strong than calm, this one."),
    ),
}
_HELD_BACK = (
    _("Holding back is a skill, and you have it."),
    _("You gave yourself time, and that is harder than it looks."),
    _("You did not let yourself be hurried. Well done."),
    _("You chose your own pace, and chose it well."),
    _("This is how staying power grows, bit by bit."),
    _("You felt where your limit lies, and let it be."),
    _("Being able to find this rhythm is worth a lot."),
    _("Keeping something in reserve: you managed that nicely."),
)
_LONG_ENOUGH = (
    _("You were out for a good while, and that is how fitness grows."),
    _("You took a good long time for yourself."),
    _("All those minutes on your feet count."),
    _("You kept moving for a good stretch; your legs will remember."),
    _("So much time on the move is worth a lot."),
    _("You stayed with it for a good while, and you may be content with that."),
    _("Your body got a good deal of movement."),
    _("You made room for it in your day, and not just a little."),
)
_SHOWED_UP = (
    _("You went, and that is the part that counts."),
    _("You did something good for yourself."),
    _("Every time you go makes beginning a little easier."),
    _("A little is so much more than nothing."),
    _("It is done, and it is yours."),
    _("You made time for it. That is worth more than any number."),
    _("Starting is often the hardest part, and you did it."),
    _("Shoes on and off you went: that is how a habit grows."),
)
_NEXT: dict[Verdict, tuple[str, ...]] = {
    Verdict.CALM: (
        _("Next time just like this."),
        _("The next one may be the same."),
        _("Nothing needs to change: keep it like this."),
        _("Carry on with the same ease."),
        _("On to another quiet one."),
        _("More of the same is all you need."),
        _("Take this feeling along to the next one."),
        _("What works may stay as it is."),
    ),
    Verdict.LIVELY: (
        _("Next time begin a little slower; the rest follows by itself."),
        _("The next one may begin gently, as if you had all day."),
        _("Next time walk a few steps as soon as you hear your breath."),
        _("Make the first ten minutes of the next one extra easy."),
        _("Next time a little less effort is plenty."),
        _("Next time tell a story on the way, to yourself if need be."),
        _("With a bit more walking the next one grows calmer by itself."),
        _("Make the next one so easy that it feels almost too easy."),
    ),
    Verdict.HARD: (
        _("Next time walk for a moment whenever talking gets hard."),
        _("Make the next one a gentle one; walking counts in full."),
        _("Next time take a walking break before you need one."),
        _("The next one may cost a good deal less."),
        _("Begin the next one at a walk, and let the running come by itself."),
        _("Next time choose a pace at which you could hum a tune."),
        _("A short and easy one is the best to follow."),
        _("Half the running and twice the walking: a good plan for next time."),
    ),
    Verdict.UNJUDGED: (
        _("The next one is welcome whenever it suits you."),
        _("Until the next one."),
        _("Next time at your ease again."),
        _("The next one may be a short one."),
        _("Keep it light next time, and enjoy it."),
        _("Whenever you go next, take your time."),
        _("Begin gently next time, and look around you."),
        _("I look forward to the next one."),
    ),
}
_WAITS = (
    _("Your plan waits where it was: {step}."),
    _("This one was beside the plan. Next on it: {step}."),
    _("In the plan nothing has changed; next in line: {step}."),
    _("Whenever you take up the plan: {step}."),
    _("The plan has all the time in the world; next in it: {step}."),
    _("You can pick up the plan where you left it: {step}."),
    _("Still there for you in the plan: {step}."),
    _("An extra, beside the plan. For later: {step}."),
)
_LONG_RUN = (
    _("Your longest in a month: keep the next ones a little shorter."),
    _("Longer than your others of this month; let the next ones be a bit shorter."),
    _("After one as long as this, a few shorter ones are just right."),
    _("Longer than you have been used to lately: shorter ones now help your legs to get used to it."),
)
_REST = (
    _("First a day of rest."),
    _("A day of rest in between does you good."),
    _("Give your legs a day off first."),
    _("First a day to recover."),
    _("Rest is part of it, so first take a day without running."),
    _("Let a quiet day come first."),
    _("But first a day on which nothing needs to be done."),
    _("Let your body have a day to itself first."),
)
_GOOD_WHILE_S = 1200.0
_NOT_THE_WHOLE = frozenset({Why.HEAVY, Why.CUT_SHORT})
"""After these, praise for length or for ease would ring false."""


def summary_text(
    judgement: Judgement,
    duration_s: float,
    language: Language,
    *,
    figures: bool,
    turn: int = 0,
    outlook: Outlook | None = None,
    rest: bool = True,
    sport: str = "run",
) -> Text:
    """Say three lines after a run: how calm it was, what went well, what comes next.

    `rest` tells that a day of rest may be advised: no run is agreed for the day after.
    """
    how_calm = language.vary(_how_calm(judgement), turn)
    if figures and judgement.calm_pct is not None and judgement.verdict is not Verdict.UNJUDGED:
        share = language.say(_("{calm} % calm, {duration}.")).format(
            calm=int(judgement.calm_pct), duration=duration(duration_s, language)
        )
        how_calm += " " + share
    next_time = _next(judgement, outlook, language, turn)
    if rest and _wants_rest(judgement, outlook):
        next_time += " " + language.vary(_REST, turn)
    lines = [how_calm, language.vary(_went_well(judgement, duration_s, outlook), turn), next_time]
    title = _("Your walk") if sport == "walk" else _("Your run")
    return Text(language.say(title), "\n".join(lines))


def reason_text(reason: Reason, language: Language) -> str:
    """Say why a run is not judged."""
    return language.say(_REASONS[reason][0])


def verdict_text(verdict: Verdict, language: Language) -> str:
    """Say a verdict in one word."""
    return language.say(_VERDICTS[verdict])


def source_text(source: Source, language: Language) -> str:
    """Say where a run came from."""
    return language.say(_SOURCES[source])


def _how_calm(judgement: Judgement) -> tuple[str, ...]:
    if judgement.verdict is Verdict.UNJUDGED:
        return _REASONS[judgement.reason or Reason.TOO_FEW_VALUES]
    return _HOW_CALM[judgement.verdict]


def _went_well(judgement: Judgement, duration_s: float, outlook: Outlook | None) -> tuple[str, ...]:
    if isinstance(outlook, Onward) and outlook.proposal.why in _NOT_THE_WHOLE:
        return _SHOWED_UP
    if judgement.verdict is Verdict.CALM:
        return _HELD_BACK
    return _LONG_ENOUGH if duration_s >= _GOOD_WHILE_S else _SHOWED_UP


def _next(judgement: Judgement, outlook: Outlook | None, language: Language, turn: int) -> str:
    match outlook:
        case Onward(proposal, step_name):
            return onward_text(proposal, step_name, language, turn)
        case Waits(step_name):
            return language.vary(_WAITS, turn).format(step=within(step_name))
        case LongRun():
            return language.vary(_LONG_RUN, turn)
        case None:
            return language.vary(_NEXT[judgement.verdict], turn)
        case _:
            assert_never(outlook)


def _wants_rest(judgement: Judgement, outlook: Outlook | None) -> bool:
    calm_by_itself = outlook is None and judgement.verdict is Verdict.CALM
    return calm_by_itself or judgement.verdict is Verdict.HARD or isinstance(outlook, LongRun)
