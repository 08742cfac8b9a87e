"""The zone: where it comes from, and what the runs suggest of it; for a runner with medication, too."""

from daemon.domain.held_times import LaidOver
from daemon.domain.marking import _
from daemon.domain.wording.text import Language
from daemon.domain.zone_care import Suggestion
from daemon.domain.zones import ZoneOrigin

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

_ORIGINS = {
    ZoneOrigin.OWN: _("your own numbers"),
    ZoneOrigin.TALK_TEST: _("by the talk test"),
    ZoneOrigin.MAF: _("by the 180 formula"),
    ZoneOrigin.RESERVE: _("by the heart-rate reserve"),
    ZoneOrigin.MAXIMUM: _("by the maximum heart rate"),
    ZoneOrigin.THRESHOLD: _("by the threshold"),
    ZoneOrigin.STRAVA: _("from Strava"),
}


def origin_text(origin: ZoneOrigin, language: Language) -> str:
    """Say where a zone comes from."""
    return language.say(_ORIGINS[origin])


def laid_text(laid: LaidOver, before: LaidOver | None, language: Language) -> str:
    """Say what a zone means for the runs of the last weeks, and what the one before it meant."""
    if before is None:
        told = language.say(_("By this zone, {calm} % of the time in your runs of the last four weeks is calm."))
        return told.format(calm=int(laid.calm_pct))
    told = language.say(
        _("By this zone, {calm} % of the time in your runs of the last four weeks is calm; by {before} it is {was} %.")
    )
    return told.format(calm=int(laid.calm_pct), before=before.zone, was=int(before.calm_pct))


def suggestion_text(suggestion: Suggestion, language: Language, *, figures: bool) -> str:
    """Say it; how the runs felt, and how they were judged, only with `figures`."""
    return language.say(_SUGGESTIONS[suggestion] if figures else _DISCREET)
