"""A settings file becomes values, or every reason why not, each on its line and none with a secret."""

import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

import config
from config.faults import Fault, SettingsError
from config.forms import Bounds, Listen, QuietHours, Weekday, WeekMoment
from config.loader import find_settings, load
from config.settings import PURPOSES, Facts, Settings, settings_warnings
from config.toml_file import LARGEST_FILE_BYTES, known_tables

EXAMPLE = Path(config.__file__).parent / "duurloop.example.toml"
ELS = '[[runners]]\nname = "Els"\nzone = "118-136"\n'
PHONE = '[[runners.channels]]\nname = "phone"\n'
SECRET = "tk_9f8e7d6c5b4a"  # noqa: S105  # the planted one

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to(text: str) -> Path:
        path = tmp_path / "duurloop.toml"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    return to


def faults(path: Path, environ: Mapping[str, str] | None = None) -> list[str]:
    """Return what is said of a file, without the file's name."""
    with pytest.raises(SettingsError) as caught:
        load(path, environ or {})
    assert all(str(fault).startswith(f"{fault.file}:{fault.line}: {fault.key}: ") for fault in caught.value.faults)
    assert str(caught.value) == "\n".join(map(str, caught.value.faults))
    return [f"{fault.line}: {fault.key}: {fault.reason}" for fault in caught.value.faults]


def faults_if_any(path: Path) -> tuple[Fault, ...]:
    try:
        load(path, {})
    except SettingsError as error:
        return error.faults
    return ()


def names(path: Path) -> list[str]:
    """Return the keys that are at fault, each with its line."""
    return [": ".join(fault.split(": ")[:2]) for fault in faults(path)]


# What is read


def test_one_runner_with_a_name_and_a_zone_is_enough(write: Write) -> None:
    settings = load(write(ELS), {})
    (els,) = settings.runners
    assert (els.name, els.language, els.strap, els.connects, els.plan) == ("Els", "nl", None, "always", None)
    assert [zone.bounds for zone in els.zone] == [Bounds(low=118, high=136)]
    assert els.week == WeekMoment(Weekday.SUN, time(19))
    assert settings.page.listen == Listen("127.0.0.1", 8421)
    assert (settings.strava.poll_minutes, settings.strava.keep_days, settings.strava.secret) == (15, 7, None)
    assert (settings.inbox.folder, settings.bluetooth.adapter, settings.timezone) == (None, None, None)


def test_a_webhook_wants_the_server_of_the_page(write: Write) -> None:
    strava = '[strava]\nclient_id = 1\nclient_secret = "abcdef"\nwebhook = "https://home.example/strava"\n'
    assert load(write(strava + ELS), {}).strava.webhook == "https://home.example/strava"
    assert faults(write('[page]\nlisten = ""\n' + strava + ELS)) == [
        "6: strava.webhook: wants the page's server: give listen an address under [page]"
    ]


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/plan",
        "/runs/strava",
        "/feel",
        "/static/x",
        "/pl%61n",
        "/../plan",
        "/.",
        "//plan",
        "/{tail:.*}",
        "/a b",
    ],
)
def test_a_webhook_has_a_path_that_no_page_has(write: Write, path: str) -> None:
    strava = f'[strava]\nclient_id = 1\nclient_secret = "abcdef"\nwebhook = "https://home.example{path}"\n'
    assert faults(write(strava + ELS)) == [
        "4: strava.webhook: wants a path that no page of ours has, as https://home.example.org/strava"
    ]


@pytest.mark.parametrize("path", ["/strava", "/strava/", "/hooks/b1a9-4.x_~", "/planning"])
def test_any_other_plain_path_will_do(write: Write, path: str) -> None:
    strava = f'[strava]\nclient_id = 1\nclient_secret = "abcdef"\nwebhook = "https://home.example{path}"\n'
    assert load(write(strava + ELS), {}).strava.webhook == f"https://home.example{path}".rstrip("/")


def test_an_upload_wants_an_application(write: Write) -> None:
    path = write(ELS + "upload = true\n")
    assert faults(path) == ["4: runners[1].upload: wants an application: client_id and its secret under [strava]"]
    path = write(ELS + 'upload = true\n[strava]\nclient_id = "1"\nclient_secret = "abcdef"\n')
    assert load(path, {}).runners[0].upload


@pytest.mark.parametrize(("coming", "going"), [("runs", "runs"), ("runs", "runs/out"), ("runs/in", "runs")])
def test_what_goes_out_must_not_come_back_in(write: Write, coming: str, going: str) -> None:
    path = write(f'{ELS}[import]\nfolder = "{coming}"\n[export]\nfolder = "{going}"\n')
    assert faults(path) == [
        "7: export.folder: lies in the folder under [import], or the other way round: what goes out would come back in"
    ]


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


