"""stravalib is kept in its place: it refreshes nothing, and leaves the process as it was."""

import subprocess
import sys
from pathlib import Path

import pytest

from connectors.strava.application import Application
from connectors.strava.lines import Line
from tests.edges.strava.asking import LIST, NOW, link
from tests.strava_server import Athlete, StravaServer, Trouble

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


async def test_stravalib_refreshes_nothing_by_itself_whatever_the_environment_has(
    strava: StravaServer, mara: Athlete, monkeypatch: pytest.MonkeyPatch
) -> None:
    from connectors.strava.desk import Api  # noqa: PLC0415 - with it comes stravalib
    from connectors.strava.transport import LineSession  # noqa: PLC0415

    monkeypatch.setenv("STRAVA_CLIENT_ID", strava.client_id)
    monkeypatch.setenv("STRAVA_CLIENT_SECRET", strava.client_secret)
    application = Application("54321", "s", strava.oauth_url, strava.api_url, lambda: NOW, 5, 5)
    with LineSession(Line(), 5, 5) as session:
        api = Api(application, session, link(strava, mara).access)
        api.refresh_token, api.token_expires = link(strava, mara).refresh, 1
        api.get("/athlete/activities")
    assert (api.client_id, api.client_secret) == (None, None)
    assert [one.line for one in strava.requests] == [LIST]


FIRST_REQUESTS = """
import asyncio, logging, os, sys, threading, warnings
from datetime import UTC, datetime
from connectors.strava import StravaConnector
from daemon.strava.port import Tokens
assert not {"stravalib", "requests", "urllib3", "pydantic"} & set(sys.modules)
filters, shown_by, environment = list(warnings.filters), warnings.showwarning, dict(os.environ)
strava = StravaConnector("54321", "s", sys.argv[1], sys.argv[1] + "/api/v3", lambda: datetime.now(UTC))
tokens = Tokens(sys.argv[2], "", datetime.now(UTC))
async def ask():
    pages = await asyncio.gather(*(strava.activities(tokens, 1) for _ in range(8)))
    assert [page.value.length for page in pages] == [0] * 8
    asyncio.create_task(strava.activities(tokens, 2))
    while not [one for one in threading.enumerate() if one.name == "strava request"]:
        await asyncio.sleep(0)
    print("done", flush=True)
asyncio.run(ask())
assert "stravalib" in sys.modules
others = [one for one in warnings.filters if one[2].__module__.partition(".")[0] not in {"urllib3", "requests"}]
assert others == filters and warnings.showwarning is shown_by and dict(os.environ) == environment
assert logging.getLogger().handlers == []
"""


@pytest.mark.parametrize("choice", ["error", "default", "ignore"])
def test_stravalib_is_loaded_by_eight_requests_at_once_and_leaves_the_process_as_it_was(
    strava: StravaServer, mara: Athlete, choice: str
) -> None:
    strava.faults.add(lambda request: request.query.get("page") == "2", Trouble.HANG)
    command = [sys.executable, "-W", choice, "-c", FIRST_REQUESTS, strava.oauth_url, link(strava, mara).access]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "done\n", "")


NETRC = """
import asyncio, sys
from datetime import UTC, datetime
from connectors.strava import StravaConnector
from daemon.strava.port import Tokens
strava = StravaConnector("54321", "s", sys.argv[1], sys.argv[1] + "/api/v3", lambda: datetime.now(UTC))
print(asyncio.run(strava.activities(Tokens(sys.argv[2], "", datetime.now(UTC)), 1)).value.length)
"""


def test_a_password_file_does_not_take_the_tokens_place(strava: StravaServer, mara: Athlete, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login mara password hunter2\n")
    command = [sys.executable, "-c", NETRC, strava.oauth_url, link(strava, mara).access]
    environment = {"HOME": str(tmp_path), "NETRC": str(tmp_path / ".netrc")}
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=environment)
    assert (ran.stdout, ran.stderr) == ("0\n", "")
