"""`duurloop forget`, as it is typed: what is left of a runner afterwards, down to the bytes."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from connectors.sqlite import open_database
from connectors.sqlite_copies import Copies
from connectors.sqlite_forget import SqliteTraces
from connectors.sqlite_strava import SqliteBook
from daemon.control import listening
from daemon.remote import Answer
from daemon.state_folder import DATABASE_NAME, prepare
from daemon.strava.book import Account, State
from daemon.strava.port import WANTED_SCOPES, Tokens
from tests.strava_server import StravaServer
from tests.terminal import Said, Say

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
GRISELDA, JAN = "Griselda", "Jan"
NOT_OF_A_RUNNER = {"memo"}
"""Tables in which nothing can be a runner's. A new one does not belong here unless that is so."""
FITTING: Mapping[str, object] = {
    "outlet": "folder",
    "what": "skipped",
    "source": "strap",
    "verdict": "calm",
    "zone_low": 118,
    "zone_high": 136,
    "zone_origin": "own",
    "is_best": 1,
    "before": 3,
    "after": 3,
    "effort": 3,
    "since": NOW.isoformat(),
    "scopes": "",
    "reason": None,
}
"""What is not free: the program reads it back."""
MANY = 40
"""Rows of each runner in each table: pages are split and joined, and must not keep what stood on them."""


def tables(database: sqlite3.Connection) -> list[str]:
    listed = database.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
    return sorted(name for (name,) in listed if not name.startswith("sqlite_"))


def row_of(columns: Sequence[tuple[str, str, int]], table: str, runner: str, number: int) -> dict[str, object]:
    """Make a row that speaks of a runner wherever it can."""
    mark = f"{number} of {runner}"
    state = "well" if table == "strava_account" else "due"
    known = {**FITTING, "runner": runner, "channel": f"{runner}/{mark}", "key": f"{runner}:{mark}", "state": state}
    values: dict[str, object] = {}
    for name, kind, is_key in columns:
        if name in known:
            values[name] = known[name]
        elif kind == "TEXT":
            values[name] = NOW.isoformat() if name.endswith("_at") else mark
        elif kind == "BLOB":
            values[name] = mark.encode()
        else:  # a key is one row's alone
            values[name] = 100 * number + len(runner) if is_key else number
    return values


def plant(path: Path, *runners: str) -> None:
    """Put rows of the runners into every table there is; who may have one row only has that."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("BEGIN")
        for table in set(tables(database)) - NOT_OF_A_RUNNER:
            columns = database.execute("SELECT name, type, pk FROM pragma_table_info(?)", (table,)).fetchall()
            names = ", ".join(f":{name}" for name, _, _ in columns)
            database.executemany(
                f'INSERT OR IGNORE INTO "{table}" ({names.replace(":", "")}) VALUES ({names})',  # noqa: S608 - a test's own
                [row_of(columns, table, runner, number) for number in range(MANY) for runner in runners],
            )
        database.execute("COMMIT")
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []


def rows(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(path)) as database:
        return {table: database.execute(f'SELECT * FROM "{table}"').fetchall() for table in tables(database)}  # noqa: S608 - a test's own


def of(runner: str, kept: Mapping[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows that speak of a runner."""
    return {table: [row for row in there if runner in str(row)] for table, there in kept.items()}


class Home:
    """A household in which everybody has something in every table, and copies of it all."""

    def __init__(self, say: Say, folder: Path) -> None:
        self._say, self.settings, self.state = say, folder / "duurloop.toml", folder / "state"
        self.path = self.state / DATABASE_NAME
        self.house(JAN)

    def house(self, *runners: str, more: str = "") -> None:
        tables = "".join(f'[[runners]]\nname = "{name}"\nzone = "118-136"\n' for name in runners)
        self.settings.write_text(f'timezone = "UTC"\n{more}{tables}', encoding="utf-8")

    def fill(self, *runners: str) -> None:
        async def make() -> None:
            async with open_database(prepare(self.state) / DATABASE_NAME):
                pass

        asyncio.run(make())
        plant(self.path, *runners)

    def forget(self, *arguments: str) -> Said:
        return self._say("--config", self.settings, "--state", self.state, "forget", *arguments)

    def forgets(self, runner: str) -> bool:
        """Tell whether somebody is forgotten; no application at Strava is left to end a link by."""
        said = self.forget(runner, "--yes")
        links = [line for line in said.err.splitlines() if "settings/apps" not in line]
        return f"All that the database held of {runner} is gone." in said.out and not links

    def left(self, runner: str) -> list[str]:
        """Return the files in which a runner's name is still to be found."""
        files = [path for path in self.state.parent.rglob("*") if path.is_file() and path != self.settings]
        return [path.name for path in files if runner.encode() in path.read_bytes()]


