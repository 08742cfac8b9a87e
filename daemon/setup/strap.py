"""The strap: who is heard, how loudly, and which one is the runner's."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from config.forms import looks_like_an_address
from connectors.bluetooth_radio import NearbyStrap, RadioError
from daemon.domain.marking import _
from daemon.domain.wording import Language
from daemon.setup import reading
from daemon.setup.answers import Answers, Present
from daemon.setup.asking import NOTHING, Asker, PuzzledError
from daemon.setup.house import House

AGAIN, SKIP = "r", "s"
_NONE: Final = frozenset({NOTHING, "n", "no", "none", "nee", "geen"})
"""What else people say for none; no strap has such a name."""
STRONG_DBM, FAIR_DBM = -65, -80
"""Louder than this a link stands through a wall; softer it breaks off at a turn of the body."""
WEAK_BATTERY_PCT: Final = 15


def ask_strap(asker: Asker, house: House, answers: Answers, present: Present) -> Answers:
    """Listen, show who is heard, and let one be chosen."""
    if answers.strap is not None:
        return answers
    runner = present.runner(answers.name)
    asker.head(asker.words("Your strap"))
    asker.tell(asker.words("Put it on, wet the electrodes, and see that no phone or watch holds it."))
    now = (runner.strap.name or runner.strap.address or "") if runner and runner.strap else ""
    if now:
        asker.tell(asker.words("Now it is {strap}: s keeps it, none takes it away.").format(strap=now))
    while pointer := _ask_which(asker, house):
        if owner := _owner(pointer, present, answers.name):
            asker.hint(asker.words("That is the strap of {name}.").format(name=owner))
            continue
        return _ask_connect(asker, replace(answers, strap=pointer))
    return answers if now and pointer is None else replace(answers, strap="")


def _ask_which(asker: Asker, house: House) -> str | None:
    """Return how the settings point out the strap; nothing for none, None to leave it as it is."""
    typed = asker.ask(
        asker.words("Enter listens, s skips, or type its name"),
        lambda answer: _named(answer) if answer else "",
        explained=asker.words("Listening takes some twenty seconds, and shows each strap as it is heard."),
    )
    while typed in {"", AGAIN}:
        straps = _listen(asker, house)
        if straps is None:
            return None
        typed = _choose(asker, straps)
        if typed.isdecimal():
            chosen = straps[int(typed) - 1]
            _tell_battery(asker, house, chosen)
            return pointer_of(chosen, straps)
    return {SKIP: None, NOTHING: ""}.get(typed, typed)


def _owner(pointer: str, present: Present, name: str | None) -> str | None:
    """Return who else in the house has this strap."""
    for runner in present.settings.runners if present.settings else ():
        known = {runner.strap.name, runner.strap.address} - {None} if runner.strap else set()
        is_it = pointer.casefold() in {str(one).casefold() for one in known}
        if is_it and runner.name.casefold() != (name or "").casefold():
            return runner.name
    return None


def _listen(asker: Asker, house: House) -> Sequence[NearbyStrap] | None:
    """Show each strap as it is heard; None if the radio cannot be used."""
    asker.tell(asker.words("Listening ..."))
    shown: list[str] = []

    def show(strap: NearbyStrap) -> None:
        shown.append(strap.address)
        asker.tell(f"  {len(shown)}  {strap_text(strap, asker.language)}")

    try:
        heard = house.hear_straps(show)
    except RadioError as error:
        asker.hint(
            house.radio_words(error.trouble.value, asker.language),
            asker.words("We go on without; later: duurloop setup, or duurloop scan."),
        )
        return None
    by_address = {strap.address: strap for strap in heard}
    return [by_address[address] for address in shown if address in by_address]


def _choose(asker: Asker, straps: Sequence[NearbyStrap]) -> str:
    if not straps:
        asker.hint(
            asker.words("Nothing heard. A dry strap sleeps: wet it, press it on. Is a watch or an app holding it?")
        )
        return asker.ask(asker.words("r listens again, s skips, or type its name"), _named, default=AGAIN)

    def read(typed: str) -> str:
        if typed.isdecimal() and not 0 < int(typed) <= len(straps):
            raise PuzzledError(_("A number from the list, please."))
        return _named(typed)

    best = max(range(len(straps)), key=lambda place: _loudness(straps[place]))
    question = asker.words("Which one is yours? r listens again, s skips")
    return asker.ask(question, read, default=str(best + 1))


def _tell_battery(asker: Asker, house: House, strap: NearbyStrap) -> None:
    battery = strap.battery_pct if strap.battery_pct is not None else house.battery_of(strap)
    if battery is not None:
        asker.hint(battery_words(battery, asker.language))


def _ask_connect(asker: Asker, answers: Answers) -> Answers:
    if answers.connect is not None:
        return answers
    shares = asker.agree(
        asker.words("Does a watch or a phone need this strap, too?"),
        default=False,
        explained=asker.words(
            "Most straps take one listener. With yes, duurloop only takes it after duurloop arm, or a tap on the page."
        ),
    )
    return replace(answers, connect="armed" if shares else "always")


def pointer_of(strap: NearbyStrap, straps: Sequence[NearbyStrap]) -> str:
    """Return how the settings point out a strap: by a name that only it has, else by its address."""
    name = (strap.name or "").strip()
    alike = Counter((other.name or "").strip().casefold() for other in straps)
    # a name with figures in it is a strap's own; "Heart rate" is that of a whole make
    is_own = any(letter.isdigit() for letter in name[-4:]) and len(name) > len("H10")
    is_plain = name.isprintable() and not looks_like_an_address(name)
    return name if is_own and is_plain and alike[name.casefold()] == 1 else strap.address


def strap_text(strap: NearbyStrap, language: Language) -> str:
    """Say who is heard, and how loudly."""
    name = strap.name or strap.address
    if strap.rssi_dbm is None:
        held = language.say("connected to this machine")
        return f"{name}  {held}"
    return f"{name}  {loudness_words(strap.rssi_dbm, language)} ({strap.rssi_dbm} dBm)"


def loudness_words(dbm: int, language: Language) -> str:
    """Say how well a strap is heard."""
    if dbm >= STRONG_DBM:
        return language.say("strong signal")
    return language.say("fair signal") if dbm >= FAIR_DBM else language.say("weak signal: come closer")


def battery_words(pct: int, language: Language) -> str:
    """Say how full a battery is."""
    told = language.say("Its battery: {battery} %.").format(battery=pct)
    advice = language.say("Put in a new one soon.")
    return f"{told} {advice}" if pct <= WEAK_BATTERY_PCT else told


def _named(typed: str) -> str:
    if not typed.strip():
        raise PuzzledError(_("Its name, or r or s."))
    if typed.casefold() in _NONE:
        return NOTHING
    return typed.casefold() if typed.casefold() in {AGAIN, SKIP} else reading.strap(typed)


def _loudness(strap: NearbyStrap) -> int:
    return 0 if strap.rssi_dbm is None else strap.rssi_dbm
