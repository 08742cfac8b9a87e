"""`setup`: the first run, and every later wish; asks, or takes options and asks nothing."""

from collections.abc import Callable
from typing import Any, TypeAlias

import click

from config.language import LANGUAGES

Command: TypeAlias = Callable[..., None]

_RUNNER = (
    click.option("--name", metavar="NAME", help="Who runs; of several, whose settings these are."),
    click.option("--language", type=click.Choice(LANGUAGES), help="Of the messages; the terminal's if not given."),
    click.option("--zone", metavar="LOW-HIGH", help="The calm zone, as 118-136."),
    click.option(
        "--zone-origin",
        type=click.Choice(["own", "talk_test", "maf", "reserve", "maximum", "threshold", "strava"]),
        help="Where --zone has it from.",
    ),
    click.option("--medication/--no-medication", default=None, help="Whether medicine changes the heart rate."),
    click.option("--born", metavar="YEAR", help="For proposals; without --zone, for a cautious zone."),
    click.option("--resting", metavar="BPM", help="Heart rate at rest, for proposals."),
    click.option("--maximum", metavar="BPM", help="Measured maximum, for proposals."),
    click.option("--threshold", metavar="BPM", help="Measured threshold, for proposals."),
    click.option("--training", type=click.Choice(["recovering", "starting", "steady", "years"]), help="For proposals."),
    click.option("--days", metavar="DAYS", help="The agreed days, as tue,thu,sun; none for none."),
    click.option("--time", metavar="HH:MM", help="When the reminder comes on those days."),
    click.option("--week", metavar="DAY HH:MM", help="When the week is summed up, as 'sun 20:00'."),
    click.option("--quiet", metavar="FROM-TO", help="Hours of quiet, as 22:00-07:00; none for none."),
    click.option("--plan", metavar="PLAN", help="walk-4, rustig-12, start-9, continuous, a .toml file, or none."),
    click.option("--strap", metavar="NAME|ADDRESS", help="As duurloop scan shows it."),
    click.option("--no-strap", is_flag=True, help="Runs come as files only."),
    click.option(
        "--connect",
        type=click.Choice(["always", "armed"]),
        help="Take the strap whenever it is worn, or only after duurloop arm.",
    ),
)
_CHANNELS = (
    click.option(
        "--channel",
        multiple=True,
        metavar="NAME=ADDRESS",
        help="Where messages go, as phone=ntfys://ntfy.sh/topic. NAME=@FILE, NAME=env:VARIABLE and NAME=- (a line of "
        "standard input) keep the address out of the list of processes. May be given more than once.",
    ),
    click.option("--remove-channel", multiple=True, metavar="NAME", help="Take this channel away."),
    click.option(
        "--for", "purposes", metavar="WHAT", help="What goes to each --channel: live,after,reminder,week,service."
    ),
    click.option("--figures/--no-figures", default=None, help="Whether messages to --channel may hold heart rates."),
    click.option("--test/--no-test", default=None, help="Send a test message to each --channel, or to none."),
)
_HOUSE = (
    click.option("--strava-client-id", metavar="NUMBER", help="Your own application at Strava."),
    click.option("--strava-secret-file", "strava_secret", metavar="FILE", help="Holds its secret; - for stdin."),
    click.option("--upload/--no-upload", default=None, help="Whether recorded runs go to Strava."),
    click.option("--import-folder", metavar="DIR", help="Files of runs that appear there come in."),
    click.option("--export-folder", metavar="DIR", help="Recorded runs go there as FIT files."),
    click.option("--backup-folder", metavar="DIR", help="Daily copies go there."),
    click.option("--listen", metavar="HOST:PORT", help="Where the page is: 127.0.0.1:8421, 0.0.0.0:8421, or none."),
    click.option("--address", metavar="URL", help="Where phones find the page, as http://house.local:8421."),
    click.option(
        "--service/--no-service", default=None, help="Install and start the service, or only write the settings."
    ),
    click.option("--user", "is_users", is_flag=True, help="Your own service and settings, without root."),
    click.option(
        "--refresh", is_flag=True, help="Only renew unit, folders, manual and completion, as after an upgrade."
    ),
    click.option("--dry-run", is_flag=True, help="Show every file and command, and do nothing."),
    click.option("--yes", "--no-input", "is_quiet", is_flag=True, help="Ask nothing."),
)


def _with(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Give a command many options at once."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


@click.command()
@_with(*_RUNNER, *_CHANNELS, *_HOUSE)
@click.pass_context
def setup(ctx: click.Context, /, **options: Any) -> None:  # noqa: ANN401 - as many as there are questions
    """Set duurloop up: runner, zone, days, plan, strap, messages, Strava, page and service.

    At a terminal it asks; what an option answers is not asked. Run it again to change something: it changes only that,
    and leaves the rest of the file as you wrote it. With options and --yes, or without a terminal, it asks nothing.
    """
    from daemon.cli.setting_up import set_up  # noqa: PLC0415 - --help does without

    set_up(ctx, options)
