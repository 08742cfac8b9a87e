"""Sentences for whoever installs, in the language of their terminal."""

import click

from daemon.cli.common import words


def say(sentence: str, **parts: str) -> None:
    """Print a sentence of the catalogues, its places filled."""
    click.echo(words(sentence).format(**parts))


def agree(question: str, *, err: bool = False) -> None:
    """Ask for a yes in the language of the terminal; anything else ends the command with `click.Abort`."""
    yes, no = words("yes"), words("no")
    while True:
        shown = f"{question} [{yes[0]}/{no[0].upper()}]"
        typed = click.prompt(shown, default="", show_default=False, err=err).strip().casefold()
        if typed in {yes, yes[0], "yes", "y"}:
            return
        if typed in {"", no, no[0], "no", "n", "q"}:
            click.echo(words("Nothing has changed."), err=err)
            raise click.Abort
        click.echo(words("yes or no, please."), err=err)
