"""What a strap sends, read byte by byte: the Heart Rate and Battery services of the Bluetooth specification.

Pure: no bleak, no bus, no clock. Nothing here raises, whatever the bytes: straps in the wild send packets
that are empty, cut off or longer than they say, and one of them must not cost the link.
"""

from typing import Final

from daemon.domain.heart_rate import Bpm, HeartRateMeasurement, SensorContact
from daemon.domain.strap import BodyLocation

_ASSIGNED: Final = "0000{:04x}-0000-1000-8000-00805f9b34fb"
HEART_RATE_SERVICE: Final = _ASSIGNED.format(0x180D)
HEART_RATE_MEASUREMENT: Final = _ASSIGNED.format(0x2A37)
BODY_SENSOR_LOCATION: Final = _ASSIGNED.format(0x2A38)
BATTERY_LEVEL: Final = _ASSIGNED.format(0x2A19)

# Heart Rate Service 1.0, section 3.1.1.1; bits 5 to 7 are reserved and carry no promise to be zero.
_WIDE: Final = 0b00001
_CONTACT_DETECTED: Final = 0b00010
_CONTACT_SUPPORTED: Final = 0b00100
_ENERGY: Final = 0b01000
_RR: Final = 0b10000


def decode_heart_rate(data: bytes | bytearray) -> HeartRateMeasurement | None:
    """Read a notification of characteristic 0x2A37; None when it is shorter than its own flags say.

    Everything that was sent and can be read is kept, however odd: 0 bpm, RR words of 0 or 64 seconds. What to
    believe is decided elsewhere. A strap that announces RR intervals and sends none had no beat to report,
    which is normal below 60 bpm.
    """
    if not data:
        return None
    flags = data[0]
    bpm_end = 3 if flags & _WIDE else 2
    energy_end = bpm_end + (2 if flags & _ENERGY else 0)
    if len(data) < energy_end:
        return None
    return HeartRateMeasurement(
        bpm=Bpm(int.from_bytes(data[1:bpm_end], "little")),
        contact=_contact(flags),
        energy_kj=int.from_bytes(data[bpm_end:energy_end], "little") if flags & _ENERGY else None,
        rr_words=_words(data[energy_end:]) if flags & _RR else (),
    )


def decode_battery_level(data: bytes | bytearray) -> int | None:
    """Read characteristic 0x2A19 as percent; None when it holds no percentage."""
    return data[0] if data and data[0] <= 100 else None  # noqa: PLR2004 - a percentage


def decode_body_location(data: bytes | bytearray) -> BodyLocation | None:
    """Read characteristic 0x2A38; None when it is empty."""
    return BodyLocation(data[0]) if data else None


def _contact(flags: int) -> SensorContact:
    if not flags & _CONTACT_SUPPORTED:
        return SensorContact.UNKNOWN  # the other bit then means nothing, and some straps set it all the same
    return SensorContact.GOOD if flags & _CONTACT_DETECTED else SensorContact.LOST


def _words(data: bytes | bytearray) -> tuple[int, ...]:
    """Split into 16-bit words; an odd byte at the end is no word."""
    return tuple(int.from_bytes(data[at : at + 2], "little") for at in range(0, len(data) - 1, 2))
