"""The headers of an answer tell how many requests are left."""

from datetime import timedelta

import pytest

from connectors.strava.headers import reading_of
from daemon.domain.quota import Reading, Use
from tests.edges.strava.asking import NOW

HEADERS = {
    "X-RateLimit-Limit": "200,2000",
    "X-RateLimit-Usage": "4,58",
    "X-ReadRateLimit-Limit": "100,1000",
    "X-ReadRateLimit-Usage": " 3 , 57 ",
    "Date": "Tue, 10 Nov 2026 19:59:58 GMT",
}


def test_headers_tell_limits_and_usage_by_the_servers_clock() -> None:
    expected = Reading(NOW - timedelta(seconds=2), Use(100, 3), Use(1000, 57), Use(200, 4), Use(2000, 58))
    assert reading_of(HEADERS, lambda: NOW) == expected


@pytest.mark.parametrize("date", ["", "soon", "Tue, 99 Nov 2026 19:59:58 GMT", "Fri, 31 Dec 9999 23:59:59 -1400"])
def test_without_a_readable_date_our_own_clock_counts(date: str) -> None:
    reading = reading_of({**HEADERS, "Date": date}, lambda: NOW)
    assert reading is not None
    assert reading.at == NOW


@pytest.mark.parametrize("name", [name for name in HEADERS if name != "Date"])
@pytest.mark.parametrize(
    "value", ["", "many", "1", "1,2,3", "-1,2", "1.5,2", "1,2 3,4", "9999999999,1", "\u0661,\u0662"]
)
def test_odd_headers_tell_nothing(name: str, value: str) -> None:
    assert reading_of({**HEADERS, name: value}, lambda: NOW) is None
    assert reading_of({key: told for key, told in HEADERS.items() if key != name}, lambda: NOW) is None
