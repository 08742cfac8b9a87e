"""The questions of `duurloop setup`: what follows from each answer, and that every one of them is kind."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from config.loader import load_draft
from connectors.bluetooth_radio import NearbyStrap, RadioError
from daemon.domain.heart_rate import Bpm
from daemon.domain.wording import ENGLISH, Language
from daemon.domain.zones import TargetZone, ZoneOrigin
from daemon.from_settings import language
from daemon.ports import Blame, DeliveryError
from daemon.setup import addresses, reading
from daemon.setup.answers import Answers, ChannelAnswer, Present, outcome
from daemon.setup.asking import Asker, LeftError, PuzzledError
from daemon.setup.channels import ask_channels
from daemon.setup.house import Heard, House
from daemon.setup.interview import interview
from daemon.setup.laying import drafted
from daemon.setup.page import ask_page
from daemon.setup.strap import ask_strap, pointer_of
from daemon.setup.strava import ask_strava
from daemon.setup.summary import summary_lines
from daemon.setup.zone import ask_zone

HOME = '[[runners]]\nname = "Els"\nzone = "118-136"\ndays = ["tue"]\ntime = "18:30"\nstrap = "Polar H10 A1"\n'
H10 = NearbyStrap("C0:00:00:00:00:01", "Polar H10 A1B2C3D4", -50, None)
OTHER = NearbyStrap("C0:00:00:00:00:02", "Heart rate", -85, None)
HELD = NearbyStrap("C0:00:00:00:00:03", "TICKR 4F2A", None, 64)


class Runner:
    """Somebody at a terminal, who answers in order, and then with Enter only."""

    def __init__(self, *answers: str, spoken: Language = ENGLISH) -> None:
        self._answers = list(answers)
        self.said: list[str] = []
        self.asked = 0
        self.asker = Asker(self._put, self.said.append, spoken)

    @property
    def heard(self) -> str:
        return "\n".join(self.said)

    def _put(self, question: str, *, hidden: bool = False) -> str:
        del hidden
        self.asked += 1
        assert self.asked < 150, self.heard[-2000:]
        answer = self._answers.pop(0) if self._answers else ""
        self.said.append(f"{question}{answer}")
        return answer


def house(**more: Any) -> House:  # noqa: ANN401
    def hear(heard: Heard) -> Sequence[NearbyStrap]:
        for strap in (OTHER, H10):
            heard(strap)
        return [OTHER, H10]

    quiet = House(
        today=date(2026, 11, 22),
        hostname="house",
        beside=Path(),
        language_of=language,
        hear_straps=hear,
        battery_of=lambda _: 87,
        radio_words=lambda trouble, spoken: f"trouble: {trouble}, in {spoken.code}",
        talk=lambda _: TargetZone(Bpm(111), Bpm(129), ZoneOrigin.TALK_TEST),
        check_url=lambda _: None,
        send_trial=lambda *_: 0.4,
        is_free=lambda *_: True,
        topic=lambda: "duurloop-a1b2",
    )
    return replace(quiet, **more)


def present(text: str = HOME) -> Present:
    return Present(text, load_draft(Path("duurloop.toml"), text, {}, {}))


ELS = Answers(name="Els")
NOTHING_YET = Present()
FIRST = (
    *("en", "Els", "no", "1980", "60", "2"),  # who, and a zone that a formula proposes
    *("mon thu", "7", "mon 8:00", "-", "1"),  # days and hours, the plan
    *("", "2", "no"),  # the strap
    *("1", "", "", "", "phone", "live, after", "yes", "yes", "-"),  # ntfy
    *("no", "2", ""),  # Strava, the page
)


def test_a_whole_talk() -> None:
    els = Runner(*FIRST)
    answers = interview(els.asker, house(), Answers(), Present())
    assert answers == Answers(
        name="Els",
        language="en",
        medication=False,
        born=1980,
        resting=60,
        zone="118-135",
        zone_origin="reserve",
        days=["mon", "thu"],
        time="07:00",
        week="mon 08:00",
        quiet="",
        plan="walk-4",
        strap="Polar H10 A1B2C3D4",
        connect="always",
        channels=(
            ChannelAnswer(name="phone", url="ntfys://ntfy.sh/duurloop-a1b2", purposes=("live", "after"), figures=True),
        ),
        listen="0.0.0.0:8421",
        address="http://house.local:8421",
    )
    assert "subscribe to duurloop-a1b2" in els.heard
    assert "!" not in els.heard
    assert max(map(len, els.said)) <= 112


def test_enter_alone_leads_through_all_of_it() -> None:
    answers = interview(Runner("", "Els").asker, house(), Answers(), Present())
    assert (answers.zone, answers.plan, answers.strap) == ("100-120", "rustig-12", "Polar H10 A1B2C3D4")


def test_in_dutch_every_word_is_dutch() -> None:
    els = Runner("nl", "Els", spoken=ENGLISH)
    answers = interview(els.asker, house(), Answers(), Present())
    nl = language("nl")
    assert els.asker.language.code == answers.language == "nl"
    for sentence in ("Your calm zone", "Which days do you run? - for no fixed days", "Shall I set it up like this?"):
        assert nl.say(sentence) in els.heard


def test_q_at_any_question_leaves() -> None:
    whole = Runner(*FIRST)
    interview(whole.asker, house(), Answers(), Present())
    for number in range(whole.asked):
        with pytest.raises(LeftError):
            interview(Runner(*FIRST[:number], *[""] * (number - len(FIRST)), "q").asker, house(), Answers(), Present())


def test_every_question_explains_itself_and_forgives_a_slip() -> None:
    plain, curious = Runner(*FIRST), Runner(*(word for answer in FIRST for word in ("?", answer)))
    wanted = interview(plain.asker, house(), Answers(), Present())
    assert interview(curious.asker, house(), Answers(), Present()) == wanted
    behind = [curious.said[place + 1] for place, line in enumerate(curious.said) if line.endswith(": ?")]
    assert len(behind) == len(FIRST)
    assert all(line.startswith("  ") for line in behind)


def test_what_an_option_said_is_not_asked() -> None:
    given = Answers(name="Els", language="en", zone="118-136", strap="", days=[], plan="", listen="")
    els = Runner()
    assert replace(interview(els.asker, house(), given, Present()), week=None, quiet=None, channels=()) == given
    for question in ("Your name", "Your zone", "Which days", "Enter listens", "Who may see it"):
        assert question not in els.heard


class TestTheZone:
    def ask(self, *answers: str, now: Present = NOTHING_YET, **more: Any) -> tuple[Answers, Runner]:  # noqa: ANN401
        els = Runner(*answers)
        return ask_zone(els.asker, house(**more), ELS, now), els

    def test_proposals_come_with_their_reasons(self) -> None:
        _, els = self.ask("no", "1980", "60")
        assert "  1  119-129  180 minus your age, a little less for whoever begins" in els.said
        assert any(line.startswith("  3  105-132  60 to 75 %") for line in els.said)

    def test_medicine_hides_formulas(self) -> None:
        answers, els = self.ask("yes", "95-110")
        assert (answers.zone, answers.zone_origin, answers.born) == ("95-110", "own", None)
        assert "180" not in els.heard

    def test_the_talk_test_may_come_at_once(self) -> None:
        answers, _ = self.ask("no", "", "t")
        assert (answers.zone, answers.zone_origin) == ("111-129", "talk_test")

    def test_whoever_does_not_know_gets_a_cautious_one_and_the_way_to_a_better(self) -> None:
        answers, els = self.ask("no", "1980", "60", "0")
        assert (answers.zone, answers.zone_origin) == ("119-129", "maf")
        assert "duurloop zone --talk-test" in els.heard

    def test_slips_are_forgiven(self) -> None:
        answers, els = self.ask("no", "1980", "", "9", "136-118", "fast", "118-136")
        assert answers.zone == "118-136"
        assert els.heard.count("118-136.") == 3

    def test_whoever_has_a_zone_may_take_a_proposal_by_its_number(self) -> None:
        answers, els = self.ask("no", "1980", "", "1", now=present())
        assert (answers.zone, answers.zone_origin) == ("119-129", "maf")
        assert "Your zone: a number above" in els.heard
        assert "first week" not in els.heard

    def test_whoever_has_a_zone_keeps_it_with_enter(self) -> None:
        answers, _ = self.ask("no", "1980", "", "3", "", now=present())
        assert (answers.zone, answers.zone_origin) == (None, None)


class TestTheStrap:
    def ask(self, *answers: str, told: Present | None = None, **more: Any) -> tuple[Answers, Runner]:  # noqa: ANN401
        els = Runner(*answers)
        return ask_strap(els.asker, house(**more), ELS, told or Present()), els

    def test_they_are_shown_as_they_are_heard_and_the_loudest_is_proposed(self) -> None:
        answers, els = self.ask("")
        assert "  1  Heart rate  weak signal: come closer (-85 dBm)" in els.said
        assert "  2  Polar H10 A1B2C3D4  strong signal (-50 dBm)" in els.said
        assert "  Its battery: 87 %." in els.said
        assert (answers.strap, answers.connect) == ("Polar H10 A1B2C3D4", "always")

    def test_one_that_a_watch_needs_too_is_only_taken_when_asked_for(self) -> None:
        answers, _ = self.ask("", "1", "yes")
        assert (answers.strap, answers.connect) == ("C0:00:00:00:00:02", "armed")

    def test_nothing_heard_is_said_with_what_to_try(self) -> None:
        answers, els = self.ask("", "r", "s", hear_straps=lambda _: [])
        assert els.heard.count("Nothing heard.") == 2
        assert answers.strap == ""

    def test_one_that_this_machine_holds_is_known_as_such(self) -> None:
        def hear(heard: Heard) -> Sequence[NearbyStrap]:
            heard(HELD)
            return [HELD]

        answers, els = self.ask("", hear_straps=hear)
        assert "  1  TICKR 4F2A  connected to this machine" in els.said
        assert answers.strap == "TICKR 4F2A"

    def test_a_radio_in_trouble_is_told_and_the_talk_goes_on(self) -> None:
        def hear(_: Heard) -> Sequence[NearbyStrap]:
            raise RadioError(TimeoutError())

        answers, els = self.ask("", hear_straps=hear)
        assert "  trouble: stuck, in en" in els.said
        assert answers.strap == ""

    def test_what_there_was_stays_when_it_is_skipped(self) -> None:
        answers, els = self.ask("s", told=present())
        assert answers.strap is None
        assert "Polar H10 A1" in els.heard

    @pytest.mark.parametrize("typed", [("none",), ("-",), ("Geen",), ("", "none")])
    def test_what_there_was_goes_with_none(self, typed: tuple[str, ...]) -> None:
        answers, els = self.ask(*typed, told=present())
        assert answers.strap == ""
        assert "s keeps it, none takes it away" in els.heard
        assert "Strap: none" in summary_lines(answers, ENGLISH)

    def test_somebody_elses_is_not_taken(self) -> None:
        els = Runner("Polar H10 A1", "Polar H10 B2")
        answers = ask_strap(els.asker, house(), Answers(name="Jan"), present())
        assert "  That is the strap of Els." in els.said
        assert answers.strap == "Polar H10 B2"

    @pytest.mark.parametrize(
        ("strap", "others", "pointer"),
        [
            (H10, [OTHER], "Polar H10 A1B2C3D4"),
            (OTHER, [H10], OTHER.address),
            (H10, [replace(H10, address="C0:00:00:00:00:09")], H10.address),
            (replace(H10, name=None), [], H10.address),
        ],
        ids=["a name of its own", "the name of a make", "two of a name", "no name"],
    )
    def test_it_is_known_by_a_name_that_only_it_has(
        self, strap: NearbyStrap, others: list[NearbyStrap], pointer: str
    ) -> None:
        assert pointer_of(strap, [strap, *others]) == pointer


class TestChannels:
    def ask(self, *answers: str, **more: Any) -> tuple[tuple[ChannelAnswer, ...], Runner]:  # noqa: ANN401
        els = Runner(*answers)
        return ask_channels(els.asker, house(**more), ELS, Present()).channels, els

    def test_a_mailbox(self) -> None:
        (mail,), els = self.ask("2", "els@gmail.com", "", "", "", "p@ss:w/rd", "", "", "", "", "-")
        assert "app password" in els.heard
        assert mail.url == (
            "mailtos://els%40gmail.com:p%40ss%3Aw%2Frd@smtp.gmail.com:587"
            "?smtp=smtp.gmail.com&mode=starttls&from=els%40gmail.com&to=els%40gmail.com"
        )
        assert (mail.name, mail.figures) == ("mail", False)

    def test_telegram_pushover_and_anything_else(self) -> None:
        many, _ = self.ask(
            *("3", "12:AB", "345", "", "", "", ""),
            *("4", "user", "token", "", "", "", ""),
            *("5", "gotifys://host/token", "", "", "", "", "-"),
        )
        assert [one.url for one in many] == ["tgram://12:AB/345/", "pover://user@token", "gotifys://host/token"]

    def test_the_message_speaks_the_runners_language_whichever_the_terminal_does(self) -> None:
        spoken: list[str] = []

        def send(*told: Any) -> float:  # noqa: ANN401
            spoken.append(told[-1].code)
            return 0.4

        for answers, els_now in ((ELS, present()), (replace(ELS, language="nl"), Present())):
            els = Runner("1", "", "", "", "", "", "", "", "-")
            ask_channels(els.asker, house(send_trial=send), answers, els_now)
        assert spoken == ["nl", "nl"]

    def test_one_that_fails_is_told_why_and_may_be_tried_kept_or_left_out(self) -> None:
        def refuse(*_: object) -> float:
            raise DeliveryError("535 wrong password", Blame.SETTINGS)

        kept, els = self.ask("1", "", "", "", "", "", "", "r", "k", "-", send_trial=refuse)
        assert els.heard.count("535 wrong password") == 2
        assert "Look at the address, the user name and the password." in els.heard
        assert len(kept) == 1
        assert self.ask("1", "", "", "", "", "", "", "d", "-", send_trial=refuse)[0] == ()

    def test_one_that_did_not_arrive_is_not_believed(self) -> None:
        left, els = self.ask("1", "", "", "", "", "", "", "no", "d", "-")
        assert left == ()
        assert "look among the unwanted" in els.heard

    def test_an_address_that_apprise_cannot_use_is_not_taken(self) -> None:
        left, els = self.ask("5", "nonsense://", "-", check_url=lambda _: "no kind of address that Apprise knows")
        assert left == ()
        assert "no kind of address" in els.heard

    def test_two_have_two_names(self) -> None:
        many, _ = self.ask(*["1", "", "", "", "", "", "", ""] * 2, "-")
        assert [one.name for one in many] == ["phone", "phone 2"]


class TestThePage:
    def test_a_port_that_is_taken_is_told_and_another_found(self) -> None:
        els = Runner("1")
        answers = ask_page(els.asker, house(is_free=lambda _, port: port > 8422), ELS, Present())
        assert answers.listen == "127.0.0.1:8423"
        assert "  Another program has port 8421; I take 8423." in els.said

    def test_back_to_this_machine_alone_takes_the_address_along(self) -> None:
        told = present(f'{HOME}[page]\nlisten = "0.0.0.0:8421"\naddress = "http://house.local:8421"\n')
        answers = ask_page(Runner("1").asker, house(), ELS, told)
        assert (answers.listen, answers.address) == ("127.0.0.1:8421", "")

    def of_home(self, typed: str, address: str = "") -> tuple[Answers, list[str], Runner]:
        """Choose the home network again, and give an address."""
        els = Runner("2", typed)
        told = present(f'{HOME}[page]\nlisten = "192.168.1.5:8500"\n{address}')
        answers = ask_page(els.asker, house(), ELS, told)
        return answers, list(summary_lines(answers, ENGLISH))[1:], els

    def test_one_in_the_home_network_gets_an_address(self) -> None:
        answers, told, els = self.of_home("http://run.local:8500/")
        assert (answers.listen, answers.address) == (None, "http://run.local:8500")
        assert told == ["Page: http://run.local:8500"]
        assert "[http://house.local:8500]" in els.heard

    def test_an_address_stays_with_enter_and_goes_with_a_dash(self) -> None:
        there = 'address = "http://old.local:8500"\n'
        answers, told, els = self.of_home("", there)
        assert (answers.is_empty, told) == (True, [])
        assert "[http://old.local:8500]" in els.heard
        answers, told, _ = self.of_home("-", there)
        assert (answers.listen, answers.address, told) == (None, "", ["Page: no address"])

    def test_no_page_has_no_address(self) -> None:
        told = present(f'{HOME}[page]\nlisten = "0.0.0.0:8421"\naddress = "http://house.local:8421"\n')
        answers = ask_page(Runner("3").asker, house(), ELS, told)
        draft = drafted(told, outcome(answers, told, house().today, has_runs=False), Path("d.toml"), {}, ENGLISH)
        assert (draft.settings.page.listen, draft.settings.page.address) == (None, None)


class TestOnceMore:
    def test_only_what_is_chosen_is_asked(self) -> None:
        els = Runner("2", "tue, fri", "", "", "", "-", "yes")
        answers = interview(els.asker, house(), Answers(), present())
        assert (answers.name, answers.days, answers.zone, answers.strap) == ("Els", ["tue", "fri"], None, None)

    def test_a_second_thought_counts(self) -> None:
        els = Runner("3", "walk-4", "3", "continuous", "-", "yes")
        assert interview(els.asker, house(), Answers(), present()).plan == "continuous"

    def test_somebody_else_is_led_through_what_is_theirs(self) -> None:
        els = Runner("n", "Els", "Jan", "no", "", "100-120")
        answers = interview(els.asker, house(), Answers(), present())
        assert (answers.name, answers.zone, answers.language) == ("Jan", "100-120", "en")
        assert answers.listen is None

    def test_a_channel_is_taken_away(self) -> None:
        told = present(f'{HOME}[[runners.channels]]\nname = "phone"\nurl = "json://localhost"\n')
        els = Runner("5", "d", "1", "-", "-", "yes")
        assert interview(els.asker, house(), Answers(), told).channels == (
            ChannelAnswer(name="phone", is_dropped=True),
        )

    def test_a_channel_that_was_only_just_made_goes_without_a_trace(self) -> None:
        told = present(f'{HOME}[[runners.channels]]\nname = "mail"\nurl = "json://localhost"\n')
        els = Runner("5", "1", *[""] * 7, "d", "2", "-", "3", "walk-4", "-", "yes")
        answers = interview(els.asker, house(), Answers(), told)
        assert "You have: mail, phone" in els.said
        assert (answers.plan, answers.channels) == ("walk-4", ())

    def test_nothing_chosen_is_nothing_done(self) -> None:
        with pytest.raises(LeftError):
            interview(Runner("-").asker, house(), Answers(), present())

    def test_no_at_the_end_is_no(self) -> None:
        with pytest.raises(LeftError):
            interview(Runner("3", "walk-4", "-", "no").asker, house(), Answers(), present())


@pytest.mark.parametrize(
    ("read", "typed", "meant"),
    [
        (reading.clock, "18.30", "18:30"),
        (reading.clock, "18u30", "18:30"),
        (reading.clock, "7", "07:00"),
        (reading.clock, "0730", "07:30"),
        (reading.clock, "8 uur", "08:00"),
        (reading.quiet, "22 tot 7", "22:00-07:00"),
        (lambda typed: reading.days(typed, ENGLISH), "Sunday, tue+thursday", ["tue", "thu", "sun"]),
        (lambda typed: reading.days(typed, language("nl")), "zo en di".replace(" en ", " "), ["tue", "sun"]),
        (lambda typed: reading.week(typed, ENGLISH), "zo 20:00", "sun 20:00"),
        (lambda typed: reading.days(typed, language("nl")), "dinsdag en wo.", ["tue", "wed"]),
        (reading.zone, " 118 – 136 ", "118-136"),  # noqa: RUF001
        (reading.zone, "118 tot 136", "118-136"),
        (reading.strap, "c0-00-00-00-00-01", "C0:00:00:00:00:01"),
    ],
)
def test_people_write_in_many_ways(read: Callable[[str], Any], typed: str, meant: object) -> None:
    assert read(typed) == meant


@pytest.mark.parametrize("typed", ["", "x", "25", "18:75", "7 am", "118"])
def test_what_is_no_hour_is_asked_again(typed: str) -> None:
    with pytest.raises(PuzzledError):
        reading.clock(typed)


def test_heart_rates_that_nobody_runs_at_are_refused_with_the_limits() -> None:
    with pytest.raises(PuzzledError, match="60 to 220"):
        reading.zone("58-75")


@pytest.mark.parametrize("typed", ["di-do", "ma-vr", "d", "donut"])
def test_days_that_may_mean_several_things_are_asked_again(typed: str) -> None:
    with pytest.raises(PuzzledError):
        reading.days(typed, language("nl"))


@pytest.mark.parametrize("typed", ["", "\x1b[A", "C0:00:00:12"], ids=["nothing", "a key with an arrow", "half"])
def test_what_is_no_strap_is_asked_again_at_once(typed: str) -> None:
    with pytest.raises(PuzzledError):
        reading.strap(typed)


@pytest.mark.parametrize("none", ["s", "-", "nee", "N"])
def test_no_strap_may_be_said_in_many_ways(none: str) -> None:
    els = Runner(none)
    assert ask_strap(els.asker, house(), Answers(name="Els"), Present()).strap == ""


@pytest.mark.parametrize(
    ("typed", "meant"), [("y", True), ("JA", True), ("j", True), ("nee", False), ("N", False), (" no ", False)]
)
@pytest.mark.parametrize("spoken", ["en", "nl"])
def test_yes_and_no_are_understood_in_both_languages(typed: str, meant: bool, spoken: str) -> None:  # noqa: FBT001
    els = Runner("perhaps", typed, spoken=language(spoken))
    assert els.asker.agree("?", default=not meant) is meant
    assert els.asked == 2


def test_what_is_set_up_speaks_the_language_that_was_answered() -> None:
    heard: list[str] = []

    def talk(spoken: Language) -> None:
        heard.append(spoken.code)

    def hear(_: Heard) -> Sequence[NearbyStrap]:
        raise RadioError(TimeoutError())

    els = Runner("nl", "Els", "", "", "t")
    interview(els.asker, house(talk=talk, hear_straps=hear), Answers(), Present())
    assert heard == ["nl"]
    assert "  trouble: stuck, in nl" in els.said


def test_a_question_mark_is_no_secret() -> None:
    els = Runner("?", "token")
    assert els.asker.ask_hidden("The token") == "token"


def test_a_password_that_mail_cannot_carry_is_asked_again() -> None:
    els = Runner("2", "els@example.org", "127.0.0.1", "25", "els", "geheim€", "geheim%@", "", "", "", "-")
    answers = ask_channels(els.asker, house(), Answers(name="Els"), Present())
    assert "such as é" in els.heard
    assert str(answers.channels[0].url).startswith("mailto://els:geheim%25%40@127.0.0.1:25")


def test_a_slip_in_an_ntfy_server_is_told_at_its_question() -> None:
    els = Runner("1", "s", "http://house:8080/", "mine!", "mine", "", "", "", "", "", "-")
    answers = ask_channels(els.asker, house(), Answers(name="Els"), Present())
    assert answers.channels[0].url == "ntfy://house:8080/mine"


@pytest.mark.parametrize("days", [7, 1, 3650])
def test_strava_is_told_of_as_it_is_set(days: int) -> None:
    els = Runner()
    ask_strava(els.asker, house(), ELS, present(f"{HOME}[strava]\nkeep_days = {days}\n"))
    assert f"What comes from Strava is kept for {days} {'day' if days == 1 else 'days'}." in els.heard


def test_a_guess_is_called_one() -> None:
    els = Runner("", "Els")
    interview(els.asker, house(), Answers(), Present())
    assert "Zone: 100-120, a careful guess" in els.heard


def test_a_server_on_this_machine_needs_no_tls() -> None:
    url = addresses.mail_url("els@example.org", "127.0.0.1", 25, "els", "")
    assert url.startswith("mailto://127.0.0.1:25?smtp=127.0.0.1&mode=insecure")


def test_only_http_that_was_typed_is_plain() -> None:
    assert addresses.ntfy_url("http://house:80", "topic") == "ntfy://house:80/topic"
    assert addresses.ntfy_url("ntfy.sh", "topic") == "ntfys://ntfy.sh/topic"
