"""From answers to files: what the settings will say, whether they are well, and the steps that lay them."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from config.composing import value_text
from config.loader import load_draft
from config.settings import Settings
from config.writing import rewritten
from daemon.domain.wording import Language
from daemon.installation import Layout, Step, install_steps
from daemon.installation.installing import completing_steps, control
from daemon.installation.steps import MakeFolder, Owner, RemoveFile, WriteFile
from daemon.service_manager import UNIT_NAME
from daemon.setup.answers import Outcome, Present

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
MASK = "***"


@dataclass(frozen=True, slots=True)
class Draft:
    """Settings that were checked and are not laid yet."""

    text: str = field(repr=False)
    settings: Settings = field(repr=False)
    secrets: Mapping[str, str] = field(repr=False)
    has_changed: bool


def folders_of(settings: Settings) -> list[Path]:
    """Return the folders that the settings name outside the state."""
    named = (settings.inbox.folder, settings.export.folder, settings.backup.folder)
    return [folder for folder in named if folder is not None]


def drafted(present: Present, wanted: Outcome, file: Path, environ: Mapping[str, str], language: Language) -> Draft:
    """Return the settings as they will be. Raises `SettingsError`, `UnwritableError`."""
    text = rewritten(present.text, wanted.wish, language.say)
    settings = load_draft(file, text, wanted.secrets, environ)
    return Draft(text, settings, wanted.secrets, has_changed=text != present.text)


def service_steps(draft: Draft, present: Present, layout: Layout, *, is_wanted: bool) -> list[Step]:
    """Return what lays the settings and the service that goes by them.

    Where the service is there and the settings alone have changed, it takes them up without being stopped: somebody may
    be running. `is_wanted` says that all of it shall be laid anew.
    """
    if not (is_wanted or draft.secrets or draft.has_changed) and layout.is_set_up:
        return completing_steps(layout)
    folders = folders_of(draft.settings)
    is_open = present.settings is not None and folders_of(present.settings) == folders
    if is_wanted or draft.secrets or not (is_open and layout.is_set_up):
        return install_steps(layout, draft.text, draft.secrets, folders)
    return [*settings_steps(draft, layout), control(layout, "reload-or-restart", UNIT_NAME)]


def settings_steps(draft: Draft, layout: Layout) -> list[Step]:
    """Return what lays the settings alone."""
    steps: list[Step] = []
    whose = _owner_of(layout.settings)
    if not layout.settings.parent.exists():
        steps.append(MakeFolder(layout.settings.parent, PRIVATE_FOLDER))
    if draft.secrets:
        keepers = _owner_of(layout.credentials) or whose
        steps.append(MakeFolder(layout.credentials, PRIVATE_FOLDER, keepers))
        # before the settings that speak of them: a service that looks meanwhile finds them
        steps += [
            WriteFile(layout.credentials / name, f"{secret}\n", PRIVATE_FILE, keepers)
            for name, secret in draft.secrets.items()
        ]
    if draft.has_changed:
        steps.append(WriteFile(layout.settings_file, draft.text, _mode_of(layout.settings), whose))
    return steps


def unneeded_secrets(draft: Draft, present: Present, layout: Layout) -> list[Step]:
    """Return what takes the secrets away of which the settings speak no more."""
    before = _credentials_of(present.settings) if present.settings else frozenset()
    return [RemoveFile(layout.credentials / name) for name in sorted(before - _credentials_of(draft.settings))]


def _credentials_of(settings: Settings) -> frozenset[str]:
    channels = (channel.credential for runner in settings.runners for channel in runner.channels)
    return frozenset(one.name for one in (settings.strava.credential, *channels) if one)


def shown(steps: Sequence[Step], secrets: frozenset[str]) -> list[str]:
    """Return the steps as a shell would do them, every file with what it holds; secrets are stars."""
    lines: list[str] = []
    for step in steps:
        if isinstance(step, WriteFile) and step.comes_along:
            lines.append(f"{step.told()}  # {len(step.text.splitlines())} lines that come with duurloop")
        elif isinstance(step, WriteFile):
            text = step.text
            written = {value_text(secret)[1:-1] for secret in secrets}  # with the marks that TOML wants
            for secret in sorted(secrets | written, key=len, reverse=True):
                text = text.replace(secret, MASK)
            lines += [f"{step.told()} <<'EOF'", *text.splitlines(), "EOF"]
        else:
            lines.append(step.told())
    return lines


def _owner_of(path: Path) -> Owner | None:
    """Return whose a file is where that is not simply whoever writes it."""
    if os.geteuid() != 0 or not path.exists():
        return None
    try:
        return Owner(path.owner(), path.group())
    except KeyError:  # a number that has no name here
        return None


def _mode_of(file: Path) -> int:
    try:
        return file.stat().st_mode & 0o777
    except OSError:
        return PRIVATE_FILE
