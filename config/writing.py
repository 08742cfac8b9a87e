"""Fulfils a wish in a settings file: which keys of which runner, channel and zone are to change, and how.

How a file's text is changed without touching the rest is `config.toml_draft`'s.
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from tomlkit.items import Array, InlineTable

from config.composing import Say, channel_text, composed, runner_text, value_text
from config.forms import bounds, looks_like_an_address
from config.toml_draft import TomlDraft
from config.toml_lines import KeyPath
from config.wish import ChannelWish, Gone, RunnerWish, Wish, ZoneWish

BOM: Final = "\ufeff"
_URL: Final = re.compile(r"""(?P<quote>["']?)\burl\b(?P=quote)""")


def rewritten(text: str | None, wish: Wish, say: Say) -> str:
    """Return the text of a settings file in which the wish is fulfilled; None stands for no file yet.

    Raises `UnwritableError`, `ValueError` for a text that is not TOML.
    """
    if text is None or not text.strip(f"{BOM} \t\r\n"):
        return composed(wish, say)
    bare = text.removeprefix(BOM)
    has_crlf = bare.count("\r\n") == bare.count("\n") > 0
    draft = TomlDraft(bare.replace("\r\n", "\n") if has_crlf else bare, say)
    _Writer(draft, say).fulfil(wish)
    if draft.text == draft.begun_as:
        return text
    ended = draft.text.replace("\n", "\r\n") if has_crlf else draft.text
    return f"{BOM}{ended}" if text.startswith(BOM) else ended


class _Writer:
    """Changes a draft until it says what is wished."""

    def __init__(self, draft: TomlDraft, say: Say) -> None:
        self._draft = draft
        self._say = say

    def fulfil(self, wish: Wish) -> None:
        """Change what is asked for."""
        for at, value in wish.house.items():
            self._draft.put(at, value)
        if wish.runner:
            self._runner(wish.runner)

    def _runner(self, wish: RunnerWish) -> None:
        place = _place(self._draft.get(("runners",)), wish.name)
        if place is None:
            self._add_runner(wish)
            return
        at: KeyPath = ("runners", place)
        if wish.strap is not None:
            self._strap(at, wish.strap)
        if wish.connect is not None:
            is_inside = "connect" in _table(self._draft.get((*at, "strap")))
            self._draft.put((*at, "strap", "connect") if is_inside else (*at, "connect"), wish.connect)
        if wish.zone:
            self._zone((*at, "zone"), wish.zone)
        for keys, value in wish.values.items():
            self._draft.put((*at, *keys), value)
        for channel in wish.channels:
            self._channel(at, channel)

    def _add_runner(self, wish: RunnerWish) -> None:
        runners = self._draft.get(("runners",))
        if runners and isinstance(self._draft.node(("runners",)), Array):
            alone = tomllib.loads(runner_text(wish, self._say))["runners"][0]
            self._draft.append(("runners",), alone)
            return
        block = runner_text(wish, self._say)
        new = tomllib.loads(block)["runners"]
        expected = {**self._draft.tables, "runners": [*(runners or []), *new]}
        self._draft.insert(
            self._draft.end_of(("runners",)) if runners else self._draft.last_line(), f"\n{block}", expected
        )

    def _strap(self, at: KeyPath, pointer: str | Gone) -> None:
        old = self._draft.get((*at, "strap"))
        if isinstance(pointer, Gone):
            self._draft.put((*at, "connect"), Gone.GONE)
            self._draft.put((*at, "strap"), Gone.GONE)
        elif not isinstance(old, dict):
            if str(old).strip().casefold() != pointer.casefold():
                self._draft.put((*at, "strap"), pointer)
        elif pointer.casefold() not in {str(old.get(key)).casefold() for key in ("name", "address")}:
            wanted, other = ("address", "name") if looks_like_an_address(pointer) else ("name", "address")
            self._draft.put((*at, "strap", wanted), pointer)
            self._draft.put((*at, "strap", other), Gone.GONE)

    def _zone(self, at: KeyPath, wish: ZoneWish) -> None:
        old = self._draft.get(at)
        entries = old if isinstance(old, list) else [{"zone": old}]
        place = _in_force(entries, wish.today)
        now = entries[place] if place is not None else {}
        if (_bounds(now.get("zone")), now.get("origin", "own")) == (_bounds(wish.bounds), wish.origin):
            return
        new = {"zone": wish.bounds, "origin": wish.origin if wish.origin != "own" else None}
        dated = {"zone": wish.bounds, "from": wish.today, "origin": wish.origin}
        is_from_today_on = place is None or (wish.has_runs and now.get("from") != wish.today)
        if is_from_today_on and isinstance(old, list):
            self._draft.append(at, dated)
        elif is_from_today_on:
            self._draft.put(at, [{"zone": old}, dated])
        elif isinstance(old, list):
            self._draft.put((*at, place or 0, "zone"), wish.bounds)
            if wish.origin != now.get("origin", "own"):
                self._draft.put((*at, place or 0, "origin"), wish.origin)
        else:
            self._draft.put(at, wish.bounds if wish.origin == "own" else [new])

    def _channel(self, at: KeyPath, wish: ChannelWish) -> None:
        at = (*at, "channels")
        channels = self._draft.get(at)
        place = _place(channels, wish.name)
        if wish.is_gone:
            if place is not None:
                self._draft.drop(at, place)
        elif place is not None:
            self._change_channel((*at, place), wish)
        elif channels is not None and isinstance(self._draft.node(at), Array):
            self._draft.append(at, _alone(wish, self._say))
        elif isinstance(self._draft.node(at[:-1]), InlineTable):
            self._draft.change(at, [_alone(wish, self._say)])
        else:
            expected = self._draft.expected(at, [*(channels or []), _alone(wish, self._say)])
            self._draft.insert(self._draft.end_of(at[:-1]), f"\n{channel_text(wish, self._say)}", expected)

    def _change_channel(self, at: KeyPath, wish: ChannelWish) -> None:
        secret = wish.values.get("credential")
        if isinstance(secret, str) and "url" in self._draft.get(at) and self._draft.has_header(at):
            self._hide(at, secret)
        for key, value in wish.values.items():
            self._draft.put((*at, key), value)

    def _hide(self, at: KeyPath, credential: str) -> None:
        """Put a credential in the place of an address, on its line."""
        lines, place = self._draft.text.splitlines(keepends=True), self._draft.line_of((*at, "url")) - 1
        written_as = self._draft.node((*at, "url")).as_string()
        lines[place] = _URL.sub("credential", lines[place], count=1).replace(written_as, value_text(credential), 1)
        channel = {key: value for key, value in self._draft.get(at).items() if key != "url"}
        self._draft.become("".join(lines), self._draft.expected(at, {**channel, "credential": credential}))


def _bounds(value: object) -> object:
    try:
        return bounds(value)
    except ValueError:
        return value


def _place(rows: Any, name: str) -> int | None:  # noqa: ANN401 - whatever TOML holds
    wanted = name.strip().casefold()
    places = (place for place, row in enumerate(rows or []) if str(row.get("name")).strip().casefold() == wanted)
    return next(places, None)


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _in_force(entries: list[dict[str, Any]], day: date) -> int | None:
    """Return the place of the zone that holds on a day."""
    holding = [place for place, entry in enumerate(entries) if entry.get("from", date.min) <= day]
    return max(holding, key=lambda place: entries[place].get("from", date.min), default=None)


def _alone(wish: ChannelWish, say: Say) -> dict[str, Any]:
    """Return what a channel's table holds."""
    channels = tomllib.loads(channel_text(wish, say))["runners"]["channels"]
    alone: dict[str, Any] = channels[0]
    return alone
