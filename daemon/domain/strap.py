"""What a strap tells the house besides heart beats: that it is there, that it is gone, and why."""

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import TypeAlias

from daemon.domain.heart_rate import HeartRateSample, Instant
from daemon.domain.marking import _


class BodyLocation(IntEnum):
    """Where the sensor is worn (characteristic 0x2A38); an unknown code becomes `OTHER`."""

    OTHER = 0
    CHEST = 1
    WRIST = 2
    FINGER = 3
    HAND = 4
    EAR_LOBE = 5
    FOOT = 6

    @classmethod
    def _missing_(cls, value: object) -> "BodyLocation":  # noqa: ARG003 - every unknown code is the same
        return cls.OTHER


class LossReason(Enum):
    """Why a strap that was connected no longer is."""

    LINK_LOST = "link_lost"
    """The link broke, or the strap hung up."""
    SILENT = "silent"
    """The link stood but nothing came any more."""
    RELEASED = "released"
    """We let go because we were asked to."""


class RadioTrouble(Enum):
    """What keeps the house from listening for straps at all."""

    NO_ADAPTER = "no_adapter"
    POWERED_OFF = "powered_off"
    NO_BLUEZ = "no_bluez"
    NO_PERMISSION = "no_permission"
    STUCK = "stuck"
    """Discovery hangs in bluetoothd: only power-cycling the adapter or restarting bluetoothd helps."""
    OTHER = "other"


RADIO_WORDS = {
    RadioTrouble.NO_ADAPTER: _("Bluetooth: this machine has no adapter, or it was unplugged"),
    RadioTrouble.POWERED_OFF: _("Bluetooth: the adapter is switched off; try: bluetoothctl power on"),
    RadioTrouble.NO_BLUEZ: _(
        "Bluetooth: the system's Bluetooth service does not run; try: sudo systemctl start bluetooth"
    ),
    RadioTrouble.NO_PERMISSION: _("Bluetooth: this user may not use it; add it to the group bluetooth"),
    RadioTrouble.STUCK: _("Bluetooth: searching hangs; try: sudo systemctl restart bluetooth"),
    RadioTrouble.OTHER: _("Bluetooth does not answer as it should; I keep trying"),
}
"""What is told of each, and what to try."""


@dataclass(frozen=True, slots=True)
class StrapConnected:
    """The strap is on the line and will speak."""

    at: Instant
    name: str
    battery_pct: int | None = None
    location: BodyLocation | None = None


@dataclass(frozen=True, slots=True)
class StrapLost:
    """The strap was on the line and is no longer."""

    at: Instant
    reason: LossReason


@dataclass(frozen=True, slots=True)
class RadioChanged:
    """The radio fell into trouble, or (with None) came back to health; told on change only."""

    at: Instant
    trouble: RadioTrouble | None


StrapEvent: TypeAlias = StrapConnected | HeartRateSample | StrapLost | RadioChanged
