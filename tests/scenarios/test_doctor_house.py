"""The doctor in whole houses: beside a real service with a real strap of ours, and at Strava."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.sqlite import open_database
from connectors.sqlite_strava import SqliteBook
from daemon.doctor.finding import Finding, Level
from daemon.doctor.strava import Links, judge_strava
from daemon.remote import NotRunningError, ask
from daemon.state_folder import DATABASE_NAME, prepare
from daemon.strava.book import Account, State
from daemon.strava.port import Scope, Tokens
from tests.doctor_house import findings_in, house_of, told, worse
from tests.fake_bluez import FakeBluez, FakeStrap, bluez_of_our_own
from tests.fakes import eventually
from tests.loopback import free_port
from tests.receivers import HttpReceiver
from tests.strava_server import BROKEN, Athlete, StravaServer

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

DUURLOOP = Path(sys.executable).with_name("duurloop")
PATIENCE_S = 30.0


@pytest.fixture
async def bluez(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeBluez]:
    async with bluez_of_our_own(monkeypatch) as fake:
        yield fake


# -- beside a service ------------------------------------------------------------------------------


@asynccontextmanager
async def service_of(folder: Path, is_up: Callable[[dict[str, Any]], bool]) -> AsyncIterator[None]:
    """Run the service until the end of the context; it is waited for until its status is as wanted."""
    arguments: list[Path | str] = ["--config", folder / "duurloop.toml", "--state", folder / "state", "run"]
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(DUURLOOP, *arguments, stdout=log, stderr=log)
    try:
        await eventually(lambda: _is_up(folder / "state", is_up), PATIENCE_S)
        yield
    finally:
        process.terminate()
        await process.wait()


def _is_up(state: Path, is_up: Callable[[dict[str, Any]], bool]) -> bool:
    try:
        return is_up(ask(state, "status"))
    except NotRunningError:
        return False


def _is_worn(status: dict[str, Any]) -> bool:
    return [runner["strap"]["contact"] for runner in status["runners"]] == ["good"]


def settings(port: int, phone: HttpReceiver) -> str:
    return (
        f'[page]\nlisten = "127.0.0.1:{port}"\n[[runners]]\nname = "Els"\nzone = "118-136"\n'
        f'strap = "Polar H10 12345678"\n[[runners.channels]]\nname = "phone"\nurl = "json://{phone.address}/geheim"\n'
    )


async def test_a_house_that_is_well_has_nothing_but_what_is_well(bluez: FakeBluez, tmp_path: Path) -> None:
    bluez.add(FakeStrap())
    with HttpReceiver() as phone:
        house = house_of(tmp_path, settings(free_port(), phone), send=True)
        async with service_of(tmp_path, _is_worn):
            findings = await asyncio.to_thread(findings_in, house)
    assert worse(findings) == []
    assert {finding.link.value for finding in findings} == {
        *("program", "settings", "database", "clock", "bluetooth"),
        *("strap", "strava", "channel", "page", "service"),
    }
    assert len(phone.posts) == 1
    assert not any("62" in finding.reason.said(str).split() for finding in findings), (
        "a heart rate is nobody's business"
    )


async def test_a_strap_that_the_service_cannot_connect_to(bluez: FakeBluez, tmp_path: Path) -> None:
    bluez.add(strap := FakeStrap(refuses=True))
    with HttpReceiver() as phone:
        house = house_of(tmp_path, settings(free_port(), phone))
        async with service_of(tmp_path, lambda _: strap.attempts > 1):
            findings = await asyncio.to_thread(findings_in, house)
    level, reason, remedy = told(findings, "connect")
    assert (level, "another device holds it" in reason) == (Level.FAULT, True)
    assert "bluetoothctl pair" in remedy


async def test_a_port_that_was_taken_before_the_service_came(bluez: FakeBluez, tmp_path: Path) -> None:
    bluez.add(FakeStrap())
    port = free_port()
    with HttpReceiver() as phone, closing(socket.create_server(("127.0.0.1", port))):
        house = house_of(tmp_path, settings(port, phone))
        async with service_of(tmp_path, _is_worn):
            findings = await asyncio.to_thread(findings_in, house)
    level, reason, remedy = told(findings, "page")
    assert (level, "Another program (" in reason) == (Level.FAULT, True)
    assert "under [page] listen" in remedy


async def test_a_service_that_hangs(bluez: FakeBluez, tmp_path: Path) -> None:
    bluez.add(FakeStrap())
    state = prepare(tmp_path / "state")
    with HttpReceiver() as phone, socket.socket(socket.AF_UNIX) as line:
        line.bind(str(state / "control.sock"))
        line.listen(1)
        house = house_of(tmp_path, settings(free_port(), phone))
        findings = await asyncio.to_thread(findings_in, house)
    level, _, remedy = told(findings, "running")
    assert (level, "systemctl restart duurloop" in remedy) == (Level.FAULT, True)
    assert told(findings, "seen")[0] is Level.UNKNOWN, "two would be in each other's way"


# -- Strava ----------------------------------------------------------------------------------------


@pytest.fixture
def strava() -> Iterator[StravaServer]:
    with StravaServer() as server:
        yield server


ALL = frozenset({"read", "activity:read_all", "profile:read_all", "activity:write"})


async def linked(folder: Path, strava: StravaServer, scopes: frozenset[str] = ALL) -> Athlete:
    """Have Els linked, as the command does it."""
    athlete = strava.add_athlete()
    given = strava.link(athlete, scopes)
    tokens, now = Tokens(given.access_token, given.refresh_token, given.expires_at), datetime.now(UTC)
    granted = frozenset(one for one in Scope if one.value in scopes)
    account = Account("Els", None, tokens, granted, now, State.WELL, now)
    async with open_database(prepare(folder / "state") / DATABASE_NAME) as database:
        await SqliteBook(database).link(account)
    return athlete


async def at_strava(folder: Path, strava: StravaServer, more: str = "") -> list[Finding]:
    house = house_of(
        folder,
        f'[page]\nlisten = ""\n{strava.settings}[[runners]]\nname = "Els"\nzone = "118-136"\n{more}',
    )
    return [finding for finding in await asyncio.to_thread(findings_in, house) if finding.link.value == "strava"]


async def test_a_link_that_is_well_costs_one_request(tmp_path: Path, strava: StravaServer) -> None:
    await linked(tmp_path, strava)
    findings = await at_strava(tmp_path, strava)
    assert worse(findings) == []
    assert len(strava.requests.counted()) == 1
    assert strava.leaks == []


async def test_a_token_that_was_revoked(tmp_path: Path, strava: StravaServer) -> None:
    strava.revoke(await linked(tmp_path, strava))
    level, _, remedy = told(await at_strava(tmp_path, strava), "token")
    assert (level, "duurloop strava link" in remedy) == (Level.FAULT, True)


async def test_an_application_that_strava_does_not_serve(tmp_path: Path, strava: StravaServer) -> None:
    await linked(tmp_path, strava)
    strava.active = False
    level, reason, remedy = told(await at_strava(tmp_path, strava), "application")
    assert (level, "paid subscription" in reason, "duurloop import" in remedy) == (Level.FAULT, True, True)


async def test_a_strava_that_does_not_answer(tmp_path: Path, strava: StravaServer) -> None:
    await linked(tmp_path, strava)
    strava.faults.add("GET /athlete/activities", BROKEN)
    assert "getent hosts www.strava.com" in told(await at_strava(tmp_path, strava), "host")[2]


async def test_boxes_that_were_not_ticked(tmp_path: Path, strava: StravaServer) -> None:
    await linked(tmp_path, strava, frozenset({"read", "activity:read_all"}))
    findings = await at_strava(tmp_path, strava, "upload = true\n")
    assert told(findings, "scopes")[0] is Level.WARNING
    assert told(findings, "upload")[0] is Level.FAULT


async def test_activities_that_were_not_allowed(tmp_path: Path, strava: StravaServer) -> None:
    await linked(tmp_path, strava, frozenset({"read"}))
    first, *_ = await at_strava(tmp_path, strava)
    assert (first.level, "was not allowed" in first.reason.said(str)) == (Level.FAULT, True)


async def test_nobody_is_linked(tmp_path: Path, strava: StravaServer) -> None:
    level, _, remedy = told(await at_strava(tmp_path, strava), "link")
    assert (level, remedy) == (Level.WARNING, "Link a runner: duurloop strava link")


QUOTA = {"quarter_hour": {"used": 2, "limit": 100}, "day": {"used": 20, "limit": 1000}}
ENTRY = {
    "runner": "Els",
    "state": "well",
    "missing_scopes": [],
    "scopes": ["read"],
    "quota": QUOTA,
    "held": {"activities": 3, "keep_days": 7, "until": "2026-11-29T18:00:00+01:00"},
}


@pytest.mark.parametrize(
    ("part", "name", "level"),
    [
        ({}, "quota", Level.OK),
        ({"state": "quota"}, "quota", Level.WARNING),
        ({"state": "trouble"}, "link", Level.WARNING),
        ({"state": "application"}, "application", Level.FAULT),
        (
            {"quota": {"quarter_hour": {"used": 2, "limit": 100}, "day": {"used": 998, "limit": 1000}}},
            "quota",
            Level.WARNING,
        ),
    ],
)
def test_what_a_service_says_of_its_links(part: dict[str, object], name: str, level: Level) -> None:
    assert told(judge_strava(Links(has_application=True, entries=(ENTRY | part,))), name)[0] is level


def test_how_long_it_is_kept_is_said() -> None:
    findings = judge_strava(Links(has_application=True, entries=(ENTRY,)))
    assert "3 activities of Strava are held, each for 7 days; all go by 2026-11-29" in told(findings, "held")[1]
