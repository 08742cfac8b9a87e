"""The ways to a runner: whether each address can be used, how it went lately, and if wanted a message on trial."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.messenger import check_url
from daemon.doctor.finding import Area, Finding, Link, sentence
from daemon.domain.wording import Text
from daemon.ports import Blame, DeliveryError, Messenger
from daemon.telling import Sentence
from daemon.trial import send_trial

TRIAL_S = 40.0
"""Longer than a far end may take to answer, and Apprise to load on a small machine."""

_area = Area(Link.CHANNEL)


@dataclass(frozen=True, slots=True)
class Way:
    """A channel of the settings."""

    id: str
    """`Els/phone`."""
    url: str
    messenger: Messenger
    text: Callable[[], Text]
    """Of a trial; a picture takes a moment to draw."""

    def __repr__(self) -> str:
        return f"Way({self.id!r})"  # the URL is a secret


@dataclass(frozen=True, slots=True)
class Health:
    """How it went with a channel lately, as the outbox has it."""

    reason: str
    needs_runner: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """How a message on trial went."""

    took_s: float | None = None
    """None where it was not taken."""
    failure: Health | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """What was seen of one."""

    id: str
    unusable: str | None = None
    """Why its address cannot be used."""
    health: Health | None = None
    trial: Trial | None = None


def look_at_channel(way: Way, health: Health | None, *, send: bool) -> Channel:
    """Look at it; with `send` a message goes out."""
    unusable = check_url(way.url)
    return Channel(way.id, unusable, health, _tried(way) if send and not unusable else None)


def _tried(way: Way) -> Trial:
    try:
        return Trial(send_trial(way.messenger, way.text(), time.monotonic))
    except DeliveryError as error:
        return Trial(failure=Health(error.reason, error.blame is Blame.SETTINGS))


def health_told(status: Mapping[str, Any]) -> dict[str, Health]:
    """Return how the running service says that it went."""
    return {
        one["name"]: Health(one["reason"] or "", one["needs_you"])
        for one in status["outbox"]["channels"]
        if not one["ok"]
    }


def judge_none(runner: str) -> Finding:
    """Say that a runner has no channels."""
    return _area.warning(
        runner,
        sentence("{runner} has no channels in the settings, so no messages will come.", runner=runner),
        sentence("Add one: duurloop setup"),
    )


def judge_channel(channel: Channel) -> Finding:
    """Say how it is with a channel."""
    name = channel.id
    if channel.unusable:
        return _area.fault(
            name,
            sentence("{channel}: its address cannot be used: {reason}", channel=name, reason=channel.unusable),
            sentence("Correct its url in the settings, then: duurloop check"),
        )
    trial = channel.trial
    if trial and trial.failure:
        reason = sentence("{channel}: the trial was not taken: {reason}", channel=name, reason=_told(trial.failure))
        return _area.fault(name, reason, remedy_for(trial.failure))
    if trial and trial.took_s is not None:
        took_ms = round(1000 * trial.took_s)
        return _area.ok(name, sentence("{channel}: the trial was taken in {ms} ms.", channel=name, ms=took_ms))
    if channel.health:
        reason = sentence(
            "{channel}: the last message was not taken: {reason}", channel=name, reason=_told(channel.health)
        )
        remedy = remedy_for(channel.health)
        is_lasting = channel.health.needs_runner
        return _area.fault(name, reason, remedy) if is_lasting else _area.warning(name, reason, remedy)
    return _area.ok(name, sentence("{channel}: its address can be used, and nothing failed lately.", channel=name))


def _told(failure: Health) -> str | Sentence:
    return _SAID.get(failure.reason, failure.reason)


def remedy_for(failure: Health) -> Sentence:
    """Say what to do about a failure, by what the far end or the network said."""
    said = failure.reason.casefold()
    for tokens, remedy in _REMEDIES:
        if any(token in said for token in tokens):
            return remedy
    if failure.needs_runner:
        return sentence("Correct its url in the settings, then: duurloop doctor --send")
    return sentence("Wait a little and try again: duurloop doctor --send")


_REMEDIES = (
    (
        ("535", "534", "530", "538", "401", "403", "login"),
        sentence("Correct the user or the password in its url (or credential), then: duurloop doctor --send"),
    ),
    (
        ("550", "551", "553", "404", "410"),
        sentence("Correct the recipient or the topic in its url, then: duurloop doctor --send"),
    ),
    (
        ("name not known",),
        sentence(
            "See that the host in its url is spelt right and known: getent hosts NAME, then duurloop doctor --send"
        ),
    ),
    (
        ("connection refused", "connection dropped"),
        sentence("See that the far end runs, and that host and port in its url are right: duurloop doctor --send"),
    ),
    (
        ("network unreachable", "timed out", "no answer yet"),
        sentence("See that this machine reaches the network (ip route, ping), then: duurloop doctor --send"),
    ),
    (
        ("certificate", "no secure connection"),
        sentence("See that the far end's certificate holds (openssl s_client), then: duurloop doctor --send"),
    ),
    (
        ("429",),
        sentence("The far end wants fewer messages; wait an hour, then: duurloop doctor --send"),
    ),
)

_SAID = {
    said.text: said
    for said in (
        sentence("timed out"),
        sentence("connection refused"),
        sentence("connection dropped"),
        sentence("name not known"),
        sentence("network unreachable"),
        sentence("certificate not trusted"),
        sentence("no secure connection"),
        sentence("no answer yet"),
    )
}
"""What the messenger says in words of its own."""
