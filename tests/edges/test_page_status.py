"""How things stand, in words: what `/status` and `duurloop status` say, and to whom."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from config.language import catalogue
from daemon.control import listening
from daemon.domain.wording import ENGLISH, Language
from daemon.page.standing import status_body
from daemon.remote import Answer
from daemon.standing import Look, parts
from daemon.state_folder import prepare
from tests.edges.status_house import COPIES, LINK, STRAP, channel, house, runner
from tests.terminal import Say

DUTCH = Language(catalogue("nl").gettext, catalogue("nl").ngettext, "nl")
BOTH = Look(("Els", "Jan"), is_alone=False)
ELS = Look(("Els",), is_alone=True)

RUN = {"id": "20261121-aa", "started_at": "2026-11-21T18:30:00+01:00", "duration_s": 1860.0, "sources": ["strap"]}


def said(answer: dict[str, Any], look: Look | None = None, title: str = "Els") -> list[str]:
    """Return the lines under a heading."""
    return next(
        ([line.text for line in part.lines] for part in parts(answer, ENGLISH.say, look) if part.title == title), []
    )


@pytest.mark.parametrize(
    ("strap", "line"),
    [
        ({}, "Strap: Polar H10 is connected, battery at 80 %"),
        ({"battery_pct": None}, "Strap: Polar H10 is connected"),
        ({"connected": False}, "Strap: not in reach (that is normal when it is not worn)"),
        ({"connected": False, "released_for_s": 3600}, "Strap: released for another 60 min"),
        ({"connected": False, "allowed": False}, "Strap: I look for it when you ask me to"),
        ({"radio": "powered_off"}, "Bluetooth: the adapter is switched off; try: bluetoothctl power on"),
        ({"configured": False}, "No strap in the settings."),
    ],
    ids=["worn", "says nothing of its battery", "away", "released", "armed only", "no radio", "none"],
)
def test_it_says_how_it_is_with_the_strap(strap: dict[str, Any], line: str) -> None:
    assert said(house(runner("Els", strap={**STRAP, **strap}))) == [line]


def test_a_weak_battery_is_worth_a_word() -> None:
    (_, weak) = said(house(runner("Els", strap={**STRAP, "battery_pct": 15})))
    assert "Put in a new one before your next run" in weak


def test_what_was_and_what_comes_is_said_as_people_say_it() -> None:
    els = runner(
        "Els",
        last_run=RUN,
        paused_until="2026-12-24",
        next_appointment={"kind": "reminder", "at": "2026-11-24T18:30:00+01:00"},
    )
    assert said(house(els))[1:] == [
        "Last run: yesterday at 18:30, 31 min",
        "Pause up to and including 2026-12-24",
        "Next reminder: Tuesday at 18:30",
    ]


def test_days_are_those_of_the_runners_own_time_zone() -> None:
    far = runner("Els", last_run={**RUN, "started_at": "2026-11-22T00:30:00+13:00"})
    assert "Last run: today at 00:30, 31 min" in said(house(far, at="2026-11-21T23:00:00+01:00"))


def test_who_sees_one_runner_sees_nothing_of_another() -> None:
    answer = house(late=["strap of Jan", "channel Jan/mail"])
    answer["outbox"]["channels"][1] = channel("Jan/mail", ok=False, reason="401 for jan@example.org", needs_you=True)
    inbox = {"folder": "/runs", "ok": True, "waiting": 0, "sentence": None, "parts": {}}
    answer["inbox"] = {**inbox, "failed": [{"file": "Jan/a.fit", "sentence": "broken", "parts": {}}]}
    page = status_body(answer, ELS, ENGLISH)
    assert "Jan" not in page
    assert "Els/phone: no trouble" in page
    assert "A part of duurloop hangs." in page
    assert all(name in status_body(answer, BOTH, ENGLISH) for name in ("Jan/mail: 401 for", "Jan/a.fit: broken"))


def test_a_channel_belongs_to_its_runner_whatever_the_names_are() -> None:
    answer = house(runner("a"), runner("a/b"))
    answer["outbox"]["channels"] = [channel("a/b/phone", runner="a/b")]
    assert "a/b" not in status_body(answer, Look(("a",), is_alone=True), ENGLISH)


def test_a_run_that_only_stravas_api_knows_is_told_to_its_own_runner_alone() -> None:
    answer = house(runner("Els", last_run={**RUN, "sources": ["strava_api"]}))
    assert "/runs/" in status_body(answer, ELS, ENGLISH)
    assert "/runs/" not in status_body(answer, replace(BOTH, names=("Els",)), ENGLISH)
    own = house(runner("Els", last_run={**RUN, "sources": ["strap", "strava_api"]}))
    assert "/runs/" in status_body(own, BOTH, ENGLISH)


def test_it_says_when_the_last_copy_was_made_and_where_it_lies() -> None:
    assert "There is no copy of it yet; the first is made within a day." in said(house(), title="What is kept")
    copied = house(store={"trouble": None, "copied_at": "2026-11-20T03:30:00+01:00"})
    assert said(copied, title="What is kept")[1:] == [
        "Last copy: Friday at 03:30, on the same disk as all the rest.",
        "A copy on another disk is safer: name a folder there under [backup], or use duurloop backup.",
    ]
    copied["copies"] = {**COPIES, "is_elsewhere": True}
    assert said(copied, title="What is kept")[1:] == ["Last copy: Friday at 03:30, on another disk."]


def test_it_says_why_no_copies_are_made() -> None:
    gone = {"sentence": "the folder for copies, {folder}, is not there", "parts": {"folder": "/mnt/usb"}}
    answer = house(copies={**COPIES, "ok": False, **gone})
    last = "No copy could be made lately: the folder for copies, /mnt/usb, is not there"
    assert said(answer, title="What is kept")[-1] == last


def test_what_a_channel_answered_is_said_in_the_runners_language() -> None:
    answer = house(runner("Els"))
    answer["outbox"]["channels"] = [channel("Els/phone", ok=False, reason="timed out")]
    lines = [line.text for part in parts(answer, DUTCH.say) for line in part.lines]
    assert "Els/phone: geen antwoord op tijd (ik blijf het proberen)" in lines


def test_names_and_reasons_are_words_and_never_html() -> None:
    answer = house(runner("<b>Els</b>"))
    answer["outbox"]["channels"] = [channel("<b>Els</b>/x", ok=False, reason="<script>alert(1)</script>")]
    page = status_body(answer, Look(("<b>Els</b>",), is_alone=True), ENGLISH)
    assert "<b>" not in page
    assert "<script>" not in page


def test_the_page_leads_on_where_a_terminal_names_a_command() -> None:
    answer = house(runner("Els", last_run=RUN, strap={**STRAP, "connected": False, "allowed": False}))
    page = status_body(answer, ELS, ENGLISH)
    assert f'<a href="/runs/{RUN["id"]}">Last run: yesterday at 18:30, 31 min</a>' in page
    assert '<a href="/">Strap: I look for it when you ask me to</a>' in page
    assert "<code>" not in page


def test_a_heart_rate_is_for_the_moment_and_not_for_a_page_that_stays_open() -> None:
    answer = house(runner("Els", session={"elapsed_s": 720, "bpm": 131}))
    assert "Session: 12 min, heart rate 131" in said(answer)
    page = status_body(answer, ELS, ENGLISH)
    assert '<a href="/">A session is going on.</a>' in page
    assert "131" not in page


async def test_a_terminal_hears_the_same_of_everybody_with_the_commands_that_lead_on(say: Say, tmp_path: Path) -> None:
    async def status(_: Mapping[str, Any]) -> Answer:
        return house(runner("Els", last_run={**RUN, "sources": ["strava_api"]}), runner("Jan"), late=["strap of Jan"])

    async with listening(prepare(tmp_path / "state"), {"status": status}):
        said = await asyncio.to_thread(say, "--state", tmp_path / "state", "status")
    assert said.code == 0
    assert said.out.startswith("Els\n  Strap: Polar H10 is connected, battery at 80 %\n")
    assert f"  Last run: yesterday at 18:30, 31 min (duurloop show {RUN['id']})\n\nJan\n" in said.out
    assert "\nStrava, Jan\n  All is well.\n" in said.out
    assert said.out.endswith("  strap of Jan hangs.\n")


def test_it_speaks_the_viewers_language() -> None:
    assert "duurloop draait sinds vrijdag om 08:00." in status_body(house(), ELS, DUTCH)


# -- what goes out -----------------------------------------------------------------------------------

FIT = {"path": "/srv/fit", "ok": True, "reason": None, "sentence": None, "parts": {}, "waiting": 0}
UPLOADS = {"runner": "Els", "waiting": 2, "needs_you": False, "refused": 0}


def outgoing(folder: dict[str, Any] | None = None, *uploads: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return house(**{"handing_out": {"folder": folder, "strava": list(uploads)}, **more})


@pytest.mark.parametrize(
    ("folder", "line"),
    [
        (FIT, "All sessions that were to go there are in it."),
        ({**FIT, "waiting": 3}, "sessions still to be put there: 3"),
        ({**FIT, "ok": False, "sentence": "cannot be written to ({why})", "parts": {"why": "so"}}, "cannot be written"),
    ],
)
def test_the_folder_of_files_says_how_it_is(folder: dict[str, Any], line: str) -> None:
    lines = said(outgoing(folder), title="Your sessions elsewhere")
    assert lines[0] == "As files, here: /srv/fit"
    assert lines[1].startswith(line)


def test_sessions_that_wait_for_a_link_are_told_of_to_their_runner() -> None:
    waiting = outgoing(None, UPLOADS, strava=[])
    line = "Els: sessions wait to go to Strava, which is not linked: 2"
    assert said(waiting, title="Your sessions elsewhere") == [line]
    assert said(waiting, ELS, title="Your sessions elsewhere") == [line]
    assert said(waiting, Look(("Jan",), is_alone=True), title="Your sessions elsewhere") == []


def test_with_a_link_it_is_told_there() -> None:
    links = [{"runner": "Els", **LINK, "uploads": {**UPLOADS, "refused": 1}}]
    told = outgoing(None, UPLOADS, strava=links)
    assert said(told, title="Your sessions elsewhere") == []
    lines = said(told, title="Strava, Els")
    assert "Your sessions that wait to go there: 2" in lines
    assert "Of these Strava made no activity: 1" in lines


def test_where_nothing_goes_out_nothing_is_said_of_it() -> None:
    titles = [part.title for part in parts(outgoing(), ENGLISH.say)]
    assert "Your sessions elsewhere" not in titles
