"""Sentences for whoever installs, in the language of their terminal."""

import click

from daemon.cli.common import words


def say(sentence: str, **parts: str) -> None:
    """Print a sentence of the catalogues, its places filled."""
    click.echo(words(sentence).format(**parts))
