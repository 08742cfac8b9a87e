"""How it is with the links to Strava, for a person at a terminal."""

from typing import Any

from daemon.cli.common import words
from daemon.strava import told


def link_lines(links: list[dict[str, Any]]) -> list[str]:
    """Say how it is with each link."""
    return [
        line for link in links for line in (link["runner"], *(f"  {line}" for line in told.link_lines(link, words)))
    ]