# What is wrong, key by key

RUNNER_FAULTS = {
    "name empty": ('name = ""', "name: must be one line of text, not empty, of at most 40 characters"),
    "name of dots": ('name = ".."', "name: must be one line of text, not empty, of at most 40 characters"),
    "name of two lines": ('name = "a\\nb"', "name: must be one line of text, not empty, of at most 40 characters"),
    "language": ('language = "de"', "language: must be 'nl' or 'en'"),
    "zone turned round": ('zone = "136-118"', "zone: the lower edge comes first"),
    "zone of one number": ('zone = "136"', 'zone: must be low-high in beats per minute, as "118-136"'),
    "zone as a number": ("zone = 136", 'zone: must be low-high in beats per minute, as "118-136"'),
    "zone of a bird": ('zone = "118-400"', "zone: both edges must lie between 60 and 220"),
    "no zones": ("zone = []", "zone: must hold at least one zone"),
    "zones of one day": (
        'zone = [{ zone = "118-136" }, { zone = "118-137" }]',
        "zone: two zones begin on the same day",
    ),
    "zone's day": ('zone = [{ zone = "118-136", from = "May" }]', "zone[1].from: must be a date, as 2026-01-31"),
    "strap like an address": ('strap = "C0:00:00:12:34"', "strap: is no Bluetooth address; one looks like"),
    "strap of nothing": ('strap = ""', "strap: must be an address or a name in quotes, or a table: { name ="),
    "strap twice known": (
        'strap = { name = "H10", address = "C0:00:00:12:34:56" }',
        "strap.name: give either the address or the name",
    ),
    "strap's address": ('strap = { address = "H10" }', "strap.address: is no Bluetooth address; one looks like"),
    "connect without a strap": ('connect = "armed"', "connect: there is no strap to connect to"),
    "connect twice": (
        'connect = "armed"\nstrap = { name = "H10", connect = "armed" }',
        "connect: is also said in strap; say it once",
    ),
    "connect": ('strap = "H10"\nconnect = "often"', "connect: must be 'always' or 'armed'"),
    "medication": ('medication = "some"', "medication: must be true or false"),
    "an age for a year": ("facts.born = 48", "facts.born: must be at least 1900"),
    "resting like a mouse": ("facts.resting = 300", "facts.resting: must be at most 120"),
    "threshold at rest": ("facts = { resting = 80, threshold = 80 }", "facts.threshold: must be higher than resting"),
    "maximum below the threshold": (
        "facts = { threshold = 165, maximum = 160 }",
        "facts.maximum: must be higher than threshold",
    ),
    "training": (
        'facts.training = "hard"',
        "facts.training: must be 'recovering', 'starting', 'steady' or 'years'",
    ),
    "plan misspelt": ('plan = "rustig12"', "plan: no such plan; did you mean 'rustig-12'?"),
    "plan": (
        'plan = "x"',
        "plan: no such plan; there are continuous, rustig-12, start-9, walk-4, or the path of a .toml file",
    ),
    "plan's file": ('plan = "x.toml"', "plan: no such plan's file; its path begins where the settings file is"),
    "days as a word": ('days = "tue"', "days: must be a list in square brackets"),
    "day": ('time = "18:30"\ndays = ["tues"]', "days[1]: must be mon, tue, wed, thu, fri, sat or sun, in quotes"),
    "day twice": ('time = "18:30"\ndays = ["tue", "tue"]', "days: a day stands twice"),
    "days without a time": ('days = ["tue"]', "time: missing: the days want a time"),
    "time": ('time = "25:00"', 'time: must be a time of day, as "18:30"'),
    "week": ('week = "19:00"', 'week: must be a day and a time, as "sun 19:00"'),
    "quiet": ('quiet = "22:00"', 'quiet: must be two times of day, as "22:00-07:00"'),
    "quiet of no length": ('quiet = "7:00-07:00"', "quiet: begins and ends at the same time"),
    "nudges": ("nudges = true", "nudges: must be a table"),
    "misspelt": ('zome = "118-136"', "zome: unknown; did you mean 'zone'?"),
    "in capitals": ('Plan = "start-9"', "Plan: unknown; did you mean 'plan'?"),
    "unheard of": ("colour = 1", "colour: unknown"),
    "of another table": ('listen = ""', "listen: belongs in [page]"),
    "of a table within": ("below = true", "below: belongs in [runners.nudges]"),
    "like one of another table": ("pol_minutes = 3", "pol_minutes: unknown; did you mean 'poll_minutes' in [strava]?"),
}


