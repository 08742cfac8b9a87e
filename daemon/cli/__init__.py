"""The command `duurloop`: arguments to one command, mistakes to one line and the right exit code.

Each group of commands is a module that is imported when it is called: `status` answers in a moment
because it loads neither Bluetooth nor the database.
"""

import errno
import importlib
import os
import sys
from collections.abc import Sequence

import click
from click.shell_completion import CompletionItem

from daemon.cli.common import Exit, exit_code_of, explain, lend_words_to_click, words
from daemon.cli.ground import this_python, unfit_here

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO})
"""What is printed goes to a file, and its disk is full or broken."""
COMMANDS = {
    "demo": "demo:demo",
    "setup": "setup:setup",
    "doctor": "doctor:doctor",
    "check": "check:check",
    "run": "run:run",
    "scan": "scan:scan",
    "replay": "replay:replay",
    "import": "importing:import_",
    "strava": "strava:strava",
    "page": "page:page",
    "runs": "runs:runs",
    "show": "runs:show",
    "week": "week:week",
    "plan": "plan:plan",
    "pause": "pause:pause",
    "resume": "pause:resume",
    "feel": "feel:feel",
    "zone": "zone:zone",
    "care": "care:care",
    "start": "live:start",
    "stop": "live:stop",
    "arm": "live:arm",
    "release": "live:release",
    "status": "status:status",
    "backup": "backup:backup",
    "restore": "backup:restore",
    "export": "export:export",
    "forget": "forget:forget",
    "uninstall": "uninstall:uninstall",
}


class LazyGroup(click.Group):
    """Knows its commands by name, and loads the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which a newcomer needs them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(f"daemon.cli.{module}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands, each with its first sentence: click would cut it where the line ends."""
        known = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, command.get_short_help_str(limit=200)) for name, command in known if command]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the names alone: with their help every command would be loaded, for each press of a key."""
        names = [CompletionItem(name) for name in COMMANDS if name.startswith(incomplete)]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]


def _print_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version  # noqa: PLC0415 - costs more than all the rest of `status`

        click.echo(f"duurloop {version('duurloop')}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--config", "config", metavar="FILE", help="Settings file; else $DUURLOOP_CONFIG or the usual places.")
@click.option("--state", "state", metavar="DIR", help="State folder; else $STATE_DIRECTORY or the usual places.")
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Show it.")
@click.pass_context
def duurloop(ctx: click.Context, config: str | None, state: str | None) -> None:
    """Be the patient companion for calm runs: strap, calm zone, one kind word."""
    ctx.obj = {"config": config, "state": state}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line, `arguments` or the process's own; ends with `SystemExit`."""
    if reason := unfit_here():
        click.echo(words(reason).format(python=this_python()), err=True)
        sys.exit(Exit.FAILURE)
    lend_words_to_click()
    try:
        sys.exit(duurloop.main(arguments, prog_name="duurloop", standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read along has seen enough
        sys.exit(0)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or it would fail once more at the exit
            sys.exit(f"duurloop: {error.strerror}")
        code = exit_code_of(error)
        if code is None:
            raise
        for line in explain(error):
            click.echo(line, err=True)
        sys.exit(code)
