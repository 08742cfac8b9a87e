"""What stands in a settings file becomes values."""

from datetime import date, time
from pathlib import Path

import pytest

from config.forms import Bounds, Listen, QuietHours, Weekday, WeekMoment
from config.loader import load
from config.settings import PURPOSES, Facts
from tests.edges.settings.loading import ELS, PHONE, SECRET, Write


def test_one_runner_with_a_name_and_a_zone_is_enough(write: Write) -> None:
    settings = load(write(ELS), {})
    (els,) = settings.runners
    assert (els.name, els.language, els.strap, els.connects, els.plan) == ("Els", "nl", None, "always", None)
    assert [zone.bounds for zone in els.zone] == [Bounds(low=118, high=136)]
    assert els.week == WeekMoment(Weekday.SUN, time(19))
    assert settings.page.listen == Listen("127.0.0.1", 8421)
    assert (settings.strava.poll_minutes, settings.strava.keep_days, settings.strava.secret) == (15, 7, None)
    assert (settings.inbox.folder, settings.bluetooth.adapter, settings.timezone) == (None, None, None)


def test_folders_are_meant_from_beside_the_file(write: Write) -> None:
    settings = load(write(ELS + '[export]\nfolder = "out"\n[backup]\nfolder = "/mnt/usb"\n'), {})
    assert settings.file is not None
    assert (settings.export.folder, settings.backup.folder) == (settings.file.parent / "out", Path("/mnt/usb"))


def test_a_whole_household_is_read(write: Write) -> None:
    settings = load(
        write(
            'timezone = "Europe/Amsterdam"\n'
            '[page]\nlisten = "[::1]:8080"\naddress = "http://house.local:8080/"\n'
            'tls_cert = "duurloop.toml"\ntls_key = "duurloop.toml"\nmetrics = false\n'  # any file that is there
            f'[strava]\nclient_id = 12345\nclient_secret = "{SECRET}"\napi_url = "http://127.0.0.1:9/api/"\n'
            '[import]\nfolder = "runs"\n'
            '[bluetooth]\nadapter = "hci1"\n'
            '[[runners]]\nname = "Els"\nlanguage = "en"\nzone = "118 - 136"\nmedication = true\nplan = "start-9"\n'
            'strap = "c0-00-00-12-34-56"\nconnect = "armed"\nnudges.below = true\n'
            'days = ["sun", "tue"]\ntime = 18:30:00\nweek = "sat 9:05"\nquiet = "22:00-07:00"\n'
            '[[runners.channels]]\nname = "phone"\nurl = "ntfy://ntfy.sh/x"\nfor = ["live"]\nfigures = true\n'
            '[[runners]]\nname = "Jan"\nzone = "118-136"\nstrap = { name = "H10 1", connect = "armed" }\n'
            '[runners.facts]\nborn = 1978\nresting = 58\nmaximum = 182\nthreshold = 165\ntraining = "steady"\n'
        ),
        {},
    )
    els, jan = settings.runners
    assert settings.timezone == "Europe/Amsterdam"
    assert settings.page.listen == Listen("::1", 8080)
    assert settings.page.address == "http://house.local:8080"
    assert (settings.page.tls_cert, settings.page.tls_key) == (settings.file, settings.file)
    assert not settings.page.metrics
    assert settings.strava.client_id == "12345"
    assert settings.strava.secret is not None
    assert settings.strava.secret.get_secret_value() == SECRET
    assert settings.strava.api_url == "http://127.0.0.1:9/api"
    assert settings.inbox.folder == settings.file.parent / "runs" if settings.file else None
    assert settings.bluetooth.adapter == "hci1"
    assert (els.language, els.medication, els.plan, els.connects) == ("en", True, "start-9", "armed")
    assert els.strap is not None
    assert els.strap.address == "C0:00:00:12:34:56"
    assert els.nudges.below
    assert (els.days, els.time) == ((Weekday.TUE, Weekday.SUN), time(18, 30))
    assert (els.week, els.quiet) == (WeekMoment(Weekday.SAT, time(9, 5)), QuietHours(time(22), time(7)))
    assert els.channels[0].address.get_secret_value() == "ntfy://ntfy.sh/x"
    assert (els.channels[0].purposes, els.channels[0].figures) == (("live",), True)
    assert (jan.strap and jan.strap.name, jan.connects) == ("H10 1", "armed")
    assert jan.facts == Facts(born=1978, resting=58, maximum=182, threshold=165, training="steady")
    assert els.facts == Facts(training="starting")


def test_dated_zones_stand_in_the_order_of_their_days(write: Write) -> None:
    settings = load(
        write(
            '[[runners]]\nname = "Els"\n'
            "[[runners.zone]]\nzone = '120-140'\norigin = 'talk_test'\nfrom = 2026-03-01\n"
            "[[runners.zone]]\nzone = '118-136'\n"
        ),
        {},
    )
    assert [(zone.bounds.low, zone.origin, zone.since) for zone in settings.runners[0].zone] == [
        (118, "own", None),
        (120, "talk_test", date(2026, 3, 1)),
    ]


def test_a_channel_gets_everything_unless_told_otherwise(write: Write) -> None:
    settings = load(write(ELS + PHONE + 'url = "ntfy://ntfy.sh/x"\n'), {})
    assert settings.runners[0].channels[0].purposes == PURPOSES


@pytest.mark.parametrize("marks", [pytest.param("\ufeff", id="a byte-order mark"), pytest.param("", id="none")])
def test_a_file_from_windows_is_read(tmp_path: Path, marks: str) -> None:
    path = tmp_path / "duurloop.toml"
    path.write_bytes((marks + ELS).replace("\n", "\r\n").encode())
    assert load(path, {}).runners[0].name == "Els"


def test_settings_cannot_be_changed(write: Write) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load(write(ELS), {}).page.listen = None


@pytest.mark.parametrize(
    ("listen", "more", "is_open"),
    [
        pytest.param("127.0.0.1:8421", "", True, id="this machine alone"),
        pytest.param("[::1]:8421", "", True, id="this machine alone, IPv6"),
        pytest.param("localhost:8421", "", True, id="this machine alone, by its name"),
        pytest.param("0.0.0.0:8421", "", False, id="the home network"),
        pytest.param("[::]:8421", "", False, id="the home network, IPv6"),
        pytest.param("192.168.1.5:8421", "", False, id="one address"),
        pytest.param("localhost.example.org:8421", "", False, id="a name that only begins like ours"),
        pytest.param("", "", False, id="no page"),
        pytest.param("127.0.0.1:8421", 'address = "https://house.example"\n', False, id="behind a proxy"),
        pytest.param(
            "127.0.0.1:8421",
            '[strava]\nclient_id = 1\nclient_secret = "abcdef"\nwebhook = "https://house.example/strava"\n',
            False,
            id="behind a proxy for Strava",
        ),
    ],
)
def test_the_page_needs_no_link_only_where_nobody_else_can_reach_it(
    write: Write, listen: str, more: str, *, is_open: bool
) -> None:
    assert load(write(f'[page]\nlisten = "{listen}"\n{more}{ELS}'), {}).page_is_open is is_open
