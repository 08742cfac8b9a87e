"""What lets a shell complete our commands, by click's own machinery."""

from click import Command
from click.shell_completion import get_completion_class


def completion_for(shell: str) -> str:
    """Return the script that a shell reads when somebody begins to type `duurloop`."""
    kind = get_completion_class(shell)
    if kind is None:
        raise ValueError(shell)
    made = kind(Command("duurloop"), {}, "duurloop", "_DUURLOOP_COMPLETE")
    return made.source_template % made.source_vars()
