"""What setting up finds outside: the terminal, the radio, far ends of messages, the machine's name and its ports."""

import asyncio
import secrets
import socket
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

import click

from config.forms import Listen
from connectors.bluetooth_radio import BluetoothRadio, NearbyStrap
from connectors.messenger import AppriseMessenger, check_url
from connectors.picture import png_of
from daemon.aside import done_aside
from daemon.cli.common import words
from daemon.cli.talk_guide import zone_by_talking
from daemon.clock import SystemClock
from daemon.domain.wording import Language
from daemon.from_settings import MAILBOXES, language, system_timezone
from daemon.installation import Layout
from daemon.ports import DeliveryError
from daemon.setup.answers import Answers
from daemon.setup.house import Heard, House
from daemon.standing import radio_text
from daemon.trial import send_trial, trial_text

LISTEN_S, OTHERS_S = 20.0, 3.0
"""How long straps are listened for at most, and for how long after the first one."""
BATTERY_S = 6.0


def house_of(layout: Layout, adapter: str | None, *, wants_trial: bool) -> House:
    """Return the machine that is being set up, as it is; `adapter` is the one that listens, None for the usual one."""
    return House(
        today=datetime.now(system_timezone()).date(),
        hostname=socket.gethostname().partition(".")[0],
        beside=layout.settings.parent,
        language_of=language,
        hear_straps=partial(_hear_straps, adapter),
        battery_of=partial(_battery_of, adapter),
        radio_words=lambda trouble, spoken: radio_text(trouble, spoken.say),
        talk=partial(zone_by_talking, lambda: None),
        check_url=check_url,
        send_trial=_send_trial if wants_trial else None,
        is_free=_is_free,
        topic=lambda: f"duurloop-{secrets.token_hex(6)}",
    )


def put(question: str, *, hidden: bool = False) -> str:
    """Show a question at this terminal, and return what was typed."""
    while True:
        try:
            typed: str = click.prompt(
                question.removesuffix(": "), default="", show_default=False, hide_input=hidden, prompt_suffix=": "
            )
            typed.encode()
        except click.Abort:
            click.echo()
            raise EOFError from None
        except UnicodeError:  # half a letter, as a backspace leaves it at some terminals
            continue
        return typed


def _hear_straps(adapter: str | None, heard: Heard) -> Sequence[NearbyStrap]:
    radio = BluetoothRadio(SystemClock(), adapter=adapter)
    return asyncio.run(radio.listen(heard, at_most_s=LISTEN_S, then_s=OTHERS_S))


def _battery_of(adapter: str | None, strap: NearbyStrap) -> int | None:
    radio = BluetoothRadio(SystemClock(), adapter=adapter)
    return asyncio.run(radio.battery(strap.address, at_most_s=BATTERY_S))


def _send_trial(runner: str, channel: str, url: str, spoken: Language) -> float:
    def send() -> float:
        draws: Callable[[str], bytes] | None = png_of if url.lower().startswith(MAILBOXES) else None
        text = trial_text(runner, channel, spoken, datetime.now(system_timezone()), draws)
        return send_trial(AppriseMessenger(channel, url, str), text, time.monotonic)

    return done_aside(send, "trial")  # it loads Apprise, and the far end may hang


def try_channels(answers: Answers, spoken: Language) -> bool:
    """Send a test message to each channel that was given; tell how it went."""
    reached = True
    for channel in answers.channels:
        if not channel.url:
            continue
        try:
            took_s = _send_trial(answers.name or "", channel.name, channel.url, spoken)
        except DeliveryError as error:
            reached = False
            click.echo(words("{channel}: {reason}").format(channel=channel.name, reason=error.reason), err=True)
        else:
            told = words("{channel}: the test message was taken after {seconds} s")
            click.echo(told.format(channel=channel.name, seconds=f"{took_s:.1f}"))
    return reached


def _is_free(host: str, port: int) -> bool:
    """Tell whether a page could be put there."""
    where = Listen(host, port)
    with socket.socket(socket.AF_INET6 if ":" in where.host else socket.AF_INET, socket.SOCK_STREAM) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((where.host, where.port))
        except OSError:
            return False
    return True
