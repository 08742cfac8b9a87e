"""Our Strava counts every request, and refuses what is beyond its limits."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from tests.edges.strava.server.reading import NOON, Reader, error

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


def test_answers_tell_what_is_used(reader: Reader) -> None:
    reader.strava.used_elsewhere(5)
    reader.strava.used_elsewhere(10, reads=False)
    headers = reader.ask("/athlete").headers
    assert (headers["X-RateLimit-Limit"], headers["X-RateLimit-Usage"]) == ("200,2000", "16,16")
    assert (headers["X-ReadRateLimit-Limit"], headers["X-ReadRateLimit-Usage"]) == ("100,1000", "6,6")


def test_beyond_the_limit_is_refused_and_counted_until_the_quarter_ends(reader: Reader) -> None:
    strava = reader.strava
    strava.now = datetime(2026, 11, 20, 12, 14, 59, tzinfo=UTC)
    strava.used_elsewhere(99)
    assert reader.ask("/athlete").status_code == 200
    refused = reader.ask("/athlete")
    assert error(refused) == (429, "Application", "read rate limit", "exceeded")
    assert refused.headers["X-ReadRateLimit-Usage"] == "101,101"
    strava.now += timedelta(seconds=1)
    assert reader.ask("/athlete").headers["X-ReadRateLimit-Usage"] == "1,102"


def test_the_day_ends_at_midnight_utc(reader: Reader) -> None:
    reader.strava.overall_quota.limit = (200, 50)
    reader.strava.now = datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC)
    reader.strava.used_elsewhere(50, reads=False)
    assert error(reader.ask("/athlete")) == (429, "Application", "overall rate limit", "exceeded")
    reader.strava.now += timedelta(seconds=1)
    assert reader.ask("/athlete").headers["X-RateLimit-Usage"] == "1,1"


def test_answers_carry_the_date_of_its_own_clock(reader: Reader) -> None:
    reader.strava.skew = timedelta(minutes=7)
    assert parsedate_to_datetime(reader.ask("/athlete").headers["Date"]) == NOON + timedelta(minutes=7)
    assert reader.strava.requests[0].at == NOON + timedelta(minutes=7)


def test_requests_from_many_threads_are_all_counted(reader: Reader) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: reader.ask("/athlete").status_code, range(120)))
    assert (answers.count(200), answers.count(429)) == (100, 20)
    assert len(reader.strava.requests.counted()) == 120
