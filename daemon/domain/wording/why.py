"""Why a plan proposes what it does: sentences that are true at any hour after the last run."""

from daemon.domain.marking import _
from daemon.domain.progress import Move, Proposal, Why
from daemon.domain.wording.text import Language, within

_WHY: dict[Why, tuple[str, ...]] = {
    Why.BEGIN: (
        _("This is where the plan begins."),
        _("The plan starts here, small on purpose."),
        _("A first step, and you may repeat it as often as you like."),
        _("Here it begins; take all the time you need."),
        _("Every plan has a first day, and it may be a short one."),
        _("This one is for trying out; nothing has to succeed."),
        _("No preparation is needed; start from where you are."),
        _("An easy way in; whatever comes after it comes later."),
    ),
    Why.CHOSEN: (
        _("You chose this step yourself."),
        _("This is the step that you picked."),
        _("Your own choice, and that goes first."),
        _("You wanted this one, so this one it is."),
        _("You know best what suits you, and this was your choice."),
        _("You put the plan here yourself."),
        _("This step is here because you asked for it."),
        _("The plan goes along with what you chose."),
    ),
    Why.READY: (
        _("You have done the step before as often as it asks, so this one may come."),
        _("You are ready for a little more."),
        _("The step before has become familiar; this one goes just a bit further."),
        _("A small step on, because the one before suited you."),
        _("It is time for something new, and it is not much more."),
        _("You have built this up quietly, so one more step fits in."),
        _("The plan moves on with you. If it is too much after all, you simply stay where you were."),
        _("The step before has settled, so there is room for this one."),
    ),
    Why.MORE: (
        _("This step is meant to be done a few times; that is how it settles."),
        _("By doing it several times your body gets used to it."),
        _("One more, and it is your own."),
        _("There is no hurry to go on; repeating is part of the plan."),
        _("A step gets lighter each time you take it."),
        _("The same once more gives your legs time to come along."),
        _("This step comes back a few times, and that is how it was meant."),
        _("Stay here for a while; the next step does not run away."),
    ),
    Why.LIVELY: (
        _("Once more makes it calmer, and that is progress too."),
        _("Let this step become calm first."),
        _("When talking is easy here, all is well."),
        _("It may become a little quieter yet."),
        _("Take it a touch more gently, and soon it feels familiar."),
        _("The same step with a bit more walking is just right."),
        _("Here you can practise keeping it quiet."),
        _("A calmer round of the same does you good."),
    ),
    Why.HARD: (
        _("The same step, a little slower, is just right now."),
        _("Walk as much as you like in between; the step stays the same."),
        _("Run so slowly that you can talk, and this step becomes easy by itself."),
        _("Let it become easy; there is all the time in the world."),
        _("More walking is the best help here."),
        _("You learn most from this step when it costs less."),
        _("Hold back right from the start, and keep some breath for the end."),
        _("You have nothing to prove here; as easily as it comes is fine."),
    ),
    Why.HARD_AGAIN: (
        _("A smaller step is a wise one now."),
        _("It has been strong a few times. A step back gives you room again."),
        _("A step back is part of every good plan, and it is a relief."),
        _("A smaller step for now gives your heart some air."),
        _("A little less for now, and you can talk again on the way."),
        _("Twice it took a lot. A smaller step leaves you more to spare."),
        _("Going back a little is no loss: what you built up stays."),
        _("The plan makes itself smaller for you; it can grow again later."),
    ),
    Why.HEAVY: (
        _("It felt heavy. Stay at this step until it feels lighter."),
        _("You said how it felt, and that counts: the same until it goes more lightly."),
        _("Some days weigh more. The same step, as easily as you like."),
        _("How you feel goes first; moving on can wait for a lighter day."),
        _("It weighed on you, and that may be. The same step is enough for now."),
        _("It asked a lot of you, so go gently and stay here."),
        _("What you feel counts for more than the plan, so the step stays the same."),
        _("Good that you said so. With less hurry the same step becomes kinder."),
    ),
    Why.CUT_SHORT: (
        _("You stopped early, and that is fine. Take this step again when you feel like it."),
        _("Stopping in time is wise too. The step is still there."),
        _("You need not finish everything. Do as much of it as feels good."),
        _("Listening to your body was a good choice; this step can wait."),
        _("Enough was enough, and you noticed. There is nothing to make up for."),
        _("Do what the day allows of this step; that is different each time."),
        _("What you did of it counts. This step may simply come again."),
        _("It need not be all of it every time. The same step waits quietly."),
    ),
    Why.AWAY: (
        _("It has been a while. A smaller step is a good way back in."),
        _("After a pause less is more: this way you get into it gently."),
        _("After some time off your body likes a gentle start."),
        _("Make it easy for yourself to begin; the rest comes back bit by bit."),
        _("Your body remembers more than you think; a smaller step wakes it gently."),
        _("You were away for a time, and that is fine. A step back makes for a light beginning."),
        _("You need not start where you left off: a little lower is a good spot."),
        _("After a time without running one size smaller fits best."),
    ),
    Why.ALONG: (
        _("The plan goes on from where you were."),
        _("This is what comes next, as was said before."),
        _("Simply on along the plan, at your own pace."),
        _("You can go on where you left off."),
        _("The plan has kept your place."),
        _("This is where you were in the plan."),
        _("This one is up next, no more than that."),
        _("What was proposed last time still stands."),
    ),
    Why.LAST: (
        _("You have reached the end of the plan. You may keep it just like this."),
        _("The plan is complete; now it is there to be enjoyed."),
        _("This is what it led up to. Repeat it for as long as it pleases you."),
        _("Nothing has to be added any more. This is a fine habit."),
        _("You are where the plan wanted to bring you."),
        _("From here on it is yours: the same, on the days that suit you."),
        _("Staying here is an aim in itself."),
        _("No next step has to follow; this is enough."),
    ),
}
_AT_STEP_ONE: dict[Why, tuple[str, ...]] = {
    Why.HARD_AGAIN: (
        _("Make it lighter for yourself: half of the running is plenty."),
        _("You may leave out a running part whenever you like."),
        _("You may walk all of it, and it still counts."),
        _("This is the smallest step already, so walk more of it: walking counts."),
        _("Run only for as long as talking is easy, and walk the rest."),
        _("Shuffle rather than run: slower than you think is often just right."),
        _("It was strong twice, so feel free to walk more in between."),
        _("A shorter one is fine here: turn for home whenever you like."),
    ),
    Why.AWAY: (
        _("It has been a while. Here you get back in gently."),
        _("Begin here and take your time; nothing is lost."),
        _("After a pause this is the friendliest place to begin."),
        _("Here you can find your feet again, as slowly as you like."),
        _("The beginning is still here, and it is as small as it was."),
        _("You know this one already; let it come back in its own time."),
        _("After a time without running this is plenty."),
        _("Everyone begins anew now and then, and here is a good place for it."),
    ),
    Why.LAST: (
        _("The same each time: that is all there is to it."),
        _("No more and no less; that is the beauty of it."),
        _("This plan asks for nothing more."),
        _("Simply go on like this, on the days that suit you."),
        _("A good habit needs no next step."),
        _("Nothing has to be added: this is the whole plan."),
        _("What you do is enough, and it may stay so."),
        _("The same round with the same ease; that is how it lasts."),
    ),
}
"""Where no smaller step is left; a plan that ends at its first step has no other."""
_ONCE_MORE = frozenset({Why.LIVELY, Why.HARD, Why.HEAVY, Why.MORE})
"""After these a plan that stays where it is asks for the same once more."""

_MOVES = {
    Move.EASIER: _("An easier step"),
    Move.SAME: _("The same step"),
    Move.NEXT: _("The next step"),
}


def move_text(move: Move, language: Language) -> str:
    """Name a way along the plan, as the runner may choose it."""
    return language.say(_MOVES[move])


def proposal_text(proposal: Proposal, language: Language, turn: int = 0) -> str:
    """Say why the plan proposes what it does."""
    variants = _WHY[proposal.why]
    if proposal.move is Move.SAME and proposal.step == 1:
        variants = _AT_STEP_ONE.get(proposal.why, variants)
    return language.vary(variants, turn)


def onward_text(proposal: Proposal, step_name: str, language: Language, turn: int = 0) -> str:
    """Say what comes next on a plan, and why."""
    if proposal.why is Why.LAST:  # it stays the same for good: there is nothing to announce
        return proposal_text(proposal, language, turn)
    again = proposal.move is Move.SAME and proposal.why in _ONCE_MORE
    lead = _("Next time again: {step}.") if again else _("Next time: {step}.")
    return f"{language.say(lead).format(step=within(step_name))} {proposal_text(proposal, language, turn)}"
