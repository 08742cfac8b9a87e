"""`duurloop uninstall`, as it is typed."""

from pathlib import Path

import pytest

from daemon.installation import Layout, install_steps, perform
from daemon.telling import Sentence
from tests.terminal import Say


def in_silence(_sentence: Sentence) -> None:
    pass


@pytest.fixture
def layout(say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """Somebody's own service, laid where no systemd is to be reached."""
    del say  # it has given us a home
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "runtime"))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "runtime").mkdir()
    layout = Layout.of_user(home, {"XDG_RUNTIME_DIR": str(tmp_path / "runtime")}, tmp_path)
    steps = install_steps(layout, "# settings\n", {"phone": "ntfy://ntfy.sh/hidden-topic"})
    perform([step for step in steps if "compileall" not in step.told()], in_silence)
    # whoever was refused to linger is not asked to take it back
    layout.linger_mark.unlink()
    return layout


def test_everything_goes_but_settings_and_data_and_it_says_where_those_are(say: Say, layout: Layout) -> None:
    said = say("uninstall", "--user", "--yes")
    assert said.code == 0
    assert not layout.unit.exists()
    assert layout.settings.exists()
    assert f"rm -r {layout.settings.parent} {layout.state}" in said.out


def test_twice_is_as_good_as_once(say: Say, layout: Layout) -> None:
    assert say("uninstall", "--user", "--yes").code == 0
    again = say("uninstall", "--user", "--yes")
    assert again.code == 0
    assert str(layout.state) in again.out


def test_a_dry_run_shows_the_lines_and_does_none(say: Say, layout: Layout) -> None:
    said = say("uninstall", "--user", "--dry-run")
    assert f"rm -f {layout.unit}" in said.out.splitlines()
    assert layout.unit.exists()


def test_nobody_is_there_to_be_asked(say: Say, layout: Layout) -> None:
    said = say("uninstall", "--user")
    assert said.code == 1
    assert "--yes" in said.err
    assert layout.unit.exists()
