"""What Strava says of a file is understood in all its forms, and its words go no further."""

from datetime import timedelta

import pytest

from connectors.fit_writer import fit_of
from connectors.strava import StravaConnector
from daemon.strava.port import (
    Fate,
    GoneError,
    InactiveError,
    QuotaError,
    ScopeError,
    StravaError,
    Tokens,
    UnauthorizedError,
    UnreachableError,
    Upload,
)
from tests.edges.strava.asking import connector, link
from tests.fakes import judged_run, sample
from tests.strava_server import (
    ASKED,
    BAD_GATEWAY,
    BROKEN,
    EMPTY,
    MAINTENANCE,
    MALFORMED,
    TOO_MANY,
    Athlete,
    Reply,
    StravaServer,
    Trouble,
    refusal,
)
from tests.strava_wire import Kind

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

POST, STATUS = "POST /uploads", "GET /uploads/"
SAMPLES = tuple(sample(float(second), 128) for second in range(300))
FIT = fit_of(judged_run("own", SAMPLES), SAMPLES, software="duurloop")
AT_WORK = {"id": 18, "id_str": "18", "error": None, "activity_id": None}
WORKED_ON, FAULTY = "Your activity is still being processed.", "There was an error processing your activity."


@pytest.fixture
def door(strava: StravaServer) -> StravaConnector:
    return connector(strava)


@pytest.fixture
def tokens(strava: StravaServer, mara: Athlete) -> Tokens:
    """Return what is good for writing, too."""
    return link(strava, mara, *ASKED, "activity:write")


async def test_a_file_is_worked_on_and_then_there(
    strava: StravaServer, mara: Athlete, door: StravaConnector, tokens: Tokens
) -> None:
    posted = await door.upload(tokens, FIT, "duurloop-own")
    assert posted.value == Upload(Fate.WORKED_ON, 18_000_000_001)
    assert posted.reading is not None
    assert posted.reading.short.used == 0  # it is no read
    assert posted.reading.overall_short.used == 1
    strava.skew = timedelta(minutes=1)
    (activity,) = mara.activities
    there = await door.upload_status(tokens, 18_000_000_001)
    assert there.value == Upload(Fate.THERE, 18_000_000_001, activity)
    assert strava.requests[0].file == FIT
    assert strava.leaks == []


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"status": WORKED_ON}, Upload(Fate.WORKED_ON, 18)),
        ({"status": "Your activity is ready.", "activity_id": 7}, Upload(Fate.THERE, 18, 7)),
        ({"error": "own.fit duplicate of activity 7", "status": FAULTY}, Upload(Fate.THERE, 18, 7)),
        (
            {"error": "own.fit duplicate of <a href='/activities/7' target='_blank'>Run 12</a>", "status": FAULTY},
            Upload(Fate.THERE, 18, 7),
        ),
        ({"error": 'duplicate of <a href="https://www.strava.com/activities/7">x</a>'}, Upload(Fate.THERE, 18, 7)),
        ({"error": "The file is malformed.", "status": FAULTY}, Upload(Fate.REFUSED, 18)),
        ({"error": "own.fit is no duplicate of anything, see 12", "status": FAULTY}, Upload(Fate.REFUSED, 18)),
        ({"status": "The created activity has been deleted."}, Upload(Fate.DELETED, 18)),
    ],
)
@pytest.mark.parametrize("line", [POST, STATUS])
async def test_what_is_said_of_a_file(
    line: str, said: dict[str, object], meant: Upload, strava: StravaServer, door: StravaConnector, tokens: Tokens
) -> None:
    strava.faults.add(line, Reply(201, AT_WORK | said))
    asked = door.upload(tokens, FIT, "x") if line == POST else door.upload_status(tokens, 18)
    assert (await asked).value == meant


async def test_a_refused_request_may_tell_of_a_duplicate_too(
    strava: StravaServer, door: StravaConnector, tokens: Tokens
) -> None:
    said = {"error": "duplicate of activity 7", "status": FAULTY, "activity_id": None, "id": None}
    strava.faults.add(POST, Reply(400, said))
    assert (await door.upload(tokens, FIT, "x")).value == Upload(Fate.THERE, None, 7)


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (TOO_MANY, QuotaError),
        (refusal(401, "Athlete", "access_token", "invalid"), UnauthorizedError),
        (refusal(401, "AccessToken", "activity:write_permission", "missing"), ScopeError),
        (refusal(403), ScopeError),
        (refusal(403, "Application", "Status", "Inactive"), InactiveError),
        (refusal(404, "Upload", "", "not found"), GoneError),
        (refusal(400, "Upload", "data_type", "invalid"), UnreachableError),
        (BROKEN, UnreachableError),
        (BAD_GATEWAY, UnreachableError),
        (MAINTENANCE, UnreachableError),
        (MALFORMED, UnreachableError),
        (EMPTY, UnreachableError),
        (Reply(200, []), UnreachableError),
        (Reply(200, {"status": WORKED_ON}), UnreachableError),
        (Reply(201, {"id": "no number", "status": WORKED_ON}), UnreachableError),
        (Trouble.HANG, UnreachableError),
        (Trouble.LOST, UnreachableError),
        (Trouble.TRUNCATED, UnreachableError),
        (Trouble.RESET, UnreachableError),
    ],
)
@pytest.mark.parametrize("line", [POST, STATUS])
async def test_what_can_go_wrong(
    line: str, trouble: Kind, error: type[StravaError], strava: StravaServer, tokens: Tokens
) -> None:
    fault = strava.faults.add(line, trouble, times=None)
    door = connector(strava, **({"read_s": 0.2} if trouble is Trouble.HANG else {}))
    with pytest.raises(error) as raised:
        await (door.upload(tokens, FIT, "x") if line == POST else door.upload_status(tokens, 18))
    assert type(raised.value) is error
    assert tokens.access not in str(raised.value)
    assert fault.met.wait(20)  # perhaps only after it was given up
    assert len(strava.requests.counted()) == 1
    strava.faults.clear()


@pytest.mark.parametrize("uploads", [False, True])
def test_writing_is_asked_for_only_where_something_is_to_be_uploaded(uploads: bool, door: StravaConnector) -> None:  # noqa: FBT001
    assert ("activity%3Awrite" in door.authorization_url("http://localhost/x", "s", uploads=uploads)) is uploads
