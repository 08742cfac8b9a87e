"""What lies beside an export: which file holds what, for whoever finds it years later."""

from collections.abc import Iterable, Iterator
from textwrap import fill

from daemon.domain.marking import _
from daemon.domain.wording import Language

_WIDTH = 100


_FILES = (
    (
        "sessions/*.fit",
        _("what your strap told, a file for each session, every heartbeat in it; training programs read it"),
    ),
    ("brought-in/*.fit", _("the heart rates of runs that came as files; your own files hold more, such as the route")),
    ("runs.json", _("every run with all its figures, for programs")),
    (
        "runs.csv",
        _("the same as a table; each column's name says its unit: _s seconds, _m metres, _bpm beats a minute"),
    ),
    ("feelings.csv", _("how it felt, before and after, in your own words")),
    ("plan.csv", _("the steps of your plan, as you ran or chose them")),
    ("pauses.csv", _("when you rested")),
    ("zones.csv", _("calm zones that were set with duurloop zone or the talk test; others stand in the settings")),
)
_REMARKS = (
    _("In a table, text that a spreadsheet could take for a formula has an apostrophe before it."),
    _(
        "Not in here: runs that came by Strava's interface alone (they are lent for some days; Strava itself gives you "
        "all of yours), a session that is going on, and the settings."
    ),
    _(
        "Export once more into the same folder, and it is brought up to date. Nothing in it is ever deleted, and "
        "duurloop forget does not reach it: heart rates are private, so keep it where only you look."
    ),
)


def readme(languages: Iterable[Language]) -> str:
    """Return the text of the file that explains the others, in each of the languages."""
    return "\n\n".join("\n".join(_lines(language)) for language in languages) + "\n"


def _lines(language: Language) -> Iterator[str]:
    title = language.say(_("Your runs, as duurloop keeps them"))
    yield title
    yield "=" * len(title)
    yield ""
    yield fill(language.say(_("Each runner has a folder, and in it:")), _WIDTH)
    yield ""
    for name, meaning in _FILES:
        yield fill(f"{name:<17} {language.say(meaning)}", _WIDTH, initial_indent="  ", subsequent_indent=" " * 20)
    for remark in _REMARKS:
        yield ""
        yield fill(language.say(remark), _WIDTH)
