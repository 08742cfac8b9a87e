"""Every key that is at fault, alone or beside another, is named with its line and the reason."""

import re
from pathlib import Path

import pytest

from config.loader import load
from tests.edges.settings.loading import ELS, PHONE, Write, faults


def names(path: Path) -> list[str]:
    """Return the keys that are at fault, each with its line."""
    return [": ".join(fault.split(": ")[:2]) for fault in faults(path)]


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