@pytest.mark.parametrize(("text", "said"), RUNNER_FAULTS.values(), ids=RUNNER_FAULTS)
def test_a_faulty_key_of_a_runner_is_named_with_its_reason(write: Write, text: str, said: str) -> None:
    needed = {"name": 'name = "Els"', "zone": 'zone = "118-136"'}
    lines = [line for key, line in needed.items() if not re.search(rf"^{key} ", text, re.MULTILINE)]
    (fault,) = faults(write("\n".join(["[[runners]]", *lines, text])))
    assert fault.partition(": ")[2].startswith(f"runners[1].{said}")


OTHER_FAULTS = {
    "time zone": ('timezone = "Europe/Lutjebroek"', "1: timezone: is not a time zone this machine knows"),
    "a folder of time zones": ('timezone = "Europe"', "1: timezone: is not a time zone this machine knows"),
    "page": ('[page]\nlisten = "8421"', '2: page.listen: must be host:port, as "127.0.0.1:8421"'),
    "page's port": ('[page]\nlisten = "localhost:99999"', "2: page.listen: must be host:port"),
    "page's IPv6 without brackets": ('[page]\nlisten = "::1:8421"', "2: page.listen: must be host:port"),
    "page's address without a scheme": (
        '[page]\naddress = "house.local:8421"',
        '2: page.address: must be an address that a browser takes, as "http://house.local:8421"',
    ),
    "a link to a page that is off": (
        '[page]\nlisten = ""\naddress = "http://house.local"',
        "3: page.address: wants the page's server",
    ),
    "a certificate that is not there": (
        '[page]\ntls_cert = "gone.pem"\ntls_key = "duurloop.toml"',
        "2: page.tls_cert: there is no such file; its path begins where the settings file is",
    ),
    "a certificate whose name no file can have": (
        '[page]\ntls_cert = "\\u0000"\ntls_key = "duurloop.toml"',
        "2: page.tls_cert: there is no such file",
    ),
    "a folder for a key": (
        '[page]\ntls_cert = "duurloop.toml"\ntls_key = "."',
        "3: page.tls_key: this is a folder, not a file",
    ),
    "a certificate that is no path": ("[page]\ntls_cert = 3", "2: page.tls_cert: must be a file's path in quotes"),
    "a certificate without its key": (
        '[page]\ntls_cert = "duurloop.toml"',
        "1: page.tls_key: missing: tls_cert wants tls_key beside it",
    ),
    "a key without its certificate": (
        '[page]\ntls_key = "duurloop.toml"',
        "2: page.tls_key: missing: tls_key wants tls_cert beside it",
    ),
    "metrics": ('[page]\nmetrics = "some"', "2: page.metrics: must be true or false"),
    "plain http": ('[strava]\napi_url = "http://strava.com"', "2: strava.api_url: must begin with https://"),
    "no address": ('[strava]\noauth_url = "strava.com"', "2: strava.oauth_url: must be a web address"),
    "a broken address": ('[strava]\noauth_url = "https://[::1"', "2: strava.oauth_url: must be a web address"),
    "a password in it": ('[strava]\napi_url = "https://a:b@c.nl"', "2: strava.api_url: must be a web address"),
    "client_id": ('[strava]\nclient_id = "me"', "2: strava.client_id: must be the number that Strava shows"),
    "a webhook without an application": (
        '[strava]\nwebhook = "https://home.example/strava"',
        "2: strava.webhook: wants client_id and its secret beside it",
    ),
    "client_id alone": ("[strava]\nclient_id = 1", "1: strava.credential: missing: client_id wants client_secret"),
    "secret alone": ('[strava]\nclient_secret = "x"', "1: strava.credential: missing: the secret wants its client_id"),
    "too often": ("[strava]\npoll_minutes = 1", "2: strava.poll_minutes: must be at least 5"),
    "no number": ('[strava]\nkeep_days = "ever"', "2: strava.keep_days: must be a whole number"),
    "folder": ('[import]\nfolder = ""', "2: import.folder: must be a folder's path in quotes"),
    "adapter": ('[bluetooth]\nadapter = "usb"', '2: bluetooth.adapter: must be "hci0" or the like'),
    "log": ('[log]\nlevel = "loud"', "2: log.level: must be 'debug', 'info', 'warning' or 'error'"),
    "a table where a value belongs": ("[log.level]\nx = 1", "1: log.level: must be 'debug'"),
    "a value where a table belongs": ("page = 1", "1: page: must be a table"),
    "a runner's key at the top": ('plan = "start-9"', "1: plan: belongs in [[runners]]"),
    "a runner's table at the top": ("[[channels]]\nx = 1", "1: channels: is written as [[runners.channels]]"),
    "a key of the top in a table": ('[page]\ntimezone = "Europe/Amsterdam"', "2: page.timezone: belongs in the top"),
    "one bracket": ("[runner]\nx = 1", "1: runner: unknown; did you mean 'runners'?"),
}


