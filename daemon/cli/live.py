"""`start`, `stop`, `arm`, `release`: the live session of the running service."""

import re
from datetime import datetime

import click

from daemon.cli.common import json_option, print_json, runner_option, state_folder, words
from daemon.remote import Answer, ask

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Duration(click.ParamType[float]):
    """`90s`, `30m`, `2h` or `1h30m`, as seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read a duration; a bare number is minutes."""
        text = str(value).strip()
        if re.fullmatch(r"\d+", text):
            text += "m"
        parts = re.findall(r"(\d{1,6})([smhd])", text)
        seconds = sum(int(number) * _UNITS[unit] for number, unit in parts)
        if not seconds or "".join(number + unit for number, unit in parts) != text:
            self.fail(words("{text} is no duration: write 30m, 2h or 1h30m").format(text=repr(text)), param, ctx)
        return float(seconds)


@click.command()
@click.option("--plan", metavar="ID:STEP", help="Follow this step, as rustig-12:3; else your plan's step.")
@click.option("--free", is_flag=True, help="No plan: run as you like, with a word when you go above your zone.")
@runner_option
@json_option
@click.pass_context
def start(ctx: click.Context, *, plan: str | None, free: bool, runner: str | None, as_json: bool) -> None:
    """Begin a coached run: the course of your plan's step, or a free run."""
    if plan and free:
        raise click.UsageError(words("--plan and --free exclude each other"))
    answer = ask(state_folder(ctx), "start", runner=runner, plan=plan, free=free)
    if as_json:
        print_json({"type": "started", **answer})
        return
    if answer["plan"] is None:
        click.echo(words("A free run: go when you like."))
        return
    click.echo(words("It begins: {id}, step {step}.").format(**answer["plan"]))
    for line in _course_lines(answer):
        click.echo(f"  {line}")


def _course_lines(answer: Answer) -> list[str]:
    from daemon.cli.speech import terminal_language  # noqa: PLC0415 - only `start` speaks at such length
    from daemon.domain.plan import StepKind  # noqa: PLC0415
    from daemon.domain.wording import course_lines  # noqa: PLC0415

    return course_lines(
        [(StepKind(leg["kind"]), leg["for_s"], leg.get("least_s")) for leg in answer["legs"]], terminal_language()
    )


@click.command()
@runner_option
@json_option
@click.pass_context
def stop(ctx: click.Context, *, runner: str | None, as_json: bool) -> None:
    """End the run that is going on; it is judged at once."""
    answer = ask(state_folder(ctx), "stop", runner=runner)
    if as_json:
        print_json({"type": "stopped", **answer})
    elif answer["run"] is None:
        click.echo(words("Stopped. Your strap was not heard, so there is no run to keep."))
    else:
        click.echo(words("Stopped. Your run is kept: duurloop show {id}").format(id=answer["run"]["id"]))


@click.command()
@runner_option
@json_option
@click.pass_context
def arm(ctx: click.Context, *, runner: str | None, as_json: bool) -> None:
    """Let the house connect to your strap, for one run if it is set to armed."""
    answer = ask(state_folder(ctx), "arm", runner=runner)
    if as_json:
        print_json({"type": "armed", **answer})
    else:
        click.echo(words("I am listening for your strap."))


@click.command()
@click.option("--for", "for_s", type=Duration(), metavar="DURATION", help="For how long, as 2h (that is the default).")
@runner_option
@json_option
@click.pass_context
def release(ctx: click.Context, *, for_s: float | None, runner: str | None, as_json: bool) -> None:
    """Let go of your strap at once, so that your watch can have it."""
    answer = ask(state_folder(ctx), "release", runner=runner, for_s=for_s)
    if as_json:
        print_json({"type": "released", **answer})
    else:
        until = datetime.fromisoformat(answer["until"])
        today = until.date() == datetime.now(until.tzinfo).date()
        click.echo(
            words("Your strap is free until {time}.").format(
                time=f"{until:%H:%M}" if today else f"{until:%Y-%m-%d %H:%M}"
            )
        )
