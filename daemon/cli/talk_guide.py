"""The talk test at a terminal: says what to do, waits, asks."""

from collections.abc import Callable
from textwrap import fill

import click

from daemon.clock import SystemClock
from daemon.domain.talk_test import STAGE_S, STAGES, Speech, TalkTest, answer, text_for
from daemon.domain.wording import Language
from daemon.domain.zones import EFFORT_HRS, TargetZone
from daemon.setup.asking import QUIT, PuzzledError, yes_or_no

LINE_LENGTH = 72


class QuitError(Exception):
    """The runner has had enough; nothing follows from it."""


def zone_by_talking(heart_rate: Callable[[], int | None], language: Language) -> TargetZone | None:
    """Lead through the talk test at this terminal; return the zone if the runner wants it set.

    `heart_rate` returns what the strap shows just now, None if it is not heard.
    """
    guide = Guide(_put, _say, heart_rate, SystemClock().monotonic, language)
    try:
        test = guide.lead()
        proposal = test.proposal
        click.echo()
        if proposal is None:
            click.echo(language.say("No zone follows from this. Another day, begun more slowly, may tell more."))
        else:
            click.echo(
                language.say("Speaking came easily up to {bpm}. Your calm zone would be {zone}.").format(
                    bpm=test.comfortable_hr, zone=proposal.zone
                )
            )
            click.echo(language.say("It ends a little below that: calm is where talking costs nothing at all."))
            if test.heard[-1].speech is Speech.EASY:
                click.echo(language.say("Speaking stayed easy to the end, so your zone may well lie a little higher."))
            if guide.agree(language.say("Set it from today on? yes or no")):
                return proposal.zone
    except QuitError:
        click.echo()
    click.echo(language.say("Nothing has changed."))
    return None


def _put(question: str) -> str:
    typed: str = click.prompt(question, default="", show_default=False)
    return typed


def _say(text: str) -> None:
    """Print a text in lines that are easily read aloud."""
    indent = " " * (len(text) - len(text.lstrip()))
    click.echo(fill(text, LINE_LENGTH, subsequent_indent=indent))


class Guide:
    """Leads a runner through the talk test. Whoever answers `q` to anything ends it: `QuitError`."""

    def __init__(
        self,
        ask: Callable[[str], str],
        say: Callable[[str], None],
        heart_rate: Callable[[], int | None],
        seconds: Callable[[], float],
        language: Language,
    ) -> None:
        self._put = ask
        self._say = say
        self._heart_rate = heart_rate
        """What the strap shows just now; None if it is not heard."""
        self._seconds = seconds
        self._language = language

    def words(self, sentence: str) -> str:
        """Return a sentence of the catalogues in this language."""
        return self._language.say(sentence)

    def lead(self) -> TalkTest:
        """Go through the stages, up to the first at which speech was not quite easy."""
        self._begin()
        test = TalkTest()
        while not test.is_over:
            self._say("")
            test = self._stage(test)
        return test

    def agree(self, question: str) -> bool:
        """Ask until it is a yes or a no."""
        while True:
            try:
                return yes_or_no(self._ask(question))
            except PuzzledError as puzzled:
                self._say(puzzled.told(self.words))

    def _begin(self) -> None:
        self._say(
            self.words(
                "The talk test: at most six stages of three to four minutes, each a small step up. At each you read a "
                "text aloud and tell me how easily it went. It ends at the first that was not quite easy."
            )
        )
        self._say(self.words("Nothing is set unless you say so. Stop when you feel unwell; q ends it at any moment."))
        if self._heart_rate() is None:
            self._say(self.words("I hear no strap, so I shall ask you for the heart rate that your watch shows."))

    def _stage(self, test: TalkTest) -> TalkTest:
        self._say(self.words("Stage {n} of {stages}").format(n=test.stage + 1, stages=len(STAGES)))
        self._say(f"  {self.words(STAGES[test.stage])}")
        self._wait()
        self._say(self.words("Read this aloud, at your usual pace:"))
        self._say(f"  {self.words(text_for(test.stage))}")
        self._ask(self.words("Enter when you have read it"))
        return answer(test, self._bpm(), self._speech())

    def _wait(self) -> None:
        began = self._seconds()
        self._ask(self.words("Keep it up for three to four minutes. Enter when they are over"))
        if self._seconds() - began < STAGE_S:
            self._ask(self.words("A heart takes three minutes to settle. Enter when they are over"))

    def _bpm(self) -> int:
        """Return what the strap shows, else what the runner reads from a watch."""
        shown = self._heart_rate()
        if shown is not None and _is_possible(shown):
            self._say(self.words("Your heart is at {bpm}.").format(bpm=shown))
            return shown
        question = self.words("The heart rate that your watch shows just now")
        while True:
            typed = self._ask(question)
            if typed.isascii() and typed.isdecimal() and _is_possible(int(typed[:4])):
                return int(typed)
            question = self.words("A number from {low} to {high}, please").format(low=EFFORT_HRS[0], high=EFFORT_HRS[1])

    def _speech(self) -> Speech:
        answers = {
            "1": Speech.EASY,
            self.words("yes"): Speech.EASY,
            "2": Speech.NOT_QUITE,
            self.words("not quite"): Speech.NOT_QUITE,
            "3": Speech.HARD,
            self.words("no"): Speech.HARD,
        }
        while True:
            typed = self._ask(self.words("Could you speak comfortably? 1 yes, 2 not quite, 3 no")).casefold()
            if typed in answers:
                return answers[typed]

    def _ask(self, question: str) -> str:
        typed = self._put(question).strip()
        if typed.casefold() == QUIT:
            raise QuitError
        return typed


def _is_possible(bpm: int) -> bool:
    return EFFORT_HRS[0] <= bpm <= EFFORT_HRS[1]
