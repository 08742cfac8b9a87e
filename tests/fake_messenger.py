"""A messenger without a far end, for tests of those who send."""

from daemon.domain.wording import Text
from daemon.ports import DeliveryError


class FakeMessenger:
    """Takes every text, or refuses every text for as long as `refusal` is set."""

    def __init__(self) -> None:
        self.delivered: list[Text] = []
        self.refusal: DeliveryError | None = None

    def deliver(self, text: Text) -> None:
        if self.refusal is not None:
            raise DeliveryError(self.refusal.reason, self.refusal.blame)
        self.delivered.append(text)
