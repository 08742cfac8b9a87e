"""What happens to whom: a year in the life of runners who are all made up, without any chance in it."""

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta

from daemon.domain.progress import Move
from daemon.domain.run import Source
from tests.scenarios.year import CALM, HARD, LIVELY, Story, Year

TUE, WED, THU, SAT, SUN = 1, 2, 3, 5, 6
RUSTIG = frozenset({TUE, THU, SUN})
NOVEMBER = datetime(2026, 11, 2, 8, tzinfo=UTC)
JANUARY = datetime(2027, 1, 4, 8, tzinfo=UTC)
MARCH = datetime(2027, 3, 1, 8, tzinfo=UTC)


def settings(*runners: str, timezone: str = "Europe/Amsterdam", more: str = "") -> str:
    return f'timezone = "{timezone}"\n{more}\n' + "\n".join(runners)


def runner(
    name: str,
    language: str,
    days: str = 'days = ["tue", "thu", "sun"]\ntime = "18:30"\nweek = "sun 19:00"',
    plan: str = 'plan = "rustig-12"',
    channel: str = 'name = "phone"\nurl = "json://127.0.0.1:9"',
    quiet: str = 'quiet = "22:00-07:00"',
) -> str:
    return f"""
[[runners]]
name = "{name}"
language = "{language}"
zone = "118-136"
{plan}
{days}
{quiet}
[[runners.channels]]
{channel}
"""


async def days(year: Year, last: datetime, of: Iterable[int], hour: int, minute: int = 0) -> AsyncIterator[datetime]:
    """Live on from one such day to the next, up to and with the last, and stand at this hour of it."""
    day = year.local(year.clock.now())
    while day.date() <= last.date():
        if day.weekday() in of and (moment := year.at(day, hour, minute)) >= year.clock.now():
            await year.until(moment)
            yield day
        day += timedelta(days=1)


