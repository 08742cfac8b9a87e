"""`uninstall`: undoes what `setup` did, and leaves settings and data where they are."""

import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from daemon.cli.common import Failure, words
from daemon.cli.saying import agree, say
from daemon.installation import Layout, perform, uninstall_steps
from daemon.installation.layout import OWN_ENVIRONMENT
from daemon.telling import Sentence


@click.command()
@click.option("--user", "is_users", is_flag=True, help="Your own service, not the system's.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only show what would be done.")
def uninstall(*, is_users: bool, yes: bool, dry_run: bool) -> None:
    """Undo what setup did: service, command, manual, and the program itself in /opt/duurloop.

    Your settings and everything that was recorded stay where they are; it says how to remove those, too.
    """
    layout = Layout.of_user(Path.home(), os.environ) if is_users else Layout.of_system()
    steps = uninstall_steps(layout)
    if dry_run:
        for step in steps:
            click.echo(step.told())
        return
    if layout.is_system and os.geteuid() != 0:
        raise Failure("this removes a service of the whole system: sudo duurloop uninstall (or your own, with --user)")
    if not yes:
        _ask(layout)
    left = list(_left(layout))  # while the program still finds its catalogues
    perform(steps, say)
    for line in left:
        click.echo(line)


def _ask(layout: Layout) -> None:
    if not sys.stdin.isatty():
        raise Failure("nobody is here to be asked: --yes uninstalls without asking")
    say(Sentence("The service and its command go. Your settings and everything that was recorded stay."))
    if layout.environment is not None:
        say(Sentence("The program in {folder} goes with them.", {"folder": str(layout.environment)}))
    agree(words("Uninstall duurloop?"))


def _left(layout: Layout) -> Iterator[str]:
    """Give what to say of what is still there."""
    yield words("duurloop is uninstalled.")
    places = [place for place in (layout.settings.parent, layout.state) if place.exists()]
    if places:
        folders = shlex.join(map(str, places))
        yield words("Your settings and what was recorded are still here: {folders}").format(folders=folders)
        yield words("To remove them for good, with the last trace of duurloop: {line}").format(
            line=_for_good(layout, folders)
        )
    if layout.environment is None:
        yield words("The program itself is in {folder}; remove it in the way it came: {line}").format(
            folder=sys.prefix, line=_way_out()
        )


def _for_good(layout: Layout, folders: str) -> str:
    if layout.user is None:
        return f"rm -r {folders}"
    return f"sudo rm -r {folders} && sudo userdel {layout.user}"


def _way_out() -> str:
    """Return what removes a program that is not ours to remove."""
    if Path(sys.prefix) == OWN_ENVIRONMENT:
        return "sudo duurloop uninstall"  # the system's, of which this was a user
    return "pipx uninstall duurloop" if "pipx" in Path(sys.prefix).parts else f"{sys.prefix}/bin/pip uninstall duurloop"