@pytest.mark.parametrize(("text", "said"), OTHER_FAULTS.values(), ids=OTHER_FAULTS)
def test_a_faulty_key_of_the_house_is_named_with_its_line_and_reason(write: Write, text: str, said: str) -> None:
    (fault,) = faults(write(f"{text}\n{ELS}"))
    assert fault.startswith(said)


CHANNEL_FAULTS = {
    "no address": ("", "4: runners[1].channels[1].credential: missing: a channel wants url or credential"),
    "a secret that is no address": ("url = 3", "6: runners[1].channels[1].url: must be text in quotes"),
    "no scheme": ('url = "phone"', "6: runners[1].channels[1].url: must be an address with ://"),
    "nothing after the scheme": ('url = "ntfy://"', "6: runners[1].channels[1].url: must be an address with ://"),
    "an unknown purpose": (
        'url = "ntfy://x"\nfor = ["live", "fun"]',
        "7: runners[1].channels[1].for[2]: must be 'live', 'after', 'reminder', 'week' or 'service'",
    ),
    "a runner's key after the channel": (
        'url = "ntfy://x"\nmedication = true',
        "7: runners[1].channels[1].medication: belongs in [[runners]]",
    ),
}


@pytest.mark.parametrize(("text", "said"), CHANNEL_FAULTS.values(), ids=CHANNEL_FAULTS)
def test_a_faulty_key_of_a_channel_is_named_with_its_line_and_reason(write: Write, text: str, said: str) -> None:
    (fault,) = faults(write(f"{ELS}{PHONE}{text}\n"))
    assert fault.startswith(said)


def test_a_file_without_a_runner_says_what_is_missing(write: Write) -> None:
    assert faults(write("")) == ["1: runners: missing: the file needs at least one [[runners]] with a name and a zone"]


def test_runners_in_single_brackets_are_told_to_double_them(write: Write) -> None:
    assert faults(write('# ours\n[runners]\nname = "Els"\n')) == [
        "2: runners: written once as [runners]; a list of tables wants double brackets: [[runners]]"
    ]


def test_what_belongs_to_one_runner_is_not_given_to_two(write: Write) -> None:
    text = (
        '[[runners]]\nname = "Els"\nzone = "118-136"\nstrap = "C0:00:00:12:34:56"\n'
        '[[runners]]\nname = "ELS "\nzone = "118-136"\nstrap = { address = "c0-00-00-12-34-56" }\n'
        '[[runners.channels]]\nname = "Phone"\nurl = "ntfy://x"\n[[runners.channels]]\nname = "phone"\nurl = "ntfy://x"\n'
    )
    assert faults(write(text)) == [
        "6: runners[2].name: another runner has this name",
        "8: runners[2].strap: another runner has this strap",
        "13: runners[2].channels[2].name: another channel of this runner has this name",
    ]


def test_two_runners_may_name_their_channels_alike(write: Write) -> None:
    phone = PHONE + 'url = "ntfy://x"\n'
    settings = load(write(ELS + phone + ELS.replace("Els", "Jan") + phone), {})
    assert [runner.channels[0].name for runner in settings.runners] == ["phone", "phone"]


def test_all_faults_are_told_at_once_and_in_order(write: Write) -> None:
    text = (
        "# a = b\n[page]\nlisten = 3\n[strava]\nclient_id = 1\nkeep_days = 0\n[[runners]]\nname = '''\n'''\n"
        'zone = [\n  { zone = "118-136" }, # zone = "1"\n  { zone = "1" },\n]\n[[runners.channels]]\nnmae = "x"\n'
    )
    assert names(write(text)) == [
        "3: page.listen",
        "4: strava.credential",
        "6: strava.keep_days",
        "8: runners[1].name",
        "12: runners[1].zone[2].zone",
        "14: runners[1].channels[1].credential",
        "14: runners[1].channels[1].name",
        "15: runners[1].channels[1].nmae",
    ]


# What is no TOML