def date(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


# -- one ---------------------------------------------------------------------------------------------


async def steady(year: Year) -> None:
    number = 0
    async for _ in days(year, date(2027, 10, 31), RUSTIG, 18, 40):
        number += 1
        if number % 17 == 11:
            continue  # life came between
        await year.run("Els", LIVELY if number % 9 == 4 else CALM, by=Source.STRAP)
    await year.until(year.at(date(2027, 10, 31), 23))


async def too_fast(year: Year) -> None:
    number = 0
    async for day in days(year, date(2027, 7, 4), RUSTIG, 19, 15):
        number += 1
        if day < date(2026, 12, 20):
            await year.run("Tom", HARD)
            if number % 2:
                await year.feel("Tom", after=3, effort=7)
        elif day < date(2027, 2, 20):
            await year.run("Tom", HARD)
            await year.feel("Tom", after=4, effort=3)
            if day.date() == date(2027, 1, 26).date():
                await year.set_zone("Tom", 118, 140)
        else:
            above = (HARD, LIVELY, LIVELY, CALM)[min(3, (day - date(2027, 2, 20)).days // 21)]
            await year.run("Tom", CALM if number % 5 == 0 else above)
    await year.until(year.at(date(2027, 7, 4), 23))


async def ill(year: Year) -> None:
    async for _ in days(year, date(2027, 1, 14), RUSTIG, 18, 45):
        await year.run("Marieke")
    await year.until(year.at(date(2027, 1, 17), 11))
    await year.pause("Marieke", date(2027, 2, 4), "illness")
    async for _ in days(year, date(2027, 3, 28), RUSTIG, 18, 45):
        if year.local(year.clock.now()).date() > date(2027, 2, 4).date():
            await year.run("Marieke", CALM)
    await year.until(year.at(date(2027, 4, 1), 9))
    await year.pause("Marieke", date(2027, 4, 6), "illness")
    async for _ in days(year, date(2027, 7, 8), RUSTIG, 18, 45):
        if year.local(year.clock.now()).date() > date(2027, 4, 6).date():
            await year.run("Marieke", LIVELY if year.local(year.clock.now()).day % 7 == 3 else CALM)
    await year.until(year.at(date(2027, 7, 10), 10))
    await year.pause("Marieke", date(2027, 8, 1), "holiday")
    await year.until(year.at(date(2027, 7, 20), 9))
    await year.run("Marieke", CALM, minutes=25)  # on the beach, in the middle of it
    await year.until(year.at(date(2027, 7, 28), 9))
    await year.resume("Marieke")
    async for _ in days(year, date(2027, 8, 29), RUSTIG, 18, 45):
        await year.run("Marieke")
    await year.until(year.at(date(2027, 8, 29), 23))


async def six_weeks(year: Year) -> None:
    async for _ in days(year, date(2027, 2, 7), RUSTIG, 18, 40):
        await year.run("Ben", by=Source.STRAP)
    await year.until(year.at(date(2027, 3, 23), 17))
    await year.choose("Ben", Move.EASIER)
    async for _ in days(year, date(2027, 6, 20), RUSTIG, 18, 40):
        await year.run("Ben", by=Source.STRAP)
    await year.until(year.at(date(2027, 8, 18), 17))
    await year.run("Ben", CALM, minutes=20)  # without a word, out of nowhere
    async for day in days(year, date(2027, 9, 26), {THU, SUN}, 18, 40):
        if day.day % 10:
            await year.run("Ben", by=Source.STRAP)
    await year.until(year.at(date(2027, 9, 26), 23))


async def by_strava(year: Year) -> None:
    await year.link("Noor")
    number = 0
    async for _ in days(year, date(2027, 5, 30), RUSTIG, 19):
        number += 1
        if number % 8 == 5:
            continue
        above = None if number % 2 else LIVELY if number % 12 == 4 else CALM
        await year.run("Noor", above, by=Source.STRAVA_API)
    await year.until(year.at(date(2027, 5, 30), 23))


async def couple(year: Year) -> None:
    number = 0
    async for day in days(year, date(2027, 4, 4), {TUE, WED, SAT, SUN}, 10):
        number += 1
        if day.weekday() in {TUE, SAT} and number % 13:
            await year.run("Jan", LIVELY if number % 11 == 3 else CALM)
        if day.weekday() in {WED, SUN} and number % 7:
            is_walking = day < date(2027, 1, 3)
            if day.date() == date(2027, 1, 3).date():
                year.settle(COUPLE.replace('plan = "walk-4"', 'plan = "rustig-12"'))
                year.tell('Kate is done with walking: `plan = "rustig-12"` in the settings')
            await year.run("Kate", CALM, sport="walk" if is_walking else "run")
    await year.until(year.at(date(2027, 4, 4), 23))


async def server_off(year: Year) -> None:
    async for _ in days(year, date(2027, 2, 11), RUSTIG, 18, 45):
        await year.run("Ruth")
    await year.until(year.at(date(2027, 2, 12), 8))
    missed = [
        await year.go("Ruth", CALM),
        await year.go("Ruth", CALM),
        await year.go("Ruth", LIVELY),
    ]
    for out, day in zip(missed, (date(2027, 2, 14), date(2027, 2, 18), date(2027, 2, 21)), strict=True):
        out.begins = year.at(day, 18, 45)
    await year.off_until(
        year.at(date(2027, 2, 22), 8), "the server is off until Monday 22 February, 08:00; the watch keeps on recording"
    )
    await year.until(year.at(date(2027, 2, 22), 8, 1))
    for out in missed:
        await year.bring(out)
    async for day in days(year, date(2027, 5, 6), RUSTIG, 18, 45):
        if day.day % 8:
            await year.run("Ruth")
    await year.until(year.at(date(2027, 5, 7), 8))
    await year.off_until(
        year.at(date(2027, 5, 18), 12), "the server is off until Tuesday 18 May, 12:00, over two Sundays; no runs"
    )
    async for day in days(year, date(2027, 6, 6), RUSTIG, 18, 45):
        if day.day % 8:
            await year.run("Ruth")
    await year.until(year.at(date(2027, 6, 6), 23))


async def both_nights(year: Year) -> None:
    for last in (date(2027, 4, 11), date(2027, 11, 14)):
        async for day in days(year, last, RUSTIG, 12):
            if day.weekday() == SUN:
                await year.run("Wout")
            await year.run("Lotte")
        if last < date(2027, 10, 1):
            await year.until(year.at(date(2027, 4, 12), 9))
            for name in year.names:
                await year.pause(name, date(2027, 10, 3), "holiday")
            await year.until(year.at(date(2027, 10, 3), 23))
    await year.until(year.at(date(2027, 11, 14), 23))


async def moving(year: Year) -> None:
    async for _ in days(year, date(2027, 4, 29), RUSTIG, 18, 45):
        await year.run("Ana")
    await year.until(year.at(date(2027, 5, 1), 12))
    year.settle(MOVING.replace("Europe/Amsterdam", "America/New_York"))
    year.tell('in New York: `timezone = "America/New_York"`, and the service begun anew')
    async for day in days(year, date(2027, 8, 26), RUSTIG, 18, 45):
        if day.day % 9:
            await year.run("Ana", LIVELY if day.day % 5 == 0 else CALM)
    await year.until(year.at(date(2027, 8, 29), 14))
    await year.run("Ana")
    await year.until(year.at(date(2027, 8, 29), 17))
    year.settle(MOVING)
    year.tell('back in Amsterdam, where it is eleven at night: `timezone = "Europe/Amsterdam"`')
    async for day in days(year, date(2027, 9, 12), RUSTIG, 18, 45):
        if day.day % 9:
            await year.run("Ana")
    await year.until(year.at(date(2027, 9, 12), 23))


async def free(year: Year) -> None:
    number = 0
    async for day in days(year, date(2027, 10, 31), {WED, SAT}, 9, 30):
        number += 1
        if date(2027, 3, 1) <= day < date(2027, 4, 20) or number % 6 == 5:
            continue
        minutes = 30 + 5 * (number % 3) + (45 if number % 19 == 8 else 0)
        await year.run("Sven", (CALM, CALM, LIVELY, CALM, HARD)[number % 5], minutes=minutes)
    await year.until(year.at(date(2027, 10, 31), 23))


async def told(year: Year) -> None:
    number = 0
    async for day in days(year, date(2027, 4, 11), RUSTIG, 18, 35):
        number += 1
        if day.day % 12 == 7:
            continue
        heavy = date(2027, 3, 8) <= day < date(2027, 3, 25)
        if number % 10:
            await year.feel("Iris", before=2 + number % 3)
        await year.run("Iris", LIVELY if number % 8 == 3 else CALM)
        if number % 10:
            await year.feel("Iris", after=2 if heavy else min(5, 3 + number % 3), effort=8 if heavy else 3 + number % 2)
    await year.until(year.at(date(2027, 4, 11), 23))


COUPLE = settings(
    runner("Jan", "nl", 'days = ["tue", "sat"]\ntime = "09:30"\nweek = "sun 19:00"', 'plan = "continuous"'),
    runner(
        "Kate", "en", 'days = ["wed", "sun"]\ntime = "09:30"\nweek = "sun 19:00"', 'plan = "walk-4"',
        'name = "mail"\nurl = "json://127.0.0.1:9"',
    ),
    more='[group]\nrunners = ["Jan", "Kate"]',
)  # fmt: skip
MOVING = settings(runner("Ana", "en"))

STORIES = (
    Story(
        "01-steady",
        "Els, die gewoon gaat",
        "Els loopt thuis op de band, met de borstband om: dinsdag, donderdag en zondag om 18:30, met het plan Rustig "
        "in twaalf weken. Bijna altijd rustig, soms wat vlotter, en heel af en toe komt er iets tussen.",
        settings(runner("Els", "nl")),
        NOVEMBER,
        steady,
    ),
    Story(
        "02-too-fast",
        "Tom, who is too fast",
        "Tom runs with a watch, on Tuesdays, Thursdays and Sundays, and every time too fast. He says how it felt: "
        "first rather heavy, later easy. After a talk test he sets another zone, and slowly he grows calmer.",
        settings(runner("Tom", "en")),
        NOVEMBER,
        too_fast,
    ),
    Story(
        "03-ill",
        "Marieke, die ziek wordt",
        "Marieke loopt met een horloge, dinsdag, donderdag en zondag. In januari is ze bijna drie weken ziek, in april "
        "een paar dagen, en in juli met vakantie; daarvan is ze eerder terug.",
        settings(runner("Marieke", "nl")),
        NOVEMBER,
        ill,
    ),
    Story(
        "04-six-weeks",
        "Ben, who stops for six weeks",
        "Ben runs on the treadmill with his strap. In February he stops without a word, for six weeks; then he says "
        "that he wants something easier. In the summer he stops again, and is simply back one day.",
        settings(runner("Ben", "en")),
        NOVEMBER,
        six_weeks,
    ),
    Story(
        "05-strava",
        "Noor, die alleen via Strava loopt",
        "Noors rondjes komen via Strava en worden na een week vergeten. De helft is zonder hartslag.",
        settings(runner("Noor", "nl")),
        NOVEMBER,
        by_strava,
    ),
    Story(
        "06-couple",
        "Jan en Kate, samen in één huis",
        "Jan (Nederlands, drie keer een half uur als plan, dinsdag en zaterdag) en Kate (English, first walking, then "
        "running, on Wednesdays and Sundays), each with a plan and a channel of their own, and together a group.",
        COUPLE,
        NOVEMBER,
        couple,
    ),
    Story(
        "07-server-off",
        "Ruth, whose server was off",
        "Ruth runs with a watch whose files reach the server. It is off for ten days in February, while she goes on "
        "running, and over two Sundays in May, when she does not.",
        settings(runner("Ruth", "en")),
        JANUARY,
        server_off,
    ),
    Story(
        "08-both-nights",
        "Wout en Lotte, en de klok",
        "Wout werkt 's nachts: zijn seintje komt woensdag en zondag om half drie in de nacht, zijn week zondag om "
        "kwart voor drie. Lotte heeft gewone uren. Op 28 maart is er geen half drie, op 31 oktober twee keer. "
        "Daartussen zijn ze samen een half jaar op reis.",
        settings(
            runner("Wout", "nl", 'days = ["wed", "sun"]\ntime = "02:30"\nweek = "sun 02:45"', quiet=""),
            runner("Lotte", "nl"),
        ),
        MARCH,
        both_nights,
    ),
    Story(
        "09-moving",
        "Ana, who moves",
        "Ana lives in Amsterdam, from May to August in New York, and then in Amsterdam again.",
        MOVING,
        MARCH,
        moving,
    ),
    Story(
        "10-free",
        "Sven, die niets heeft afgesproken",
        "Sven heeft geen plan en geen vaste dagen. Hij loopt meestal op woensdag en zaterdag, zoals het uitkomt, en "
        "in maart en april een hele tijd niet. Hij krijgt alleen de week.",
        settings(runner("Sven", "nl", "", "")),
        NOVEMBER,
        free,
    ),
    Story(
        "11-told",
        "Iris, who tells how it felt",
        "Iris says nearly every time how she feels, before and after. Her messages come by mail, with figures. In "
        "March it is heavy for a while.",
        settings(
            runner("Iris", "en", channel='name = "mail"\nurl = "json://127.0.0.1:9"\nfigures = true'),
        ),
        NOVEMBER,
        told,
    ),
)  # fmt: skip
