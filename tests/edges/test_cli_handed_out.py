"""Own sessions that go out, at a terminal: what is asked of Strava, what goes, and what is told of it."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.sqlite import open_database
from connectors.sqlite_handed_out import SqliteHandovers
from connectors.sqlite_store import SqliteStore
from daemon.handing.handovers import Going, Why
from daemon.store import HandoverDue, Outlet, RunKept, SessionOpened
from tests.fakes import EASY, judged_run, sample
from tests.strava_server import StravaServer
from tests.terminal import Say, have_browser, typing_with

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

SAMPLES = tuple(sample(float(second), 128) for second in range(600))


@pytest.fixture
def strava(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[StravaServer]:
    have_browser(monkeypatch, tmp_path)
    with StravaServer() as strava:
        strava.add_athlete()
        strava.uploads.working = timedelta()
        yield strava


@pytest.fixture
def duurloop(say: Say, strava: StravaServer, tmp_path: Path) -> Say:
    """Type with settings that know the application, and that sessions go there."""
    runner = '[[runners]]\nname = "Els"\nzone = "118-136"\nupload = true\n'
    return typing_with(f'timezone = "UTC"\n{strava.settings}{runner}', say, tmp_path)


def keep_session(state: Path, outlets: Sequence[Outlet]) -> None:
    """Keep a session of the strap's that is to go out, as the service does."""

    async def keep() -> None:
        at = datetime.now(UTC) - timedelta(minutes=20)
        async with open_database(state / "duurloop.db") as database:
            await SqliteStore(database).commit(
                [
                    SessionOpened("own", "Els", at, EASY),
                    RunKept("own", judged_run("own", SAMPLES, at), SAMPLES),
                    *(HandoverDue("Els", "own", outlet, at) for outlet in outlets),
                ]
            )

    state.mkdir(exist_ok=True)
    asyncio.run(keep())


def settle(state: Path, outlet: Outlet, going: Going, why: Why | None = None, place: str | None = None) -> None:
    async def note() -> None:
        async with open_database(state / "duurloop.db") as database:
            handovers = SqliteHandovers(database)
            (one,) = await handovers.open(outlet)
            at = datetime(2026, 11, 22, 18, 45, tzinfo=UTC)
            await handovers.note(replace(one, going=going, why=why, place=place, changed_at=at))

    asyncio.run(note())


class TestTheLink:
    def test_adding_activities_is_asked_for_and_sessions_go_at_the_next_look(
        self, duurloop: Say, strava: StravaServer, tmp_path: Path
    ) -> None:
        said = duurloop("strava", "link")
        assert (said.code, said.err.splitlines()[2:]) == (0, [])
        assert "activity:write" in duurloop("strava", "status", "--json").json()["links"][0]["scopes"]
        keep_session(tmp_path / "state", [Outlet.STRAVA])
        assert "Your sessions that wait to go there: 1" in duurloop("strava", "status").out
        assert duurloop("strava", "sync").code == 0
        (posted,) = strava.requests.like("POST /uploads")
        assert posted.form["external_id"] == "duurloop-own"
        assert "All your sessions that were to go there went." in duurloop("strava", "status").out

    def test_a_box_that_was_not_ticked_is_named_and_nothing_is_tried(
        self, duurloop: Say, strava: StravaServer, tmp_path: Path
    ) -> None:
        strava.grants = {"read", "activity:read_all", "profile:read_all"}
        said = duurloop("strava", "link")
        assert said.err.splitlines()[2:] == [
            "not allowed: adding your sessions; they wait. To allow it: duurloop strava link"
        ]
        keep_session(tmp_path / "state", [Outlet.STRAVA])
        duurloop("strava", "sync")
        assert strava.requests.like("POST /uploads") == []
        assert duurloop("strava", "status", "--json").json()["links"][0]["uploads"] == {
            "runner": "Els",
            "waiting": 1,
            "needs_you": True,
            "refused": 0,
        }
        assert "Waits until Strava lets me add your sessions" in duurloop("show", "last").out

    def test_nothing_more_is_asked_of_who_uploads_nothing(
        self, duurloop: Say, strava: StravaServer, tmp_path: Path
    ) -> None:
        settings = tmp_path / "duurloop.toml"
        settings.write_text(settings.read_text(encoding="utf-8").replace("upload = true\n", ""), encoding="utf-8")
        duurloop("strava", "link")
        (asked,) = strava.requests.like("/oauth/authorize")
        assert asked.query["scope"] == "read,activity:read_all,profile:read_all"
        assert duurloop("strava", "status", "--json").json()["links"][0]["uploads"] is None


class TestShow:
    def test_where_a_session_is_by_now(self, duurloop: Say, tmp_path: Path) -> None:
        state = tmp_path / "state"
        keep_session(state, [Outlet.STRAVA, Outlet.FOLDER])
        assert duurloop("show", "own").out.splitlines()[-2:] == ["Waits for its folder.", "Waits to go to Strava."]
        settle(state, Outlet.STRAVA, Going.SENT, place="16000000001")
        settle(state, Outlet.FOLDER, Going.SENT, place="2026-11-22T1830-own.fit")
        assert duurloop("show", "own").out.splitlines()[-3:] == [
            "Put into the folder on 2026-11-22 18:45: 2026-11-22T1830-own.fit",
            "On Strava since 2026-11-22 18:45.",
            "View on Strava: https://www.strava.com/activities/16000000001",
        ]
        assert duurloop("show", "own", "--json").json()["handed_out"] == [
            {
                "outlet": "folder",
                "state": "sent",
                "at": "2026-11-22T18:45:00+00:00",
                "reason": None,
                "file": "2026-11-22T1830-own.fit",
                "url": None,
            },
            {
                "outlet": "strava",
                "state": "sent",
                "at": "2026-11-22T18:45:00+00:00",
                "reason": None,
                "file": None,
                "url": "https://www.strava.com/activities/16000000001",
            },
        ]

    @pytest.mark.parametrize(
        ("going", "why", "said"),
        [
            (Going.REFUSED, Why.NOT_WANTED, "Strava made no activity of it. Here it stays as it is."),
            (Going.SENT, None, "Went to Strava."),
        ],
    )
    def test_what_became_of_it_otherwise(
        self, going: Going, why: Why | None, said: str, duurloop: Say, tmp_path: Path
    ) -> None:
        keep_session(tmp_path / "state", [Outlet.STRAVA])
        settle(tmp_path / "state", Outlet.STRAVA, going, why)
        assert duurloop("show", "own").out.splitlines()[-1] == said

    def test_nothing_is_said_of_a_run_that_goes_nowhere(self, duurloop: Say, tmp_path: Path) -> None:
        keep_session(tmp_path / "state", [])
        assert duurloop("show", "own").out.splitlines()[-1].startswith("Told by:")
        assert duurloop("show", "own", "--json").json()["handed_out"] == []
