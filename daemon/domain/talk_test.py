"""The talk test, step by step: a little more at each stage, a text read aloud, and how the speaking went.

The last stage at which speech comes easily lies near the first ventilatory threshold (Foster 2009); it tells more than
any formula, and also holds with medication. Each stage takes some three minutes, for the heart follows slowly, and the
text some 20 to 30 seconds: a word or two comes easily much longer. Nothing of it is kept but what the runner sets.
"""

from dataclasses import dataclass, replace
from enum import Enum

from daemon.domain.heart_rate import Bpm
from daemon.domain.marking import _
from daemon.domain.zones import EFFORT_HRS, Facts, Proposal, proposals

STAGE_S = 180.0
"""So long a stage takes until the heart has settled; a minute more does no harm."""

STAGES = (
    _("Walk at an easy pace."),
    _("Walk briskly, as if you were a little late."),
    _("Jog as slowly as you can. A very brisk walk will do as well."),
    _("Jog a small step up from before."),
    _("Another small step up, no more than that."),
    _("One last small step up."),
)
"""What to do at each stage, with ease rising gently."""

TEXTS = (
    _(
        "Early in the morning the street belongs to the birds. A cyclist goes by without a sound, and somewhere a "
        "kettle begins to sing. The baker has his door open, so that it smells of warm bread up to the corner. I am"
        " in no hurry today. I walk along the water, past the boats and the old bridge, and look how the light "
        "comes slowly over the roofs. At home the coffee is waiting."
    ),
    _(
        "My neighbour has a garden that is hardly bigger than a carpet. Beans grow in it, and sunflowers, and a rose "
        "that never does what it should. In summer she sits in the middle of it on a kitchen chair and reads a thick "
        "book. Whoever comes past gets a tomato and a story. It never takes long, and yet you always go on more slowly "
        "than you came. The rose is doing better, she says."
    ),
)
"""What is read aloud, in turn, so that nobody knows it by heart at the end."""


class Speech(Enum):
    """How the speaking went."""

    EASY = "easy"
    NOT_QUITE = "not_quite"
    HARD = "hard"


@dataclass(frozen=True, slots=True)
class Heard:
    """One stage: the heart rate at its end, and how the speaking went."""

    bpm: Bpm
    speech: Speech


@dataclass(frozen=True, slots=True)
class TalkTest:
    """A talk test, as far as it has got."""

    heard: tuple[Heard, ...] = ()

    @property
    def stage(self) -> int:
        """Return which stage is on, from 0."""
        return len(self.heard)

    @property
    def is_over(self) -> bool:
        """Tell whether there is nothing more to ask: speech was not quite easy, or all stages are done."""
        return len(self.heard) == len(STAGES) or any(one.speech is not Speech.EASY for one in self.heard)

    @property
    def comfortable_hr(self) -> Bpm | None:
        """Return the highest heart rate at which speech came easily; None if there was none.

        A heart rate as high as that of the stage at which it did not is none of those: the strap was late, or a
        number was mistyped.
        """
        above = min((one.bpm for one in self.heard if one.speech is not Speech.EASY), default=None)
        easy = [one.bpm for one in self.heard if one.speech is Speech.EASY and (above is None or one.bpm < above)]
        return max(easy, default=None)

    @property
    def proposal(self) -> Proposal | None:
        """Return the zone that follows from it; None if none does."""
        return next(iter(proposals(Facts(comfortable_hr=self.comfortable_hr))), None)


def answer(test: TalkTest, bpm: int, speech: Speech) -> TalkTest:
    """Go on with what a stage showed. Raises ValueError for a heart rate that nobody has on their feet."""
    low, high = EFFORT_HRS
    if not low <= bpm <= high:
        raise ValueError(f"a heart rate from {low} to {high} is wanted")
    return test if test.is_over else replace(test, heard=(*test.heard, Heard(Bpm(bpm), speech)))


def text_for(stage: int) -> str:
    """Return what is to be read aloud at a stage; a key of the catalogues."""
    return TEXTS[stage % len(TEXTS)]
