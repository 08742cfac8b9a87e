"""Settings that are written: a fresh file that reads well, and changes that leave a person's own file theirs."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as at_most
from hypothesis import strategies as st

import config
from config.loader import load_draft
from config.settings import Settings
from config.wish import ChannelWish, Gone, RunnerWish, Value, Wish, ZoneWish
from config.writing import rewritten

TODAY = date(2026, 11, 22)
EXAMPLE = Path(config.__file__).parent / "duurloop.example.toml"
SECRETS = {"els-phone": "ntfys://ntfy.example.org/secret-topic", "strava": "0123456789abcdef"}


def plain(text: str) -> str:
    return text


def write(text: str | None, wish: Wish) -> str:
    return rewritten(text, wish, plain)


def settings(text: str) -> Settings:
    return load_draft(Path("duurloop.toml"), text, SECRETS, {})


ELS = RunnerWish(
    "Els",
    {
        ("language",): "nl",
        ("medication",): False,
        ("plan",): "rustig-12",
        ("days",): ["tue", "thu"],
        ("time",): "18:30",
        ("week",): "sun 20:00",
        ("quiet",): "22:00-07:00",
        ("facts", "born"): 1980,
    },
    strap="Polar H10 A1B2C3D4",
    connect="always",
    zone=ZoneWish("120-130", TODAY, "maf"),
    channels=(
        ChannelWish("phone", {"credential": "els-phone", "url": Gone.GONE, "for": ["live", "after"], "figures": False}),
    ),
)
HOUSE: dict[tuple[str, ...], Value] = {
    ("page", "listen"): "0.0.0.0:8421",
    ("page", "address"): "http://house.local:8421",
}

HOMES = {
    "plain tables": """\
# ours
[[runners]]
name = 'Els'   # that is me
zone = "118-136"
strap = { name = "Polar H10 A1", connect = "armed" }   # on the hook

# what I know
[runners.facts]
born = 1979

[[runners.channels]]
name = "Phone"
url = "ntfy://ntfy.example.org/els"   # mine

# and he
[[runners]]
name = "Jan"
zone = "100-120"

[page]   # the page
listen = "127.0.0.1:8421"
""",
    "dotted keys": """\
page.listen = "127.0.0.1:8421"
log.level = "debug"   # just now
[[runners]]
name = "els"
zone = [{ zone = "112-130", origin = "maf" }, { zone = "118-136", from = 2026-03-01 }]
facts.born = 1979
nudges.hello = true   # hello
days = [
  "tue",
  # with Jan
  "thu",
]
time = 18:30:00
""",
    "tables in lines": """\
runners = [{ name = "Els", zone = "118-136", channels = [{ name = "phone", url = "json://localhost/" }] }]
# the end
""",
    "zones in tables": """\
