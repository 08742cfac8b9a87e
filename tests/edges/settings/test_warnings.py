"""What is allowed and yet hardly meant gets a word."""

from pathlib import Path

import pytest

from config.loader import load
from config.settings import settings_warnings
from tests.edges.settings.loading import ELS, PHONE, Write, credential


def test_a_file_without_oddities_gets_no_warning(write: Write) -> None:
    assert settings_warnings(load(write(ELS + PHONE + 'url = "ntfy://x"\n'), {})) == ()


def test_a_runner_without_channels_gets_a_word(write: Write) -> None:
    assert settings_warnings(load(write(ELS), {})) == ("Els has no channels, so no message will ever come",)


def test_a_channel_without_a_purpose_gets_a_word(write: Write) -> None:
    warnings = settings_warnings(load(write(ELS + PHONE + 'url = "ntfy://x"\nfor = []\n'), {}))
    assert warnings == ("nothing goes to Els's channel phone: its 'for' is empty",)


@pytest.mark.parametrize(
    ("quiet", "warned"), [("22:00-07:00", False), ("18:00-19:00", True), ("18:30-07:00", True), ("07:00-18:30", False)]
)
def test_reminders_in_quiet_hours_get_a_word(write: Write, quiet: str, *, warned: bool) -> None:
    agreed = f'days = ["tue"]\ntime = "18:30"\nquiet = "{quiet}"\n'
    warnings = settings_warnings(load(write(ELS + agreed + PHONE + 'url = "ntfy://x"\n'), {}))
    said = "Els's reminders of 18:30 fall into the quiet hours, and will mostly not be sent"
    assert warnings == ((said,) if warned else ())


@pytest.mark.parametrize("mode", [0o602, 0o604, 0o644])
def test_secrets_in_a_file_that_others_may_read_get_a_word(write: Write, mode: int) -> None:
    path = write(ELS + PHONE + 'url = "ntfy://x"\n')
    path.chmod(mode)
    (warning,) = settings_warnings(load(path, {}))
    assert warning == f"{path} holds secrets and others may read it: chmod o-rwx, or put them in credentials/"


def test_an_open_file_without_secrets_gets_no_word(write: Write, tmp_path: Path) -> None:
    credential(tmp_path / "credentials", "ntfy", "ntfy://x")
    path = write(ELS + PHONE + 'credential = "ntfy"\n')
    path.chmod(0o644)
    assert settings_warnings(load(path, {})) == ()
