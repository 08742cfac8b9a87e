"""Secrets that stand in files of their own, and all that must never be seen of a secret."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from config.toml_file import refuse

LARGEST_CREDENTIAL_BYTES: Final = 8 * 1024
SHORTEST_PASSWORD: Final = 4
SHORTEST_TOKEN: Final = 6
LONGEST_WORD: Final = 15
"""Hiding a word such as `duurloop` (somebody's topic) would eat the log; a longer run of letters is no word."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where credentials are looked up: what systemd hands over, else a folder beside the settings."""

    handed: Path | None
    """`$CREDENTIALS_DIRECTORY`; only this service can see it, whatever the modes say."""
    folder: Path

    @classmethod
    def of(cls, settings: Path, environ: Mapping[str, str]) -> "Credentials":
        """Return the places that belong to a settings file."""
        handed = environ.get("CREDENTIALS_DIRECTORY")
        return cls(Path(handed) if handed else None, settings.parent / "credentials")

    def read(self, name: str) -> str:
        """Return a credential's secret; raises a refusal that never shows it."""
        if _NAME.fullmatch(name) is None:
            raise refuse("credential_form")
        for path in self._handed_as(name):
            if os.path.isfile(path):  # noqa: PTH113  # a folder that is closed to us means no, not an error
                return _line_of(path)
        path = self.folder / name
        try:
            mode = path.stat().st_mode
        except PermissionError:
            raise refuse("credential_unreadable") from None
        except OSError:
            raise refuse("credential_missing") from None
        if mode & 0o077:
            raise refuse("credential_open")
        return _line_of(path)

    def _handed_as(self, name: str) -> Iterator[Path]:
        # LoadCredential=duurloop:/etc/duurloop/credentials hands over a folder, its files named duurloop_NAME.
        if self.handed is not None:
            yield self.handed / name
            yield self.handed / f"duurloop_{name}"


def _line_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_CREDENTIAL_BYTES + 1)
        secret = data.decode("utf-8-sig").strip()
    except OSError:
        raise refuse("credential_unreadable") from None
    except UnicodeDecodeError:
        raise refuse("credential_line") from None
    if not secret or not secret.isprintable() or len(data) > LARGEST_CREDENTIAL_BYTES:
        raise refuse("credential_line")
    return secret


def others_may_read(path: Path) -> bool:
    """Tell whether just anyone may do anything with a file; its group may be the service's own."""
    try:
        return bool(path.stat().st_mode & 0o007)
    except OSError:
        return False


def to_hide(url: str) -> Iterator[str]:
    """Give all that a message address should not show in a log: itself, and what in it looks like a token.

    Libraries take addresses apart and print the pieces. A password is hidden whatever it looks like (unless
    it is too short to be told from other text); other pieces when they are neither host nor plain word.
    """
    yield url
    address, _, query = url.partition("://")[2].partition("?")
    authority, *path = address.split("/")
    userinfo, _, host = authority.rpartition("@")
    user, _, password = userinfo.partition(":")
    yield from _both_ways(password, SHORTEST_PASSWORD)
    pieces = [user, *path, *(pair.partition("=")[2] for pair in query.split("&"))]
    if not _is_host(host.partition(":")[0]):
        pieces += [host, *host.split(":")]
    for piece in pieces:
        yield from (form for form in _both_ways(piece, SHORTEST_TOKEN) if not _is_word(form))


def _both_ways(text: str, shortest: int) -> Iterator[str]:
    """Give a text as it stands in an address, and as it is meant."""
    yield from {form for form in (text, unquote(text)) if len(form) >= shortest}


def _is_host(name: str) -> bool:
    # Some services put a token where the host belongs (discord://token/...); a host has a dot, or is a word.
    return "." in name or name.startswith("[") or _is_word(name)


def _is_word(text: str) -> bool:
    return len(text) <= LONGEST_WORD and _WORD.fullmatch(text) is not None
