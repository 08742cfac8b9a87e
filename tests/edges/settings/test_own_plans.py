"""A plan of one's own, beside the settings."""

from pathlib import Path

import pytest

from config.faults import SettingsError
from config.loader import load
from tests.edges.settings.loading import ELS, Write

OWN_PLAN = 'id = "own"\nname = "Own"\n[[steps]]\nname = "One"\nruns = 1\ncourse = ["run 5m"]\n'


def test_a_plan_of_ones_own_is_found_beside_the_settings(write: Write, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(OWN_PLAN)
    assert load(write(ELS + 'plan = "own.toml"\n'), {}).runners[0].plan == "own.toml"


def test_the_faults_of_a_plan_of_ones_own_are_told_with_those_of_the_settings(write: Write, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(OWN_PLAN.replace("5m", "5"))
    with pytest.raises(SettingsError) as caught:
        load(write(ELS + 'plan = "own.toml"\nlanguage = "de"\n'), {})
    assert [(Path(fault.file).name, fault.line, fault.key) for fault in caught.value.faults] == [
        ("duurloop.toml", 5, "runners[1].language"),
        ("own.toml", 6, "steps[1].course[1]"),
    ]
