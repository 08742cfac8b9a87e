import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.gatt import decode_battery_level, decode_body_location, decode_heart_rate
from daemon.domain.heart_rate import Bpm, HeartRateMeasurement, SensorContact
from daemon.domain.strap import BodyLocation

UNKNOWN, LOST, GOOD = SensorContact.UNKNOWN, SensorContact.LOST, SensorContact.GOOD


def heard(
    bpm: int, contact: SensorContact = UNKNOWN, *rr_words: int, energy_kj: int | None = None
) -> HeartRateMeasurement:
    return HeartRateMeasurement(Bpm(bpm), contact, energy_kj, rr_words)


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        pytest.param("10 3E B1 03", heard(62, UNKNOWN, 945), id="a chest strap with one RR interval"),
        pytest.param("16 8D B5 01 B3 01", heard(141, GOOD, 437, 435), id="skin contact and two RR intervals"),
        pytest.param("04 00", heard(0, LOST), id="off the skin"),
        pytest.param("06 3E", heard(62, GOOD), id="skin contact"),
        pytest.param("02 3E", heard(62, UNKNOWN), id="contact bit of a strap that cannot tell"),
        pytest.param("00 3E", heard(62), id="the shortest packet"),
        pytest.param("01 2C 01", heard(300), id="16-bit heart rate"),
        pytest.param("08 3E D2 04", heard(62, energy_kj=1234), id="energy"),
        pytest.param("08 3E FF FF", heard(62, energy_kj=0xFFFF), id="energy, saturated"),
        pytest.param("1F 3E 00 D2 04 B1 03 00 04", heard(62, GOOD, 945, 1024, energy_kj=1234), id="everything at once"),
        pytest.param("10 3E" + "00 04" * 12, heard(62, UNKNOWN, *[1024] * 12), id="more RR than the usual 9"),
        pytest.param("00 3E 01 02 03", heard(62), id="longer than its flags say"),
    ],
)
def test_a_packet_is_read_as_the_specification_has_it(packet: str, expected: HeartRateMeasurement) -> None:
    assert decode_heart_rate(bytes.fromhex(packet)) == expected


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        pytest.param(b"", None, id="empty"),
        pytest.param(b"\x00", None, id="flags only"),
        pytest.param(b"\x01", None, id="flags only, 16 bit"),
        pytest.param(b"\x01\x50", None, id="16 bit said, 8 bit sent"),
        pytest.param(b"\x08\x50\x01", None, id="energy said, cut off"),
        pytest.param(b"\x10\x50", heard(80), id="RR said, none sent"),
        pytest.param(b"\x10\x50\x00\x03\x99", heard(80, UNKNOWN, 768), id="odd RR bytes"),
        pytest.param(b"\x10\x00\x00\x04", heard(0, UNKNOWN, 1024), id="0 bpm with RR"),
        pytest.param(b"\x06\xff", heard(255, GOOD), id="255 bpm"),
        pytest.param(b"\x01\xff\xff", heard(65535), id="65535 bpm"),
        pytest.param(b"\x10\x48\x00\x00", heard(72, UNKNOWN, 0), id="RR zero"),
        pytest.param(b"\x10\x48\xff\xff", heard(72, UNKNOWN, 65535), id="RR 64 s"),
        pytest.param(b"\xe0\x48", heard(72), id="reserved flag bits"),
        pytest.param(b"\xff" * 20, heard(65535, GOOD, *[65535] * 7, energy_kj=65535), id="20 bytes of 0xff"),
    ],
)
def test_a_bad_packet_is_kept_as_far_as_it_can_be_read(packet: bytes, expected: HeartRateMeasurement | None) -> None:
    assert decode_heart_rate(packet) == expected


@given(st.binary(max_size=64))
def test_no_bytes_make_the_decoder_raise(packet: bytes) -> None:
    assert decode_heart_rate(packet) == decode_heart_rate(bytearray(packet))
    decode_battery_level(packet)
    decode_body_location(packet)


@given(
    measurement=st.builds(
        HeartRateMeasurement,
        bpm=st.integers(0, 0xFFFF).map(Bpm),
        contact=st.sampled_from(SensorContact),
        energy_kj=st.none() | st.integers(0, 0xFFFF),
        rr_words=st.lists(st.integers(0, 0xFFFF), max_size=9).map(tuple),
    ),
    reserved=st.integers(0, 7),
    odd=st.binary(max_size=1),
)
def test_what_a_strap_encodes_is_what_is_decoded(measurement: HeartRateMeasurement, reserved: int, odd: bytes) -> None:
    assert decode_heart_rate(encode(measurement, reserved) + odd) == measurement


def encode(measurement: HeartRateMeasurement, reserved: int = 0) -> bytes:
    wide = measurement.bpm > 0xFF
    flags = reserved << 5 | (0x10 if measurement.rr_words else 0) | wide
    flags |= {UNKNOWN: 0, LOST: 0b100, GOOD: 0b110}[measurement.contact]
    body = measurement.bpm.to_bytes(2 if wide else 1, "little")
    if measurement.energy_kj is not None:
        flags |= 0x08
        body += measurement.energy_kj.to_bytes(2, "little")
    return bytes([flags]) + body + b"".join(word.to_bytes(2, "little") for word in measurement.rr_words)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"\x57", 87, id="87 percent"),
        pytest.param(b"\x00", 0, id="empty battery"),
        pytest.param(b"\x64", 100, id="full"),
        pytest.param(b"\x65", None, id="more than full"),
        pytest.param(b"\xff", None, id="unknown"),
        pytest.param(b"", None, id="no byte at all"),
    ],
)
def test_a_battery_level_is_a_percentage_or_nothing(data: bytes, expected: int | None) -> None:
    assert decode_battery_level(data) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"\x01", BodyLocation.CHEST, id="chest"),
        pytest.param(b"\x02", BodyLocation.WRIST, id="wrist"),
        pytest.param(b"\x63", BodyLocation.OTHER, id="a code of the future"),
        pytest.param(b"", None, id="no byte at all"),
    ],
)
def test_a_body_location_is_a_place_or_nothing(data: bytes, expected: BodyLocation | None) -> None:
    assert decode_body_location(data) == expected


def test_reading_packets_needs_no_bluetooth() -> None:
    asked = "import sys, connectors.gatt; print(sorted({'bleak', 'dbus_fast', 'asyncio'} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
