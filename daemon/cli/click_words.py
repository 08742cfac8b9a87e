"""What click says to somebody whose slip it found: named here, so that our catalogues have it too.

Click asks the process's default domain for its sentences (`common.lend_words_to_click`). Its help stays English, as all
of ours that is read with it.
"""

from typing import Final

from daemon.domain.marking import _


def plural(one: str, many: str) -> tuple[str, str]:
    """Mark a sentence that has two forms."""
    return one, many


SENTENCES: Final = (
    _("Error: {message}"),
    _("Try '{command} {option}' for help."),
    _("No such option {name!r}."),
    _("No such command {name!r}."),
    _("Missing argument"),
    _("Missing option"),
    _("Missing command."),
    _("Option {name!r} does not take a value."),
    _("Invalid value: {message}"),
    _("Invalid value for {param_hint}: {message}"),
    _("{value!r} is not a valid {number_type}."),
    _("{value} is not in the range {range}."),
    *plural("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
    *plural("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."),
    *plural("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
    *plural("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
    *plural("{value!r} does not match the format {format}.", "{value!r} does not match the formats {formats}."),
)