GRAMMAR_FAULTS = {
    "an open list": ('[[runners]]\ndays = ["tue"\ntime = "18:30"\n', "2: runners[1].days: not closed"),
    "an open list at the end": ("a = 1\nb = [1,\n", "2: b: not closed"),
    "an open quote": ('a = 1\nname = "Els\n', "2: name: not closed"),
    "an open single quote": ("name = 'Els", "1: name: not closed"),
    "an open long text": ('a = """\nb = 1\nc = 2\n', "1: a: not closed"),
    "an open long single-quoted text": ("a = '''\nb = 1\n", "1: a: not closed"),
    "an open header": ("a = 1\n[[runners]\n", "2: runners[1]: not closed"),
    "an open inline table": ("a = { b = 1, c = 2\nd = 1\n", "1: a"),
    "an open quote in a key": ('a = 1\n"b = 1\n', "2: -: not closed"),
    "no quotes": ("name = Els\n", "1: name: not a value; words want quotes"),
    "no value": ("name =\n", "1: name: not a value"),
    "no equals sign": ("a = 1\nname\nb = 1\n", "2: -: expected KEY = VALUE"),
    "no equals sign at the end": ("a = 1\nname", "2: -: expected KEY = VALUE"),
    "no key": ("a = 1\n= 1\n", "2: -: expected KEY = VALUE"),
    "twice": ("a = 1\nb = 1\na = 2\n", "3: a: stands twice"),
    "twice at the end": ("a = 1\na = 2", "2: a: stands twice"),
    "a table twice": ("[page]\n[log]\n[page]\n", "3: page: this table stands twice; more than one runner"),
    "two on a line": ("a = 1 b = 2\n", "1: a: something is left over after the value"),
    "backslash": ('a = "C:\\days"\n', "1: a: a backslash inside double quotes must be doubled"),
    "a number beyond all bounds": (f"a = {'1' * 5000}", "1: a: not valid TOML"),
    "brackets without end": ("a = " + "[" * 50_000, "1: a"),
    "not UTF-8": (b"a = 1\nb = '\xff'\n".decode("latin-1"), "2: -: not UTF-8 text"),
}


@pytest.mark.parametrize(("text", "said"), GRAMMAR_FAULTS.values(), ids=GRAMMAR_FAULTS)
def test_what_is_no_toml_is_one_fault_on_the_likely_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "duurloop.toml"
    path.write_bytes(text.encode("latin-1"))
    (fault,) = faults(path)
    assert fault.startswith(said)


def test_a_file_that_is_not_there_is_one_fault(tmp_path: Path) -> None:
    path = tmp_path / "duurloop.toml"
    assert faults(path) == ["1: -: there is no such file; duurloop setup makes one"]


def test_a_folder_is_one_fault(tmp_path: Path) -> None:
    assert faults(tmp_path) == ["1: -: this is a folder, not a file"]


def test_a_file_that_is_far_too_large_is_one_fault(write: Write) -> None:
    assert faults(write("#" * (LARGEST_FILE_BYTES + 1))) == ["1: -: larger than 512 kB; this is no settings file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_one_fault(write: Write) -> None:
    path = write(ELS)
    path.chmod(0o000)
    assert faults(path) == ["1: -: this user may not read it"]


# Variables


def test_variables_stand_for_the_keys_of_the_house(write: Write) -> None:
    environ = {
        "DUURLOOP_TIMEZONE": "Europe/Brussels",
        "DUURLOOP_PAGE_LISTEN": "",
        "DUURLOOP_PAGE_METRICS": "false",
        "DUURLOOP_STRAVA_CLIENT_ID": "77",
        "DUURLOOP_STRAVA_CLIENT_SECRET": SECRET,
        "DUURLOOP_STRAVA_KEEP_DAYS": "30",
        "DUURLOOP_IMPORT_FOLDER": "/srv/runs",
        "DUURLOOP_LOG_LEVEL": "debug",
    }
    settings = load(write('[log]\nlevel = "info"\nformat = "json"\n' + ELS), environ)
    assert settings.timezone == "Europe/Brussels"
    assert (settings.page.listen, settings.page.metrics) == (None, False)
    assert (settings.strava.client_id, settings.strava.keep_days) == ("77", 30)
    assert SECRET in settings.secrets()
    assert settings.inbox.folder == Path("/srv/runs")
    assert (settings.log.level, settings.log.format) == ("debug", "json")


def test_variables_that_mean_nothing_to_us_are_passed_by(write: Write) -> None:
    environ = {"DUURLOOP_CONFIG": "x", "DUURLOOP_RUNNERS": "x", "DUURLOOP_PAGE": "x", "DUURLOOP_STRAVA_SPORTS": "x"}
    assert load(write(ELS), environ) == load(write(ELS), {})


def test_a_faulty_variable_is_named_and_its_value_is_not(write: Write) -> None:
    with pytest.raises(SettingsError) as caught:
        load(write(ELS), {"DUURLOOP_STRAVA_POLL_MINUTES": SECRET})
    assert str(caught.value) == "environment:1: DUURLOOP_STRAVA_POLL_MINUTES: must be a whole number"


# Credentials


def credential(folder: Path, name: str, content: str | bytes, mode: int = 0o600) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)


