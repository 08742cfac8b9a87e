"""`duurloop status`: how things stand."""

from typing import Any

import click

from daemon.cli.common import Exit, json_option, print_json, state_folder, words
from daemon.remote import NotRunningError, ask


@click.command()
@json_option
@click.pass_context
def status(ctx: click.Context, *, as_json: bool) -> None:
    """Say whether the service runs, and how it is with straps, sessions and messages. Exit code 3: not running."""
    state = state_folder(ctx)
    try:
        answer = ask(state, "status")
    except NotRunningError:
        answer = {"type": "status", "running": False, "runners": [], "outbox": None, "strava": None, "inbox": None}
    if as_json:
        print_json(answer)
    else:
        for line in _lines(answer):
            click.echo(line)
    ctx.exit(Exit.WELL if answer["running"] else Exit.NOT_RUNNING)


def _lines(answer: dict[str, Any]) -> list[str]:
    if not answer["running"]:
        return [words("duurloop is not running. Start it: duurloop run, or systemctl start duurloop")]
    lines = [words("duurloop has been running since {since}.").format(since=answer["since"][:16].replace("T", " "))]
    for runner in answer["runners"]:
        lines += ["", runner["name"], *(f"  {line}" for line in _runner_lines(runner))]
    lines += ["", *_outbox_lines(answer["outbox"])]
    lines += _strava_lines(answer["strava"])
    lines += _inbox_lines(answer["inbox"]) if answer["inbox"] else []
    if answer["store"]["trouble"]:
        lines.append(words("The database takes nothing just now: {reason}").format(reason=answer["store"]["trouble"]))
    lines += [words("{worker} hangs.").format(worker=worker) for worker in answer["late"]]
    return lines


def _runner_lines(runner: dict[str, Any]) -> list[str]:
    lines = [_strap_line(runner["strap"])]
    session, last = runner["session"], runner["last_run"]
    if session:
        minutes = session["elapsed_s"] // 60
        heart = session["bpm"] if session["bpm"] is not None else "–"  # noqa: RUF001 - an unknown value
        lines.append(words("Session: {minutes} min, heart rate {bpm}").format(minutes=minutes, bpm=heart))
    if last:
        lines.append(
            words("Last run: {when}, {minutes} min, duurloop show {id}").format(
                when=last["started_at"][:16].replace("T", " "), minutes=round(last["duration_s"] / 60), id=last["id"]
            )
        )
    if runner["paused_until"]:
        lines.append(
            words("Pause up to and including {until}; duurloop resume ends it").format(until=runner["paused_until"])
        )
    if planned := runner["next_appointment"]:
        lines.append(_appointment_line(planned["kind"], planned["at"][:16].replace("T", " ")))
    return lines


def _appointment_line(kind: str, when: str) -> str:
    if kind == "reminder":
        return words("Next reminder: {when}").format(when=when)
    return words("Next: {when}, the smallest step there is; then silence").format(when=when)


def _strap_line(strap: dict[str, Any]) -> str:
    if not strap["configured"]:
        return words("No strap in the settings.")
    if strap["radio"]:
        return radio_words(strap["radio"])
    if strap["connected"]:
        battery = "" if strap["battery_pct"] is None else f", {strap['battery_pct']} %"
        return words("Strap: {name} is connected").format(name=strap["name"]) + battery
    if strap["released_for_s"] is not None:
        return words("Strap: released for another {minutes} min").format(minutes=round(strap["released_for_s"] / 60))
    if not strap["allowed"]:
        return words("Strap: waiting for duurloop arm")
    return words("Strap: not in reach (that is normal when it is not worn)")


def radio_words(trouble: str) -> str:
    """Say what keeps the house from listening, and what to try."""
    return {
        "no_adapter": words("Bluetooth: this machine has no adapter, or it was unplugged"),
        "powered_off": words("Bluetooth: the adapter is switched off; try: bluetoothctl power on"),
        "no_bluez": words("Bluetooth: the system's Bluetooth service does not run; try: systemctl start bluetooth"),
        "no_permission": words("Bluetooth: this user may not use it; add it to the group bluetooth"),
        "stuck": words("Bluetooth: searching hangs; try: systemctl restart bluetooth"),
        "other": words("Bluetooth does not answer as it should; I keep trying"),
    }[trouble]


def _outbox_lines(outbox: dict[str, Any]) -> list[str]:
    lines = [words("Messages waiting: {waiting}").format(waiting=outbox["waiting"])]
    for channel in outbox["channels"]:
        if channel["ok"]:
            continue
        advice = words("its settings need a look") if channel["needs_you"] else words("I keep trying")
        lines.append(f"  {channel['name']}: {channel['reason']} ({advice})")
    return lines


def _strava_lines(links: list[dict[str, Any]]) -> list[str]:
    if not links:
        return []
    from daemon.cli.strava_words import link_lines  # noqa: PLC0415 - only for who is linked

    return ["Strava", *(f"  {line}" for line in link_lines(links))]


def _inbox_lines(inbox: dict[str, Any]) -> list[str]:
    lines = [words("Watched folder: {folder}").format(folder=inbox["folder"])]
    if not inbox["ok"]:
        lines.append(f"  {_reason(inbox)}")
    if inbox["waiting"]:
        lines.append("  " + words("files still to be read: {waiting}").format(waiting=inbox["waiting"]))
    lines += [f"  {one['file']}: {_reason(one)}" for one in inbox["failed"]]
    return lines


def _reason(told: dict[str, Any]) -> str:
    sentence, parts = told["sentence"], told["parts"]
    return words(sentence).format(**parts)
