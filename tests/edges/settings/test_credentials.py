"""Secrets that stand in files of their own: where they are looked for, and who may read them."""

from pathlib import Path

import pytest

from config.loader import load
from config.settings import Settings
from tests.edges.settings.loading import ELS, PHONE, SECRET, Write, credential, faults


@pytest.mark.parametrize("name", ["ntfy", "duurloop_ntfy"])
def test_systemd_hands_credentials_over_under_either_name(write: Write, tmp_path: Path, name: str) -> None:
    path = write(ELS + PHONE + 'credential = "ntfy"\n')
    credential(tmp_path / "credentials", "ntfy", "ntfy://not-this-one")
    credential(tmp_path / "handed", name, f"ntfy://{SECRET}/x\n", mode=0o644)
    settings = load(path, {"CREDENTIALS_DIRECTORY": str(tmp_path / "handed")})
    assert settings.runners[0].channels[0].address.get_secret_value() == f"ntfy://{SECRET}/x"


def test_else_credentials_stand_beside_the_settings(write: Write, tmp_path: Path) -> None:
    credential(tmp_path / "credentials", "strava", f"{SECRET}\n", mode=0o400)
    text = '[strava]\nclient_id = "1"\ncredential = "strava"\n'
    settings = load(write(text + ELS), {"CREDENTIALS_DIRECTORY": str(tmp_path / "empty")})
    assert settings.strava.secret is not None
    assert settings.strava.secret.get_secret_value() == SECRET


CREDENTIAL_FAULTS = {
    "not there": (None, 0o600, "no such credential, neither in"),
    "open to others": ("ntfy://x/y", 0o640, "others may read that credential's file; make it yours alone: chmod 600"),
    "empty": ("\n", 0o600, "that credential's file must hold one line of UTF-8 text"),
    "of two lines": ("ntfy://x/y\nntfy://x/z\n", 0o600, "that credential's file must hold one line"),
    "not text": (b"\xff\xfe", 0o600, "that credential's file must hold one line of UTF-8 text"),
    "huge": ("x" * 10_000, 0o600, "that credential's file must hold one line"),
    "no address": (SECRET, 0o600, "that credential must hold an address with ://"),
}


@pytest.mark.parametrize(("content", "mode", "said"), CREDENTIAL_FAULTS.values(), ids=CREDENTIAL_FAULTS)
def test_a_faulty_credential_is_told(
    write: Write, tmp_path: Path, content: str | bytes | None, mode: int, said: str
) -> None:
    if content is not None:
        credential(tmp_path / "credentials", "ntfy", content, mode)
    (fault,) = faults(write(ELS + PHONE + 'credential = "ntfy"\n'))
    assert fault.startswith(f"6: runners[1].channels[1].credential: {said}")


@pytest.mark.parametrize("name", ["../duurloop.toml", "a/b", "", ".hidden", f"ntfy://{SECRET}/x"])
def test_a_credential_is_a_name_and_never_a_path(write: Write, name: str) -> None:
    (fault,) = faults(write(ELS + PHONE + f'credential = "{name}"\n'))
    assert "must be a name of letters, digits, - and _" in fault


@pytest.mark.parametrize(
    ("text", "key"),
    [
        pytest.param(
            ELS + PHONE + 'url = "ntfy://x"\ncredential = "c"\n', "runners[1].channels[1].credential", id="url"
        ),
        pytest.param(
            '[strava]\nclient_id = 1\nclient_secret = "x"\ncredential = "c"\n' + ELS, "strava.credential", id="strava"
        ),
    ],
)
def test_a_secret_and_a_credential_exclude_each_other(write: Write, tmp_path: Path, text: str, key: str) -> None:
    credential(tmp_path / "credentials", "c", "ntfy://x")
    (fault,) = faults(write(text))
    assert fault.startswith(f"{text[: text.index('credential')].count(chr(10)) + 1}: {key}: stands beside")


def test_a_credential_that_is_not_even_text_is_told(write: Write) -> None:
    (fault,) = faults(write(ELS + PHONE + "credential = 3\n"))
    assert "must be a name of letters, digits, - and _" in fault


def test_credentials_are_read_for_a_file_only() -> None:
    with pytest.raises(ValueError, match="credentials can only be used from a settings file"):
        Settings.model_validate({"strava": {"client_id": "1", "credential": "x"}})