@pytest.mark.parametrize("name", ["ntfy", "duurloop_ntfy"])
def test_systemd_hands_credentials_over_under_either_name(write: Write, tmp_path: Path, name: str) -> None:
    path = write(ELS + PHONE + 'credential = "ntfy"\n')
    credential(tmp_path / "credentials", "ntfy", "ntfy://not-this-one")
    credential(tmp_path / "handed", name, f"ntfy://{SECRET}/x\n", mode=0o644)
    settings = load(path, {"CREDENTIALS_DIRECTORY": str(tmp_path / "handed")})
    assert settings.runners[0].channels[0].address.get_secret_value() == f"ntfy://{SECRET}/x"


def test_else_credentials_stand_beside_the_settings(write: Write, tmp_path: Path) -> None:
    credential(tmp_path / "credentials", "strava", f"{SECRET}\n", mode=0o400)
    text = '[strava]\nclient_id = "1"\ncredential = "strava"\n'
    settings = load(write(text + ELS), {"CREDENTIALS_DIRECTORY": str(tmp_path / "empty")})
    assert settings.strava.secret is not None
    assert settings.strava.secret.get_secret_value() == SECRET


CREDENTIAL_FAULTS = {
    "not there": (None, 0o600, "no such credential, neither in"),
    "open to others": ("ntfy://x/y", 0o640, "others may read that credential's file; make it yours alone: chmod 600"),
    "empty": ("\n", 0o600, "that credential's file must hold one line of UTF-8 text"),
    "of two lines": ("ntfy://x/y\nntfy://x/z\n", 0o600, "that credential's file must hold one line"),
    "not text": (b"\xff\xfe", 0o600, "that credential's file must hold one line of UTF-8 text"),
    "huge": ("x" * 10_000, 0o600, "that credential's file must hold one line"),
    "no address": (SECRET, 0o600, "that credential must hold an address with ://"),
}


@pytest.mark.parametrize(("content", "mode", "said"), CREDENTIAL_FAULTS.values(), ids=CREDENTIAL_FAULTS)
def test_a_faulty_credential_is_told(
    write: Write, tmp_path: Path, content: str | bytes | None, mode: int, said: str
) -> None:
    if content is not None:
        credential(tmp_path / "credentials", "ntfy", content, mode)
    (fault,) = faults(write(ELS + PHONE + 'credential = "ntfy"\n'))
    assert fault.startswith(f"6: runners[1].channels[1].credential: {said}")


@pytest.mark.parametrize("name", ["../duurloop.toml", "a/b", "", ".hidden", f"ntfy://{SECRET}/x"])
def test_a_credential_is_a_name_and_never_a_path(write: Write, name: str) -> None:
    (fault,) = faults(write(ELS + PHONE + f'credential = "{name}"\n'))
    assert "must be a name of letters, digits, - and _" in fault


@pytest.mark.parametrize(
    ("text", "key"),
    [
        pytest.param(
            ELS + PHONE + 'url = "ntfy://x"\ncredential = "c"\n', "runners[1].channels[1].credential", id="url"
        ),
        pytest.param(
            '[strava]\nclient_id = 1\nclient_secret = "x"\ncredential = "c"\n' + ELS, "strava.credential", id="strava"
        ),
    ],
)
def test_a_secret_and_a_credential_exclude_each_other(write: Write, tmp_path: Path, text: str, key: str) -> None:
    credential(tmp_path / "credentials", "c", "ntfy://x")
    (fault,) = faults(write(text))
    assert fault.startswith(f"{text[: text.index('credential')].count(chr(10)) + 1}: {key}: stands beside")


def test_a_credential_that_is_not_even_text_is_told(write: Write) -> None:
    (fault,) = faults(write(ELS + PHONE + "credential = 3\n"))
    assert "must be a name of letters, digits, - and _" in fault


def test_credentials_are_read_for_a_file_only() -> None:
    with pytest.raises(ValueError, match="credentials can only be used from a settings file"):
        Settings.model_validate({"strava": {"client_id": "1", "credential": "x"}})


# Secrets


def scalar_keys() -> Iterator[str]:
    """Give a file for every key there is, in which the key has the secret for its value."""
    for table, shape in known_tables(Settings).items():
        names = [str(name) for name in table]
        for key in shape.keys:
            if not names:
                yield f'{key} = "{SECRET}"\n{ELS if key != "runners" else ""}'
            elif names[0] == "runners":
                inner = ".".join(names)
                header = "" if inner == "runners" else f"[[{inner}]]\n" if shape.is_list else f"[{inner}]\n"
                yield f'[[runners]]\n{header}{key} = "{SECRET}"\n'
            else:
                yield f'[{names[0]}]\n{key} = "{SECRET}"\n{ELS}'


@pytest.mark.parametrize("text", [pytest.param(text, id=text.replace("\n", " ")) for text in scalar_keys()])
def test_no_fault_shows_a_value(write: Write, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(write(text + "[[unknown]]\n"), {})
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value)
    assert caught.value.__cause__ is None


