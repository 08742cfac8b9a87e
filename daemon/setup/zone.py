"""The calm zone: what formulas propose, what talking tells, and the runner's own numbers."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from config.settings import Facts as ToldFacts
from config.settings import Runner
from daemon.domain.heart_rate import Bpm
from daemon.domain.marking import _
from daemon.domain.wording import Language
from daemon.domain.zones import RESTING_HRS, Facts, Proposal, Training, ZoneOrigin, proposals, zone_on
from daemon.from_settings import zones_of
from daemon.setup import reading
from daemon.setup.answers import Answers, Present
from daemon.setup.asking import Asker, PuzzledError
from daemon.setup.house import House

TALK, UNKNOWN = "t", "0"
GUESS, GUESS_WITH_MEDICATION = "100-120", "90-110"
"""For whoever tells nothing: 60 to 75 % of the usual maximum of somebody of 65; in Foster 2009 five of six who had not
run before still talk there. Too low costs a slow week, too high the calm."""


def ask_zone(asker: Asker, house: House, answers: Answers, present: Present) -> Answers:
    """Ask for medication, for what formulas need, and for the zone."""
    if answers.zone is not None:
        return answers
    runner = present.runner(answers.name)
    asker.head(asker.words("Your calm zone"))
    asker.tell(asker.words("Calm is a heart rate at which whole sentences come easily. It takes two numbers."))
    answers = _ask_facts(asker, house, answers, runner)
    found = proposals_for(answers, runner, house)
    current = _current(runner, house)
    _tell_proposals(asker, found, has_medication=_has_medication(answers, runner))
    while True:
        default = current or ("1" if found else UNKNOWN)
        typed = asker.ask(
            _question(asker, found),
            partial(_read_zone, found=found),
            default=default,
            explained=asker.words(
                "The talk test finds it best; formulas differ by 25 beats for one and the same person. "
                "A guess will do for now: the zone can be changed at any time."
            ),
        )
        if typed == TALK:
            zone = house.talk(asker.language)
            if zone is None:
                continue
            return replace(answers, zone=str(zone), zone_origin=zone.origin.value)
        return _settled(asker, answers, typed, found, current)


def cautious(found: Sequence[Proposal], *, has_medication: bool = False) -> tuple[str, str]:
    """Return the zone, and its origin, for whoever does not know: the lowest that is proposed, else a guess."""
    if not found:
        return GUESS_WITH_MEDICATION if has_medication else GUESS, ZoneOrigin.OWN.value
    lowest = min(found, key=lambda one: one.zone.high).zone
    return str(lowest), lowest.origin.value


def proposals_for(answers: Answers, runner: Runner | None, house: House) -> tuple[Proposal, ...]:
    """Return what formulas propose for what was told now or before."""
    told = runner.facts if runner else ToldFacts()
    born = answers.born or told.born
    return proposals(
        Facts(
            age=None if born is None else house.today.year - born,
            resting_hr=_bpm(answers.resting or told.resting),
            maximum_hr=_bpm(answers.maximum or told.maximum),
            threshold_hr=_bpm(answers.threshold or told.threshold),
            training=Training(answers.training or told.training),
            medication=_has_medication(answers, runner),
        )
    )


def _ask_facts(asker: Asker, house: House, answers: Answers, runner: Runner | None) -> Answers:
    if answers.medication is None:
        answers = replace(
            answers,
            medication=asker.agree(
                asker.words("Does medicine change your heart rate (beta blockers do)?"),
                default=bool(runner and runner.medication),
                explained=asker.words("Then no formula tells anything, and none is used. Talking always tells."),
            ),
        )
    if answers.medication:
        return answers
    told = runner.facts if runner else ToldFacts()
    why = asker.words("Only for proposals. It stays in this house.")
    if answers.born is None:
        read = partial(reading.year, today=house.today)
        year = asker.words("Your year of birth, or Enter to skip")
        answers = replace(answers, born=asker.ask(year, read, default=_text(told.born), explained=why))
    if answers.born and answers.resting is None:
        read = partial(reading.heart_rate, span=RESTING_HRS)
        rest = asker.words("Your heart rate at rest, if you know it")
        answers = replace(answers, resting=asker.ask(rest, read, default=_text(told.resting), explained=why))
    return answers


def _tell_proposals(asker: Asker, found: Sequence[Proposal], *, has_medication: bool) -> None:
    if has_medication:
        asker.tell(asker.words("Formulas tell nothing with your medicine. Talking does: t begins the talk test."))
    for number, one in enumerate(found, start=1):
        asker.tell(f"  {number}  {one.zone!s:>7}  {reason_text(one, asker.language)}")


def reason_text(proposal: Proposal, language: Language) -> str:
    """Say what a proposal goes by."""
    reasons = {
        ZoneOrigin.MAF: language.say("180 minus your age, a little less for whoever begins"),
        ZoneOrigin.RESERVE: language.say("halfway between your rest and your age's usual maximum"),
        ZoneOrigin.MAXIMUM: language.say("60 to 75 % of your maximum"),
        ZoneOrigin.THRESHOLD: language.say("75 to 89 % of your threshold"),
    }
    return reasons.get(proposal.zone.origin, language.say(proposal.method))


def _question(asker: Asker, found: Sequence[Proposal]) -> str:
    if found:
        return asker.words("Your zone: a number above, your own such as 118-136, t for the talk test (20 minutes)")
    return asker.words("Your zone, such as 118-136; 0 if you do not know, t for the talk test (20 minutes)")


def _read_zone(typed: str, *, found: Sequence[Proposal]) -> str:
    if typed.casefold() in {TALK, UNKNOWN} or (typed.isdecimal() and 0 < int(typed) <= len(found)):
        return typed.casefold()
    if typed.isdecimal() and found:
        raise PuzzledError(_("A number above, or two heart rates such as 118-136."))
    return reading.zone(typed)


def _settled(asker: Asker, answers: Answers, typed: str, found: Sequence[Proposal], current: str) -> Answers:
    if typed == current:
        return answers
    if typed == UNKNOWN:
        zone, origin = cautious(found, has_medication=bool(answers.medication))
        answers = replace(answers, zone_is_guess=not found)
    elif typed.isdecimal():
        chosen = found[int(typed) - 1].zone
        zone, origin = str(chosen), chosen.origin.value
    else:
        return replace(answers, zone=typed, zone_origin=ZoneOrigin.OWN.value)
    if not current:
        asker.tell(asker.words("{zone} to begin with. In your first week: duurloop zone --talk-test").format(zone=zone))
    return replace(answers, zone=zone, zone_origin=origin)


def _current(runner: Runner | None, house: House) -> str:
    zone = zone_on(house.today, zones_of(runner)) if runner else None
    return str(zone) if zone else ""


def _has_medication(answers: Answers, runner: Runner | None) -> bool:
    return answers.medication if answers.medication is not None else bool(runner and runner.medication)


def _bpm(number: int | None) -> Bpm | None:
    return None if number is None else Bpm(number)


def _text(number: int | None) -> str:
    return "" if number is None else str(number)
