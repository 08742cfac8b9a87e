"""What the documents tell is so: figures, settings, addresses, links, files. Their commands have tests of their own."""

import re
from datetime import timedelta
from inspect import getsource
from pathlib import Path

import pytest

from config.loader import load
from config.settings import Strava
from connectors.messenger import check_url
from daemon.cli import COMMANDS
from daemon.domain.nudges import PAUSE_S, TOO_SOON_S
from daemon.domain.rotation import DAYS, WEEKS
from daemon.domain.session import CURRENT_S, OVER_AFTER_S
from daemon.letters import CUE_WORTH, WORTH_UNTIL
from daemon.page.links import HOLDS
from daemon.setup.page import ask_page
from daemon.standing import WEAK_PCT
from daemon.store import Kind
from daemon.strava.book import State
from daemon.strava.words import STATES
from tests.documents import HOUSE, Document, documents, settings_keys

FROM_A_WHEEL = not (HOUSE / "daemon").is_dir()
README = documents()[0]

OTHER_WORDS = frozenset(
    {"armed", "live", "after", "reminder", "service", "calm", "lively", "hard", "unjudged", "same", "easier", "backups"}
    | {"sync", "unlink", "reload", "restart", "duurloop", "python3", "make", "bluez", "aarch64", "hci", "localhost"}
    | {"timedatectl"}
)
"""Names that are neither settings nor commands."""
NOT_SERVED = "Strava does not serve your application"
HOME_NETWORK = "phones and tablets in your home network"


# -- facts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "said", "is_now", "told"),
    [
        ("README.md", "two words are at least two minutes apart", PAUSE_S, 120),
        ("README.md", "ends five minutes after the last heart beat", OVER_AFTER_S, 300),
        ("straps.md", "In the first five minutes nothing is said", TOO_SOON_S, 300),
        ("straps.md", "older than five seconds is never shown", CURRENT_S, 5),
        ("straps.md", "At 20 % it says so", WEAK_PCT, 20),
        ("channels.md", "Words during a run are worth a minute", WORTH_UNTIL[Kind.LIVE], timedelta(minutes=1)),
        ("channels.md", "worth ten seconds", CUE_WORTH, timedelta(seconds=10)),
        ("channels.md", "Reminders are worth two hours", WORTH_UNTIL[Kind.REMINDER], timedelta(hours=2)),
        ("channels.md", "the three lines twelve", WORTH_UNTIL[Kind.AFTER], timedelta(hours=12)),
        ("channels.md", "summary a day and a half", WORTH_UNTIL[Kind.WEEK], timedelta(hours=36)),
        ("privacy.md", "good for that run only, and ends by itself after three days", HOLDS, timedelta(days=3)),
        ("privacy.md", "seven days and four weeks", (DAYS, WEEKS), (7, 4)),
        ("privacy.md", "`keep_days` (seven)", Strava().keep_days, 7),
        ("strava.md", "within a quarter of an hour (`poll_minutes`)", Strava().poll_minutes, 15),
        ("strava.md", '"Strava does not serve your application"', STATES[State.INACTIVE].partition(":")[0], NOT_SERVED),
        ("README.md", f'"{HOME_NETWORK}"', HOME_NETWORK in getsource(ask_page), True),
    ],
)
def test_a_figure_in_the_documents_is_that_of_the_program(page: str, said: str, is_now: object, told: object) -> None:
    (document,) = (document for document in documents() if document.path.name == page)
    assert said in " ".join(document.text.split())
    assert is_now == told


# -- settings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "number"),
    [(document, number) for document in documents() for number, _ in enumerate(document.blocks("toml"))],
    ids=lambda part: part.path.name if isinstance(part, Document) else part,
)
def test_settings_that_are_shown_load(document: Document, number: int, tmp_path: Path) -> None:
    block = document.blocks("toml")[number]
    for name in ("page.pem", "page.key"):
        (tmp_path / name).touch()
    runner = "" if "[[runners]]" in block else '\n[[runners]]\nname = "Els"\nzone = "118-136"\n'
    path = tmp_path / "duurloop.toml"
    path.write_text(block + runner, encoding="utf-8")
    assert load(path, {}).runners[0].name == "Els"


def test_every_setting_that_is_named_exists() -> None:
    for document in documents():
        for code in document.codes():
            if table := re.fullmatch(r"\[+([a-z.]+)\]+", code):
                assert set(table[1].split(".")) <= settings_keys(), (document.path.name, code)
            if pair := re.fullmatch(r"([a-z_]+) = .+", code):
                assert pair[1] in settings_keys(), (document.path.name, code)


def test_every_word_in_code_is_a_setting_a_command_or_known_otherwise() -> None:
    words = {code for document in documents() for code in document.codes() if re.fullmatch(r"[a-z_0-9]+", code)}
    assert words - settings_keys() - set(COMMANDS) == OTHER_WORDS


def test_every_address_of_a_channel_is_one_that_apprise_takes() -> None:
    (channels,) = (document for document in documents() if document.path.name == "channels.md")
    urls = [code for code in channels.codes() if re.match(r"(?!https?:)[a-z]+://", code)]
    urls += re.findall(r'url = "([^"]+)"', channels.text)
    assert len(urls) > 15
    assert {url: fault for url in urls if (fault := check_url(url))} == {}


# -- links -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", documents(), ids=lambda document: document.path.name)
def test_links_lead_somewhere(document: Document) -> None:
    for link in document.links():
        place, _, anchor = link.partition("#")
        path = document.path.parent / place if place else document.path
        if FROM_A_WHEEL and "CONTRIBUTING" in place:
            continue
        assert path.exists(), link
        assert not anchor or anchor in Document(path).anchors(), link


def test_every_document_is_to_be_found_from_the_readme() -> None:
    found, look = {README.path}, [README]
    while look:
        document = look.pop()
        new = {(document.path.parent / link.partition("#")[0]).resolve() for link in document.links()} - found
        found |= new
        look += [Document(path) for path in new if path.suffix == ".md" and path.is_file()]
    assert {document.path for document in documents()} <= found


@pytest.mark.skipif(FROM_A_WHEEL, reason="the tests run against the wheel")
def test_every_file_that_is_named_exists() -> None:
    pattern = r"(?:daemon|connectors|config|systemd|tests|bench)/[\w./-]*"
    named = {code for document in documents() for code in document.codes() if re.fullmatch(pattern, code)}
    assert {path for path in named if not (HOUSE / path).exists()} == set()
    assert len(named) > 20