[[runners]]
name = "Els"
[[runners.zone]]
zone = "112-130"
[[runners.zone]]
zone = "118-136"   # since spring
from = 2026-03-01
""",
    "the example": EXAMPLE.read_text(encoding="utf-8"),
    "windows": '[[runners]]\r\nname = "Els"\r\nzone = "118-136"\r\n# end\r\n',
}
home = pytest.mark.parametrize("text", HOMES.values(), ids=HOMES.keys())


class TestAFreshFile:
    def test_it_holds_what_was_answered_and_reads_like_a_letter(self) -> None:
        text = write(None, Wish(HOUSE, ELS))
        els = settings(text).runners[0]
        assert (els.name, els.plan, els.zone[0].origin, els.facts.born) == ("Els", "rustig-12", "maf", 1980)
        assert [channel.name for channel in els.channels] == ["phone"]
        keys = [line for line in text.splitlines() if " = " in line and not line.startswith("#")]
        above = [before for before, line in zip(text.splitlines(), text.splitlines()[1:], strict=False) if line in keys]
        told = [line for line, before in zip(keys, above, strict=True) if "#" in line or before.startswith("#")]
        assert {line.split()[0] for line in keys} - {line.split()[0] for line in told} == {"name"}
        assert max(map(len, text.splitlines())) <= 100

    def test_a_secret_is_not_in_it(self) -> None:
        assert "secret-topic" not in write(None, Wish(HOUSE, ELS))

    def test_an_empty_file_is_as_good_as_none(self) -> None:
        assert write("\n", Wish(HOUSE, ELS)) == write(None, Wish(HOUSE, ELS))


class TestAFileThatIsThere:
    @home
    def test_what_was_asked_for_is_so_and_asking_again_changes_nothing(self, text: str) -> None:
        wish = Wish(HOUSE, ELS)
        once = write(text, wish)
        els = next(one for one in settings(once).runners if one.name.casefold() == "els")
        assert (els.plan, els.facts.born, els.connects, els.zone[-1].bounds) == (
            "rustig-12",
            1980,
            "always",
            (120, 130),
        )
        assert next(one for one in els.channels if one.name.casefold() == "phone").credential is not None
        assert write(once, wish) == once

    @home
    def test_every_comment_stays(self, text: str) -> None:
        kept = write(text, Wish(HOUSE, ELS))
        assert [line for line in _comments(text) if line not in kept] == []

    @home
    def test_nothing_asked_is_nothing_changed(self, text: str) -> None:
        assert write(text, Wish()) == text

    @home
    def test_another_runner_is_added_and_the_first_left_alone(self, text: str) -> None:
        jo = RunnerWish("Jo", {("language",): "en"}, zone=ZoneWish("100-120", TODAY))
        added = tomllib.loads(write(text, Wish(runner=jo)))
        before = tomllib.loads(text)
        assert added["runners"].pop() == {"name": "Jo", "language": "en", "zone": "100-120"}
        assert added == before

    def test_a_table_goes_above_the_comment_of_the_next(self) -> None:
        text = write(HOMES["plain tables"], Wish(runner=RunnerWish("Els", {("plan",): "walk-4"})))
        assert "# on the hook\n# walk-4" in text
        added = write(
            HOMES["plain tables"], Wish(runner=RunnerWish("Els", channels=(ChannelWish("mail", {"credential": "m"}),)))
        )
        assert added.index('credential = "m"') < added.index("# and he") < added.index('name = "Jan"')

    def test_the_owners_quotes_are_kept(self) -> None:
        text = "[[runners]]\nname = 'Els'\nzone = '118-136'   # calm\n"
        assert "zone = '120-138'   # calm" in write(
            text, Wish(runner=RunnerWish("Els", zone=ZoneWish("120-138", TODAY)))
        )

    def test_a_value_written_in_another_way_is_the_same(self) -> None:
        text = '[[runners]]\nname = "Els"\nzone = "118 - 136"\ndays = ["thu", "tue"]\ntime = 18:30:00\n'
        same = RunnerWish("els", {("days",): ["tue", "thu"], ("time",): "18:30"}, zone=ZoneWish("118-136", TODAY))
        assert write(text, Wish(runner=same)) == text

    def test_a_secret_goes_out_of_the_file_where_it_stood(self) -> None:
        text = write(
            HOMES["plain tables"],
            Wish(
                runner=RunnerWish(
                    "Els", channels=(ChannelWish("phone", {"credential": "els-phone", "url": Gone.GONE}),)
                )
            ),
        )
        assert 'name = "Phone"\ncredential = "els-phone"' in text
        assert "ntfy://" not in text

    def test_a_channel_is_taken_away(self) -> None:
        for text in (HOMES["plain tables"], HOMES["tables in lines"]):
            gone = write(text, Wish(runner=RunnerWish("Els", channels=(ChannelWish("phone", is_gone=True),))))
            assert settings(gone).runners[0].channels == ()

    def test_without_a_strap_nothing_is_left_of_it(self) -> None:
        gone = write(HOMES["plain tables"], Wish(runner=RunnerWish("Els", strap=Gone.GONE)))
        assert settings(gone).runners[0].strap is None

    def test_what_is_no_toml_is_refused(self) -> None:
        with pytest.raises(ValueError, match="Expected"):
            write("[[runners", Wish(runner=ELS))


class TestAZone:
    def zone(self, text: str, **more: Any) -> str:  # noqa: ANN401
        return write(text, Wish(runner=RunnerWish("Els", zone=ZoneWish("120-138", TODAY, **more))))

    def test_earlier_runs_keep_the_zone_of_their_day(self) -> None:
        text = self.zone('[[runners]]\nname = "Els"\nzone = "118-136"\n', origin="talk_test", has_runs=True)
        assert text.splitlines()[2] == (
            'zone = [{ zone = "118-136" }, { zone = "120-138", from = 2026-11-22, origin = "talk_test" }]'
        )

    def test_without_runs_there_is_no_history_to_keep(self) -> None:
        assert 'zone = "120-138"\n' in self.zone('[[runners]]\nname = "Els"\nzone = "118-136"\n')

    def test_twice_on_a_day_is_one_zone(self) -> None:
        once = self.zone('[[runners]]\nname = "Els"\nzone = "118-136"\n', has_runs=True)
        twice = write(once, Wish(runner=RunnerWish("Els", zone=ZoneWish("121-139", TODAY, has_runs=True))))
        assert [zone.bounds for zone in settings(twice).runners[0].zone] == [(118, 136), (121, 139)]

    @pytest.mark.parametrize("name", ["dotted keys", "zones in tables"])
    def test_a_history_goes_on(self, name: str) -> None:
        zones = settings(self.zone(HOMES[name], has_runs=True)).runners[0].zone
        assert [(zone.bounds, zone.since) for zone in zones] == [
            ((112, 130), None),
            ((118, 136), date(2026, 3, 1)),
            ((120, 138), TODAY),
        ]

    def test_a_zone_that_begins_later_waits(self) -> None:
        text = '[[runners]]\nname = "Els"\nzone = [{ zone = "112-130" }, { zone = "130-140", from = 2027-01-01 }]\n'
        zones = settings(self.zone(text, has_runs=True)).runners[0].zone
        assert [zone.bounds for zone in zones] == [(112, 130), (120, 138), (130, 140)]


WISHES: dict[tuple[str, ...], st.SearchStrategy[Any]] = {
    ("language",): st.sampled_from(["nl", "en"]),
    ("medication",): st.booleans(),
    ("plan",): st.sampled_from(["walk-4", "continuous", Gone.GONE]),
    ("week",): st.sampled_from(["sun 19:00", "mon 08:15"]),
    ("quiet",): st.sampled_from(["22:00-07:00", "23:00-06:00", Gone.GONE]),
    ("facts", "born"): st.integers(1920, 2010),
    ("facts", "resting"): st.integers(40, 90),
    ("nudges", "below"): st.booleans(),
}


@at_most(max_examples=50)  # tomlkit takes its time
@given(
    text=st.sampled_from(list(HOMES.values())),
    values=st.fixed_dictionaries({}, optional=WISHES),
    strap=st.sampled_from([None, "Polar H9 1", "C0:00:00:00:00:07"]),
    zone=st.sampled_from([None, "121-137", "118-136"]),
    has_runs=st.booleans(),
    figures=st.sampled_from([None, True, False]),
    listen=st.sampled_from([None, "127.0.0.1:8421", "0.0.0.0:9000"]),
)
def test_whatever_is_asked_the_rest_stays(
    text: str,
    values: dict[tuple[str, ...], Any],
    strap: str | None,
    zone: str | None,
    has_runs: bool,  # noqa: FBT001
    figures: bool | None,  # noqa: FBT001
    listen: str | None,
) -> None:
    channels = () if figures is None else (ChannelWish("phone", {"figures": figures}),)
    if text == HOMES["dotted keys"] or text in (HOMES["zones in tables"], HOMES["windows"]):
        channels = ()  # there is none that could be changed
    wish = Wish(
        {("page", "listen"): listen} if listen else {},
        RunnerWish(
            "Els",
            values,
            strap=strap,
            zone=ZoneWish(zone, TODAY, has_runs=has_runs) if zone else None,
            channels=channels,
        ),
    )
    after = write(text, wish)
    settings(after)
    assert [line for line in _comments(text) if line not in after] == []
    asked: set[tuple[str | int, ...]] = {("runners", 0, *keys) for keys in values}
    asked |= {
        ("runners", 0, key) for key, wanted in (("strap", strap), ("zone", zone), ("channels", channels)) if wanted
    }
    asked |= {("page", "listen")} if listen else set()
    assert _without(tomllib.loads(after), asked) == _without(tomllib.loads(text), asked)
    assert write(after, wish) == after


def _comments(text: str) -> list[str]:
    """Every comment of a text in which no value holds a #."""
    return [f"#{line.partition('#')[2]}".rstrip() for line in text.splitlines() if "#" in line]


def _without(tables: dict[str, Any], keys: set[tuple[str | int, ...]]) -> dict[tuple[str | int, ...], Any]:
    leaves: dict[tuple[str | int, ...], Any] = {}

    def walk(value: object, at: tuple[str | int, ...]) -> None:
        if any(at[: len(key)] == key for key in keys):
            return
        inner: list[tuple[str | int, Any]] = []
        if isinstance(value, dict):
            inner = list(value.items())
        elif isinstance(value, list):
            inner = list(enumerate(value))
        for key, held in inner:
            walk(held, (*at, key))
        if not inner and value not in ({}, []):
            leaves[at] = value

    walk(tables, ())
    return leaves


def test_what_is_written_below_a_channel_stays_when_the_channel_goes() -> None:
    channel = '\n[[runners.channels]]\nname = "phone"\nurl = "json://localhost/"\n'
    text = f'# mine\n[[runners]]\nname = "Els"\n{channel}\n# and this is Jan\n[[runners]]\nname = "Jan"\n'
    gone = write(text, Wish(runner=RunnerWish("Els", channels=(ChannelWish("phone", is_gone=True),))))
    assert gone == text.replace(channel, "")