def test_values_do_not_show_their_secrets(write: Write, tmp_path: Path) -> None:
    credential(tmp_path / "credentials", "ntfy", f"ntfy://{SECRET}")
    text = f'[strava]\nclient_id = 1\nclient_secret = "{SECRET}"\n{ELS}{PHONE}url = "ntfy://{SECRET}"\n'
    settings = load(write(text + PHONE.replace("phone", "mail") + 'credential = "ntfy"\n'), {})
    for shown in (repr(settings), str(settings), repr(settings.runners[0].channels)):
        assert SECRET not in shown


HIDDEN = {
    "mail": (
        "mailtos://els:geheim%21pas@example.org?to=jan@example.org&smtp_token=tk_123456",
        {"geheim%21pas", "geheim!pas", "jan@example.org", "tk_123456"},
    ),
    "ntfy": ("ntfys://els:pass@ntfy.example.org/els-runs-7", {"pass", "els-runs-7"}),
    "telegram": (
        "tgram://123456789:AAbb-cc_dd/12315544/",
        {"123456789:AAbb-cc_dd", "123456789", "AAbb-cc_dd", "12315544"},
    ),
    "discord": ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", {"4174216298", "JHMHI8qBe7bk2ZwO5U711o3dV_js"}),
    "a user that is a token": ("pover://u5gk91aq@az7Gh2Qp", {"u5gk91aq", "az7Gh2Qp"}),
    "words and hosts": ("json://els@localhost:8080/duurloop/notify?format=markdown&rto=10", set[str]()),
    "a short password": ("json://els:abc@nas.local/", set[str]()),
    "an address of numbers": ("json://[fe80::1]:8080/notify", set[str]()),
}


@pytest.mark.parametrize(("url", "hidden"), HIDDEN.values(), ids=HIDDEN)
def test_an_address_is_hidden_whole_and_in_its_telling_parts(write: Write, url: str, hidden: set[str]) -> None:
    assert load(write(ELS + PHONE + f'url = "{url}"\n'), {}).secrets() == {url} | hidden


# Warnings


def test_a_file_without_oddities_gets_no_warning(write: Write) -> None:
    assert settings_warnings(load(write(ELS + PHONE + 'url = "ntfy://x"\n'), {})) == ()


def test_a_runner_without_channels_gets_a_word(write: Write) -> None:
    assert settings_warnings(load(write(ELS), {})) == ("Els has no channels, so no message will ever come",)


def test_a_channel_without_a_purpose_gets_a_word(write: Write) -> None:
    warnings = settings_warnings(load(write(ELS + PHONE + 'url = "ntfy://x"\nfor = []\n'), {}))
    assert warnings == ("nothing goes to Els's channel phone: its 'for' is empty",)


@pytest.mark.parametrize(
    ("quiet", "warned"), [("22:00-07:00", False), ("18:00-19:00", True), ("18:30-07:00", True), ("07:00-18:30", False)]
)
def test_reminders_in_quiet_hours_get_a_word(write: Write, quiet: str, *, warned: bool) -> None:
    agreed = f'days = ["tue"]\ntime = "18:30"\nquiet = "{quiet}"\n'
    warnings = settings_warnings(load(write(ELS + agreed + PHONE + 'url = "ntfy://x"\n'), {}))
    said = "Els's reminders of 18:30 fall into the quiet hours, and will mostly not be sent"
    assert warnings == ((said,) if warned else ())


@pytest.mark.parametrize("mode", [0o602, 0o604, 0o644])
def test_secrets_in_a_file_that_others_may_read_get_a_word(write: Write, mode: int) -> None:
    path = write(ELS + PHONE + 'url = "ntfy://x"\n')
    path.chmod(mode)
    (warning,) = settings_warnings(load(path, {}))
    assert warning == f"{path} holds secrets and others may read it: chmod o-rwx, or put them in credentials/"


def test_an_open_file_without_secrets_gets_no_word(write: Write, tmp_path: Path) -> None:
    credential(tmp_path / "credentials", "ntfy", "ntfy://x")
    path = write(ELS + PHONE + 'credential = "ntfy"\n')
    path.chmod(0o644)
    assert settings_warnings(load(path, {})) == ()


# Where the file is


def test_the_file_is_looked_for_in_order(tmp_path: Path) -> None:
    own = tmp_path / ".config/duurloop/duurloop.toml"
    environ = {"DUURLOOP_CONFIG": "/from/environ.toml"}
    assert find_settings(Path("by-hand.toml"), environ, tmp_path) == Path("by-hand.toml")
    assert find_settings(None, environ, tmp_path) == Path("/from/environ.toml")
    own.parent.mkdir(parents=True)
    own.write_text(ELS)
    assert find_settings(None, {"DUURLOOP_CONFIG": ""}, tmp_path) == own


