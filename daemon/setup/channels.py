"""The channels: how messages reach the runner, each tried with a real message before it is kept."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from config.settings import PURPOSES, Runner
from daemon.domain.marking import _
from daemon.domain.wording import Language
from daemon.ports import Blame, DeliveryError
from daemon.setup import addresses, reading
from daemon.setup.answers import Answers, ChannelAnswer, Present, language_of_runner
from daemon.setup.asking import NOTHING, Asker, Choice, PuzzledError
from daemon.setup.house import House

NTFY, MAIL, TELEGRAM, PUSHOVER, OTHER, DROP = "1", "2", "3", "4", "5", "d"
NTFY_SERVER: Final = "ntfy.sh"
NAMES: Final = {NTFY: "phone", MAIL: "mail", TELEGRAM: "telegram", PUSHOVER: "pushover", OTHER: "other"}
TRY, KEEP, LEAVE = "r", "k", "d"


def ask_channels(asker: Asker, house: House, answers: Answers, present: Present) -> Answers:
    """Ask for channels, unless some were given."""
    return answers if answers.channels else ask_more_channels(asker, house, answers, present)


def ask_more_channels(asker: Asker, house: House, answers: Answers, present: Present) -> Answers:
    """Ask for channels, one after the other, until there are enough."""
    runner = present.runner(answers.name)
    asker.head(asker.words("Messages"))
    asker.tell(asker.words("How may duurloop reach you? Each way is tried at once."))
    while True:
        names = channel_names(answers, runner)
        if names:
            asker.tell(asker.words("You have: {names}").format(names=", ".join(names)))
        default = NOTHING if names else NTFY
        kind = asker.choose(asker.words("Which one?"), _choices(asker, has_any=bool(names)), default=default)
        if kind == NOTHING:
            return answers
        if kind == DROP:
            answers = _dropped(asker, answers, names, runner)
            continue
        channel = _ask_channel(asker, house, kind, names)
        spoken = house.language_of(language_of_runner(answers, present) or asker.language.code)
        if channel and (channel := _tried(asker, house, answers.name or "", spoken, channel)):
            answers = replace(answers, channels=(*answers.channels, channel))


def channel_names(answers: Answers, runner: Runner | None) -> list[str]:
    """Return the channels that there will be."""
    gone = {channel.name.casefold() for channel in answers.channels if channel.is_dropped}
    there = [channel.name for channel in (runner.channels if runner else ()) if channel.name.casefold() not in gone]
    known = {name.casefold() for name in there}
    return there + [one.name for one in answers.channels if not one.is_dropped and one.name.casefold() not in known]


def _choices(asker: Asker, *, has_any: bool) -> list[Choice]:
    choices = [
        Choice(NTFY, asker.words("ntfy: a free app on your phone, without an account")),
        Choice(MAIL, asker.words("mail: gets the picture of the week, too")),
        Choice(TELEGRAM, asker.words("Telegram: by a bot of your own")),
        Choice(PUSHOVER, asker.words("Pushover: an app that is paid for once")),
        Choice(OTHER, asker.words("another: Signal, Gotify, Matrix and a hundred more, by an Apprise address")),
    ]
    if has_any:
        choices.append(Choice(DROP, asker.words("take one away")))
    choices.append(Choice(NOTHING, asker.words("that is all") if has_any else asker.words("none for now")))
    return choices


def _dropped(asker: Asker, answers: Answers, names: list[str], runner: Runner | None) -> Answers:
    wanted = asker.choose(
        asker.words("Take which one away?"),
        [Choice(str(number), name) for number, name in enumerate(names, start=1)],
        default="1",
    )
    name = names[int(wanted) - 1]
    kept = tuple(channel for channel in answers.channels if channel.name.casefold() != name.casefold())
    is_there = name.casefold() in {channel.name.casefold() for channel in (runner.channels if runner else ())}
    gone = (ChannelAnswer(name=name, is_dropped=True),) if is_there else ()
    return replace(answers, channels=(*kept, *gone))


def _ask_channel(asker: Asker, house: House, kind: str, names: list[str]) -> ChannelAnswer | None:
    ask: Callable[[Asker, House], str] = {
        NTFY: _ntfy,
        MAIL: _mail,
        TELEGRAM: _telegram,
        PUSHOVER: _pushover,
        OTHER: _other,
    }[kind]
    url = ask(asker, house)
    if not url:
        return None
    if fault := house.check_url(url):
        asker.hint(asker.words("That cannot be used: {fault}").format(fault=fault))
        return None
    name = asker.ask(
        asker.words("A name for it"), partial(_new_name, names=names), default=_free_name(NAMES[kind], names)
    )
    return ask_use(asker, ChannelAnswer(name=name, url=url))


def ask_use(asker: Asker, channel: ChannelAnswer) -> ChannelAnswer:
    """Ask what goes there."""
    if channel.purposes is None:
        purposes = asker.ask(
            asker.words("What goes there?"),
            reading.listed(*PURPOSES),
            default=", ".join(PURPOSES),
            explained=asker.words(
                "live: words during a run; after: three lines afterwards; reminder: tonight's run; week: the summary; "
                "service: when duurloop cannot do its work."
            ),
        )
        channel = replace(channel, purposes=purposes)
    if channel.figures is None:
        figures = asker.agree(
            asker.words("May heart rates stand in it?"),
            default=False,
            explained=asker.words("Messages pass through other people's servers. Without, they only hold words."),
        )
        channel = replace(channel, figures=figures)
    return channel


# -- kinds -----------------------------------------------------------------------------------------


def _ntfy(asker: Asker, house: House) -> str:
    server = asker.ask(
        asker.words("The ntfy server"),
        addresses.server,
        default=NTFY_SERVER,
        explained=asker.words("ntfy.sh is open to everybody; a server of your own keeps words at home."),
    )
    topic = asker.ask(
        asker.words("A topic nobody guesses"),
        addresses.topic,
        default=house.topic(),
        explained=asker.words("Whoever knows the topic reads along: it is like a password."),
    )
    url = addresses.ntfy_url(server, topic)
    asker.tell(
        asker.words("On your phone: install ntfy, tap +, and subscribe to {topic}").format(topic=topic)
        + ("" if server == NTFY_SERVER else f" ({server})")
    )
    asker.ask(asker.words("Enter when that is done"), str)
    return url


def _mail(asker: Asker, house: House) -> str:
    del house
    to = asker.ask(asker.words("Your mail address"), addresses.mailbox)
    provider = addresses.provider_of(to)
    host = asker.ask(
        asker.words("The server that sends your mail"),
        str,
        default=provider.host,
        explained=asker.words("Your provider's help calls it SMTP or outgoing mail."),
    )
    port = asker.ask(asker.words("Its port"), addresses.port, default=str(provider.port))
    user = asker.ask(asker.words("Your user name there"), str, default=to)
    if provider.wants_app_password:
        asker.tell(asker.words("Your provider wants an app password here: make one in its account's security pages."))
    while not (password := _password(asker)).isascii():
        asker.hint(asker.words("Mail programs cannot send letters such as é in a password: make one without."))
    return addresses.mail_url(to, host, port, user, password)


def _password(asker: Asker) -> str:
    return asker.ask_hidden(
        asker.words("Its password (you will not see it)"),
        explained=asker.words("It goes into a file that only duurloop reads. Enter for a server that wants none."),
    )


def _telegram(asker: Asker, house: House) -> str:
    del house
    asker.tell(
        asker.words("In Telegram: write /newbot to @BotFather, which gives a token. Then say hello to your bot.")
    )
    token = asker.ask_hidden(asker.words("The token (you will not see it)"))
    chat = asker.ask(
        asker.words("Your chat number"), str, explained=asker.words("@userinfobot tells it when you write to it.")
    )
    return addresses.telegram_url(token, chat) if token and chat else ""


def _pushover(asker: Asker, house: House) -> str:
    del house
    asker.tell(asker.words("At pushover.net: your user key is on the first page; make an application for a token."))
    user = asker.ask_hidden(asker.words("Your user key (you will not see it)"))
    token = asker.ask_hidden(asker.words("The application's token (you will not see it)"))
    return addresses.pushover_url(user, token) if user and token else ""


def _other(asker: Asker, house: House) -> str:
    del house
    asker.tell(
        asker.words("All services and their addresses: https://appriseit.com/services/"),
        "  gotifys://host/token   signal://host:port/from/to   matrixs://user:password@host/#room",
    )
    return asker.ask(asker.words("The address"), str)


# -- trying ----------------------------------------------------------------------------------------


def _tried(asker: Asker, house: House, runner: str, spoken: Language, channel: ChannelAnswer) -> ChannelAnswer | None:
    """Send a message there, in the runner's language; return the channel if it is to be kept."""
    if house.send_trial is None:
        return channel
    while True:
        asker.tell(asker.words("A test message is on its way ..."))
        try:
            took_s = house.send_trial(runner, channel.name, channel.url or "", spoken)
        except DeliveryError as error:
            asker.hint(*trouble_lines(error, asker))
        else:
            arrived = asker.words("Taken after {seconds} s. Did it arrive?").format(seconds=f"{took_s:.1f}")
            if asker.agree(arrived, default=True):
                return channel
            asker.hint(asker.words("Then look among the unwanted, and whether topic or address are the same there."))
        answer = asker.choose(
            asker.words("And now?"),
            [
                Choice(TRY, asker.words("try once more")),
                Choice(KEEP, asker.words("keep it all the same")),
                Choice(LEAVE, asker.words("leave it out")),
            ],
            default=TRY,
        )
        if answer != TRY:
            return channel if answer == KEEP else None


def trouble_lines(error: DeliveryError, asker: Asker) -> tuple[str, str]:
    """Say why a message was not taken, and what to try."""
    told = asker.words("It was not taken: {reason}").format(reason=asker.words(error.reason))
    if error.blame is Blame.SETTINGS:
        return told, asker.words("Look at the address, the user name and the password.")
    return told, asker.words("Look at the name of the server and at the network; it may also pass by itself.")


def _new_name(typed: str, names: list[str]) -> str:
    name = reading.name(typed)
    if name.casefold() in {one.casefold() for one in names}:
        raise PuzzledError(_("That name is taken; another one, please."))
    return name


def _free_name(wanted: str, names: list[str]) -> str:
    taken = {one.casefold() for one in names}
    numbered = (wanted if number == 1 else f"{wanted} {number}" for number in range(1, len(names) + 2))
    return next(name for name in numbered if name.casefold() not in taken)