@pytest.fixture
def home(say: Say, tmp_path: Path) -> Home:
    return Home(say, tmp_path)


@contextmanager
def open_by_the_service(path: Path) -> Iterator[None]:
    """Hold the database open, so that its log stays beside it."""
    with closing(sqlite3.connect(path)) as held:
        held.execute("SELECT count(*) FROM memo").fetchone()
        yield


class TestWhatIsLeft:
    def test_every_table_had_something_of_the_runner(self, home: Home) -> None:
        home.fill(GRISELDA, JAN)
        assert {table for table, found in of(GRISELDA, rows(home.path)).items() if not found} == NOT_OF_A_RUNNER

    def test_no_row_and_no_byte_is_left_in_the_database_and_its_log(self, home: Home) -> None:
        home.fill(GRISELDA, JAN)
        with open_by_the_service(home.path):
            assert home.left(GRISELDA)
            assert home.forgets(GRISELDA)
            assert home.left(GRISELDA) == []

    def test_everybody_else_keeps_everything(self, home: Home) -> None:
        home.fill(GRISELDA, JAN)
        before = rows(home.path)
        home.forget(GRISELDA, "--yes")
        assert rows(home.path) == of(JAN, before)

    def test_no_byte_is_left_in_the_daily_copies(self, home: Home) -> None:
        home.fill(GRISELDA, JAN)
        copy = Copies(home.path).make(NOW)
        assert copy is not None
        assert GRISELDA.encode() in copy.path.read_bytes()
        said = home.forget(GRISELDA, "--yes")
        assert "The copies of the database, 1 of them, hold nothing of it any more." in said.out
        assert home.left(GRISELDA) == []
        assert of(JAN, rows(copy.path))["take"]

    def test_copies_from_before_updates_are_cleansed_too(self, home: Home) -> None:
        home.fill(GRISELDA)
        before = home.path.with_name(f"{DATABASE_NAME}.before-9")
        before.write_bytes(home.path.read_bytes())
        assert home.forgets(GRISELDA)
        assert home.left(GRISELDA) == []

    def test_a_name_that_begins_with_it_is_somebody_else(self, home: Home) -> None:
        others = (f"{GRISELDA}/work", f"{GRISELDA}:b", f"{GRISELDA}c")
        home.fill(GRISELDA, *others)
        before = rows(home.path)
        home.forget(GRISELDA, "--yes")
        after = rows(home.path)
        for other in others:
            assert of(f"{other}", after) == of(f"{other}", before)
        assert len(after["letter"]) == len(others) * MANY

    def test_who_is_only_in_a_copy_can_be_forgotten(self, home: Home) -> None:
        home.fill(GRISELDA, JAN)
        Copies(home.path).make(NOW)
        SqliteTraces(home.path, Copies(home.path)).erase(GRISELDA, {JAN})
        assert home.forgets(GRISELDA)
        assert not home.forgets(GRISELDA)
        assert home.left(GRISELDA) == []


class TestWhatIsTold:
    def test_what_is_out_of_reach(self, home: Home) -> None:
        home.house(GRISELDA, more='[export]\nfolder = "/srv/fit"\n[import]\nfolder = "/srv/in"\n')
        home.fill(GRISELDA)
        said = home.forget(GRISELDA, "--yes")
        assert said.out.splitlines()[0] == f"All that the database held of {GRISELDA} is gone."
        for told in ("messages that were sent", "duurloop backup", "/srv/fit", "/srv/in", "take the [[runners]] table"):
            assert told in said.out

    def test_a_folder_for_copies_that_is_not_there_is_named_and_the_rest_is_done(self, home: Home) -> None:
        home.house(JAN, more='[backup]\nfolder = "/nowhere/at all"\n')
        home.fill(GRISELDA, JAN)
        said = home.forget(GRISELDA, "--yes")
        assert said.code == 1
        assert f"{GRISELDA} is still in copies of the database (the folder for copies, /nowhere/at all," in said.err
        assert of(GRISELDA, rows(home.path))["take"] == []

    def test_who_is_not_there_is_not_forgotten(self, home: Home) -> None:
        home.fill(JAN)
        before = rows(home.path)
        said = home.forget("Piet", "--yes")
        assert (said.code, "nothing is kept of Piet, only of Jan" in said.err) == (1, True)
        assert rows(home.path) == before

    def test_of_two_whose_names_are_alike_none_is_guessed(self, home: Home) -> None:
        home.fill("Straße", "STRASSE")
        before = rows(home.path)
        said = home.forget("Strasse", "--yes")
        assert (said.code, "nothing is kept of Strasse, only of STRASSE, Straße" in said.err) == (1, True)
        assert rows(home.path) == before
        assert home.forgets("Straße")

    def test_before_the_first_run_there_is_nobody(self, home: Home) -> None:
        said = home.forget(JAN, "--yes")
        assert (said.code, "there is nobody to forget" in said.err) == (1, True)
        assert not home.path.exists()