@pytest.mark.skipif(Path("/etc/duurloop/duurloop.toml").exists(), reason="this machine runs duurloop")
def test_where_there_is_none_it_is_the_users_own_that_is_missing(tmp_path: Path) -> None:
    assert find_settings(None, {}, tmp_path) == tmp_path / ".config/duurloop/duurloop.toml"


# Plans of one's own

OWN_PLAN = 'id = "own"\nname = "Own"\n[[steps]]\nname = "One"\nruns = 1\ncourse = ["run 5m"]\n'


def test_a_plan_of_ones_own_is_found_beside_the_settings(write: Write, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(OWN_PLAN)
    assert load(write(ELS + 'plan = "own.toml"\n'), {}).runners[0].plan == "own.toml"


def test_the_faults_of_a_plan_of_ones_own_are_told_with_those_of_the_settings(write: Write, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(OWN_PLAN.replace("5m", "5"))
    with pytest.raises(SettingsError) as caught:
        load(write(ELS + 'plan = "own.toml"\nlanguage = "de"\n'), {})
    assert [(Path(fault.file).name, fault.line, fault.key) for fault in caught.value.faults] == [
        ("duurloop.toml", 5, "runners[1].language"),
        ("own.toml", 6, "steps[1].course[1]"),
    ]


# The example


def switched_on() -> str:
    """Return the example with every setting that is switched off in it switched on."""
    return re.sub(r"^#(?=[a-z\[])", "", EXAMPLE.read_text(), flags=re.MULTILINE)


def keys_in(value: object, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*at, key)
            yield from keys_in(inner, (*at, key))
    if isinstance(value, list):
        for row in value:
            yield from keys_in(row, at)


def test_the_example_loads_without_a_fault() -> None:
    assert load(EXAMPLE, {}).runners[0].name == "Els"


def test_the_example_shows_every_key_and_no_other() -> None:
    known = {(*table, key) for table, shape in known_tables(Settings).items() for key in shape.keys}
    shown = set(keys_in(tomllib.loads(switched_on())))
    assert known - shown == {("runners", "strap", "name")}  # shown as `strap = "name"`
    assert shown - known == set()


def test_whatever_is_switched_off_in_the_example_may_be_switched_on(write: Write, tmp_path: Path) -> None:
    credential(tmp_path / "credentials", "mail", "mailtos://x")
    credential(tmp_path / "credentials", "strava", "x")
    for name in ("page.pem", "page.key"):
        (tmp_path / name).touch()
    (fault,) = faults(write(switched_on()))
    assert "strava.credential: stands beside client_secret" in fault  # as the example says: in place of it


def test_the_tables_of_the_example_stand_for_the_defaults() -> None:
    example = load(EXAMPLE, {})
    bare = Settings.model_validate({"runners": [{"name": "Els", "zone": "118-136"}]})
    for table in ("page", "strava", "inbox", "bluetooth", "log", "timezone"):
        assert getattr(example, table) == getattr(bare, table)


# Whatever stands around it

EXAMPLE_LINES = EXAMPLE.read_text().splitlines(keepends=True)


@settings_of_hypothesis(deadline=None)
@given(st.integers(0, len(EXAMPLE_LINES)))
def test_a_planted_key_is_found_wherever_it_stands(tmp_path_factory: pytest.TempPathFactory, place: int) -> None:
    path = tmp_path_factory.mktemp("planted") / "duurloop.toml"
    path.write_text("".join([*EXAMPLE_LINES[:place], f'xyzzy = "{SECRET}"\n', *EXAMPLE_LINES[place:]]))
    (fault,) = faults(path)
    assert re.fullmatch(rf"{place + 1}: ([a-z\[\]0-9.]+\.)?xyzzy: unknown", fault)


@settings_of_hypothesis(deadline=None)
@given(st.integers(0, len("".join(EXAMPLE_LINES))), st.integers(1, 200), st.sampled_from(("", '"', "[", "=", "\n")))
def test_a_damaged_file_is_read_or_its_faults_stand_within_it(
    tmp_path_factory: pytest.TempPathFactory, start: int, length: int, instead: str
) -> None:
    whole = "".join(EXAMPLE_LINES)
    text = whole[:start] + instead + whole[start + length :]
    path = tmp_path_factory.mktemp("damaged") / "duurloop.toml"
    path.write_text(text)
    for fault in faults_if_any(path):
        assert 1 <= fault.line <= text.count("\n") + 1
        assert "\n" not in str(fault)
        assert "els-runs" not in str(fault)
