"""Sentences for whoever installs, in the language of their terminal."""

from collections.abc import Collection

import click

from daemon.cli.common import words
from daemon.setup.asking import QUIT, PuzzledError, yes_or_no
from daemon.telling import Sentence


def say(sentence: Sentence) -> None:
    """Print it."""
    click.echo(sentence.said(words))


def agree(question: str, *, err: bool = False) -> None:
    """Ask for a yes; a no ends the command with `click.Abort`, and so does Enter."""
    yes, no = words("y"), words("n")
    if not is_yes(f"{question} [{yes}/{no.upper()}]", also_no=("", QUIT), err=err):
        click.echo(words("Nothing has changed."), err=err)
        raise click.Abort


def is_yes(question: str, *, also_no: Collection[str] = (), suffix: str = ": ", err: bool = False) -> bool:
    """Ask until it is a yes or a no."""
    while True:
        typed = click.prompt(question, default="", show_default=False, prompt_suffix=suffix, err=err).strip()
        if typed.casefold() in also_no:
            return False
        try:
            return yes_or_no(typed)
        except PuzzledError as puzzled:
            click.echo(puzzled.told(words), err=err)
