"""The first message on trial: its words, its picture, and how long it took."""

import time
from itertools import count

import pytest

from connectors.messenger import AppriseMessenger
from connectors.picture import png_of
from daemon.domain.wording import ENGLISH
from daemon.from_settings import language
from daemon.ports import Blame, DeliveryError, PictureError
from daemon.trial import send_trial, trial_text
from tests.fake_messenger import FakeMessenger
from tests.fakes import EVENING
from tests.receivers import MailMood, SmtpReceiver

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


def test_it_says_which_channel_works_in_two_lines() -> None:
    text = trial_text("Els", "phone", ENGLISH, EVENING)
    assert text.body == "Hello Els, this channel works: phone, at 18:30.\nNothing for you to do."
    assert text.mail is None


def test_a_mailbox_shows_the_picture() -> None:
    with SmtpReceiver() as post:
        text = trial_text("Els", "mail", ENGLISH, EVENING, png_of)
        messenger = AppriseMessenger(
            "mail", f"mailto://els:geheim@{post.address}?from=house@example.org&to=els@example.org", str
        )
        took_s = send_trial(messenger, text, time.monotonic)
        (mail,) = post.taken.wait_for(1)
    assert 0 < took_s < 30
    assert [part.get_content_type() for part in mail.message.walk()].count("image/png") == 1
    assert "this channel works: mail" in mail.body


def test_the_seconds_are_those_of_the_far_end() -> None:
    ticks = count(10, 2)
    assert send_trial(FakeMessenger(), trial_text("Els", "phone", ENGLISH, EVENING), lambda: next(ticks)) == 2


def test_a_refusal_is_the_callers_to_tell() -> None:
    with SmtpReceiver(MailMood.WRONG_PASSWORD) as post:
        messenger = AppriseMessenger(
            "mail", f"mailto://els:geheim@{post.address}?from=house@example.org&to=els@example.org", str
        )
        with pytest.raises(DeliveryError) as refused:
            send_trial(messenger, trial_text("Els", "mail", ENGLISH, EVENING), time.monotonic)
    assert refused.value.blame is Blame.SETTINGS
    assert "geheim" not in refused.value.reason


def test_without_a_picture_the_words_go_all_the_same() -> None:
    def broken(_svg: str) -> bytes:
        raise PictureError("no font")

    assert trial_text("Els", "mail", language("nl"), EVENING, broken).mail is None
