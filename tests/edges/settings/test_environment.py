"""Which file is read, and the variables that stand for its keys."""

from pathlib import Path

import pytest

from config.faults import SettingsError
from config.loader import find_settings, load
from tests.edges.settings.loading import ELS, SECRET, Write


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
