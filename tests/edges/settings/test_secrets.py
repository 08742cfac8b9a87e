"""No secret shows, in no fault and in no value."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.faults import SettingsError
from config.loader import load
from config.settings import Settings
from config.toml_file import known_tables
from tests.edges.settings.loading import ELS, PHONE, SECRET, Write, credential


def scalar_keys() -> Iterator[str]:
    """Give a file for every key there is, in which the key has the secret for its value."""
    for table, shape in known_tables(Settings).items():
        names = [str(name) for name in table]
        for key in shape.keys:
            if not names:
                yield f'{key} = "{SECRET}"\n{ELS if key != "runners" else ""}'
            elif names[0] == "runners":
                inner = ".".join(names)
                header = "" if inner == "runners" else f"[[{inner}]]\n" if shape.is_list else f"[{inner}]\n"
                yield f'[[runners]]\n{header}{key} = "{SECRET}"\n'
            else:
                yield f'[{names[0]}]\n{key} = "{SECRET}"\n{ELS}'


@pytest.mark.parametrize("text", [pytest.param(text, id=text.replace("\n", " ")) for text in scalar_keys()])
def test_no_fault_shows_a_value(write: Write, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(write(text + "[[unknown]]\n"), {})
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value)
    assert caught.value.__cause__ is None


def test_values_do_not_show_their_secrets(write: Write, tmp_path: Path) -> None:
    credential(tmp_path / "credentials", "ntfy", f"ntfy://{SECRET}")
    text = f'[strava]\nclient_id = 1\nclient_secret = "{SECRET}"\n{ELS}{PHONE}url = "ntfy://{SECRET}"\n'
    settings = load(write(text + PHONE.replace("phone", "mail") + 'credential = "ntfy"\n'), {})
    for shown in (repr(settings), str(settings), repr(settings.runners[0].channels)):
        assert SECRET not in shown


HIDDEN = {
    "mail": (
        "mailtos://els:geheim%21pas@example.org?to=jan@example.org&smtp_token=tk_123456",
        {"geheim%21pas", "geheim!pas", "jan@example.org", "tk_123456"},
    ),
    "ntfy": ("ntfys://els:pass@ntfy.example.org/els-runs-7", {"pass", "els-runs-7"}),
    "telegram": (
        "tgram://123456789:AAbb-cc_dd/12315544/",
        {"123456789:AAbb-cc_dd", "123456789", "AAbb-cc_dd", "12315544"},
    ),
    "discord": ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", {"4174216298", "JHMHI8qBe7bk2ZwO5U711o3dV_js"}),
    "a user that is a token": ("pover://u5gk91aq@az7Gh2Qp", {"u5gk91aq", "az7Gh2Qp"}),
    "words and hosts": ("json://els@localhost:8080/duurloop/notify?format=markdown&rto=10", set[str]()),
    "a short password": ("json://els:abc@nas.local/", set[str]()),
    "an address of numbers": ("json://[fe80::1]:8080/notify", set[str]()),
}


@pytest.mark.parametrize(("url", "hidden"), HIDDEN.values(), ids=HIDDEN)
def test_an_address_is_hidden_whole_and_in_its_telling_parts(write: Write, url: str, hidden: set[str]) -> None:
    assert load(write(ELS + PHONE + f'url = "{url}"\n'), {}).secrets() == {url} | hidden
