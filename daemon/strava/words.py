"""What a runner is told of the link to Strava: what is the matter, and what to do."""

from daemon.domain.marking import _
from daemon.domain.wording import Language, Text
from daemon.strava.book import State
from daemon.strava.port import Scope

STATES: dict[State, str] = {
    State.WELL: _("All is well."),
    State.INACTIVE: _(
        "Strava does not serve your application: since July 2026 its owner needs a paid subscription there. "
        "Your runs can come as files, too: duurloop import."
    ),
    State.REVOKED: _("The link to Strava has ended. To make it again: duurloop strava link"),
    State.SCOPE: _(
        "Strava does not let me read your activities: that box was not ticked. To allow it: duurloop strava link"
    ),
    State.APPLICATION: _(
        "Strava does not know the application in the settings: client_id and its secret need a look, under [strava]."
    ),
    State.TROUBLE: _("Strava has given no sensible answer for a day. Nothing for you to do: I keep trying."),
    State.QUOTA: _(
        "Your application's requests at Strava are used up for today. Tomorrow it goes on by itself; "
        "perhaps another program uses the same application."
    ),
}
SCOPES: dict[Scope, str] = {
    Scope.READ: _("not allowed: your public profile; nothing is missed without it"),
    Scope.ACTIVITY_READ: _("not allowed: your activities; without them there is nothing to read"),
    Scope.ACTIVITY_READ_ALL: _("not allowed: activities that only you can see; those runs will be missing"),
    Scope.ACTIVITY_WRITE: _("not allowed: adding your sessions; they wait. To allow it: duurloop strava link"),
    Scope.PROFILE_READ_ALL: _("not allowed: your profile with its heart-rate zones; they cannot be proposed to you"),
}


def uploads_text(language: Language) -> Text:
    """Say that sessions could go to Strava, were it allowed."""
    return Text(
        language.say(_("Your sessions for Strava")),
        language.say(
            _(
                "Strava does not let me add your sessions: that box was not ticked, or is new. "
                "To allow it: duurloop strava link. They wait until then."
            )
        ),
    )


def state_text(state: State, language: Language) -> Text:
    """Say what is the matter with the link."""
    return Text(language.say(_("Your runs from Strava")), language.say(STATES[state]))