class TestAsking:
    def answer(self, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
        monkeypatch.setattr("sys.stdin", StringIO(words))

    def test_the_name_has_to_be_typed(self, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        home.fill(GRISELDA)
        self.answer(monkeypatch, f"{GRISELDA}\n")
        said = home.forget(GRISELDA.lower())
        assert f"runs ({MANY})" in said.err
        assert home.left(GRISELDA) == []

    @pytest.mark.parametrize("words", ["y\n", ""])
    def test_anything_else_changes_nothing(self, home: Home, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
        home.fill(GRISELDA)
        before = rows(home.path)
        self.answer(monkeypatch, words)
        assert home.forget(GRISELDA).code != 0
        assert rows(home.path) == before


class TestBesideTheService:
    def told(self, home: Home, session: Answer | None, type_: Callable[[], Said]) -> tuple[Said, list[str]]:
        asked: list[str] = []

        async def status(_: object) -> Answer:
            return {"runners": [{"name": GRISELDA, "session": session}, {"name": JAN, "session": {"id": "s"}}]}

        async def wake(request: Mapping[str, Any]) -> Answer:
            asked.append(f"{request['command']} {request.get('runner', '')}".strip())
            return {}

        async def beside() -> Said:
            async with listening(home.state, {"status": status, "wake": wake, "strava_look": wake}):
                return await asyncio.to_thread(type_)

        return asyncio.run(beside()), asked

    def test_nobody_is_forgotten_in_the_middle_of_a_session(self, home: Home) -> None:
        home.fill(GRISELDA)
        before = rows(home.path)
        said, _ = self.told(home, {"id": "s1"}, lambda: home.forget(GRISELDA, "--yes"))
        assert (said.code, "duurloop stop --runner Griselda" in said.err) == (1, True)
        assert rows(home.path) == before

    def test_otherwise_the_service_is_told(self, home: Home) -> None:
        home.fill(GRISELDA)
        said, asked = self.told(home, None, lambda: home.forget(GRISELDA, "--yes"))
        assert (said.out[:3], asked) == ("All", ["wake", f"strava_look {GRISELDA}"])


@pytest.mark.allow_hosts(["127.0.0.1"])
class TestTheLinkToStrava:
    @pytest.fixture
    def strava(self) -> Iterator[StravaServer]:
        with StravaServer() as strava:
            yield strava

    def link(self, home: Home, strava: StravaServer) -> None:
        home.house(JAN, more=strava.settings)
        given = strava.link(strava.add_athlete())
        tokens = Tokens(given.access_token, given.refresh_token, given.expires_at)

        async def keep() -> None:
            async with open_database(prepare(home.state) / DATABASE_NAME) as database:
                account = Account(GRISELDA, 7, tokens, frozenset(WANTED_SCOPES), NOW, State.WELL, NOW)
                await SqliteBook(database).link(account)

        asyncio.run(keep())

    def test_it_is_ended_there_as_well(self, home: Home, strava: StravaServer) -> None:
        self.link(home, strava)
        assert home.forget(GRISELDA, "--yes").code == 0
        assert len(strava.requests.like("/oauth/revoke")) == 1
        assert home.left(GRISELDA) == []

    def test_that_strava_cannot_be_told_keeps_nobody_from_being_forgotten(
        self, home: Home, strava: StravaServer
    ) -> None:
        self.link(home, strava)
        strava.has_revoke = strava.has_deauthorize = False
        said = home.forget(GRISELDA, "--yes")
        assert (said.code, "settings/apps" in said.err) == (1, True)
        assert home.left(GRISELDA) == []
