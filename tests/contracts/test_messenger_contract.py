"""What every messenger promises: the real one with a web server at the far end, and the fake."""

from collections.abc import Iterator
from typing import Protocol

import pytest

from connectors.messenger import AppriseMessenger
from daemon.domain.wording import Text
from daemon.ports import Blame, DeliveryError, Messenger
from tests.fake_messenger import FakeMessenger
from tests.receivers import BROKEN, OK, WRONG_PASSWORD, HttpReceiver

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

TONIGHT = Text("Vanavond: één rustig half uur 🏃", "1 minuut lopen, 2 minuten wandelen.\nTien keer, zónder haast.")
AFTER = Text("Goed gedaan", "Zó rustig was het nog nooit.")


class Rig(Protocol):
    """A messenger, and a hand on its far end."""

    def messenger(self) -> Messenger: ...
    def taken(self) -> list[Text]: ...
    def refuse(self, blame: Blame) -> None: ...
    def accept(self) -> None: ...


class FakeRig:
    def __init__(self) -> None:
        self._messenger = FakeMessenger()

    def messenger(self) -> Messenger:
        return self._messenger

    def taken(self) -> list[Text]:
        return self._messenger.delivered

    def refuse(self, blame: Blame) -> None:
        self._messenger.refusal = DeliveryError("not today", blame)

    def accept(self) -> None:
        self._messenger.refusal = None


class AppriseRig:
    def __init__(self, web: HttpReceiver) -> None:
        self._web = web
        self._messenger = AppriseMessenger("phone", f"json://{web.address}/", str)

    def messenger(self) -> Messenger:
        return self._messenger

    def taken(self) -> list[Text]:
        return [Text(fields["title"], fields["message"]) for fields in (post.json() for post in self._web.posts)]

    def refuse(self, blame: Blame) -> None:
        self._web.mood = WRONG_PASSWORD if blame is Blame.SETTINGS else BROKEN

    def accept(self) -> None:
        self._web.mood = OK


@pytest.fixture(params=["apprise", "fake"])
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    if request.param == "fake":
        yield FakeRig()
        return
    with HttpReceiver() as web:
        yield AppriseRig(web)


def test_a_delivered_text_arrives_word_for_word(rig: Rig) -> None:
    rig.messenger().deliver(TONIGHT)
    assert rig.taken() == [TONIGHT]


def test_texts_arrive_in_the_order_in_which_they_were_delivered(rig: Rig) -> None:
    for text in (TONIGHT, AFTER, TONIGHT):
        rig.messenger().deliver(text)
    assert rig.taken() == [TONIGHT, AFTER, TONIGHT]


@pytest.mark.parametrize("blame", Blame)
def test_a_refused_text_raises_with_a_line_of_reason_and_the_one_to_blame(rig: Rig, blame: Blame) -> None:
    rig.refuse(blame)
    with pytest.raises(DeliveryError) as refused:
        rig.messenger().deliver(TONIGHT)
    assert refused.value.blame is blame
    assert refused.value.reason.strip()
    assert len(refused.value.reason.splitlines()) == 1
    assert rig.taken() == []


def test_a_failure_leaves_nothing_behind_that_would_stop_the_next_text(rig: Rig) -> None:
    rig.refuse(Blame.WORLD)
    with pytest.raises(DeliveryError):
        rig.messenger().deliver(TONIGHT)
    rig.accept()
    rig.messenger().deliver(AFTER)
    assert rig.taken() == [AFTER]
