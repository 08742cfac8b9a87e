"""What the runs suggest of the zone, in one line; also for a runner with medication, whom a talk test serves best."""

from daemon.domain.wording.text import Language, _
from daemon.domain.zone_care import Suggestion

_SUGGESTIONS = {
    Suggestion.TOO_LOW: _(
        "Your last runs lay above your zone and felt easy all the same. Perhaps it is set a little low; "
        "a talk test would show: duurloop zone --talk-test"
    ),
    Suggestion.TOO_HIGH: _(
        "Your last runs lay in your zone and felt heavy all the same. Perhaps you need rest, or it is set "
        "a little high; a talk test would show: duurloop zone --talk-test"
    ),
}
_DISCREET = _("Your zone may not fit you any more; a talk test would show: duurloop zone --talk-test")


def suggestion_text(suggestion: Suggestion, language: Language, *, figures: bool) -> str:
    """Say it; how the runs felt, and how they were judged, only with `figures`."""
    return language.say(_SUGGESTIONS[suggestion] if figures else _DISCREET)
