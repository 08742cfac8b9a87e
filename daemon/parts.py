"""What a service is made of: what wiring puts together, where things are kept, and what one leaves to the next."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from daemon.domain.run import Run
from daemon.following import Followed
from daemon.handing.handovers import Handovers
from daemon.handing.out import Outlets
from daemon.household import Plans, Runner
from daemon.inbox import ReadFile
from daemon.keeping.copies import DailyCopies
from daemon.page.feed import Feed
from daemon.page.house import House
from daemon.permit import Connect
from daemon.ports import HeartRateSource, Messenger
from daemon.recorder import Recorder
from daemon.store import Post, Store
from daemon.strava.book import Book
from daemon.strava.follower import Follower, Terms
from daemon.strava.port import Strava
from daemon.supervisor import Worker
from daemon.weekly.writing import PngOf

STRAVA_TERMS = Terms(poll_s=900.0, keep=timedelta(days=7))


@dataclass(frozen=True, slots=True)
class Watched:
    """A folder in which files of runs appear, and who reads them."""

    folder: Path
    read: ReadFile


FeelUrl = Callable[[bytes, Run, datetime], str]
"""Returns the link to say how a run felt, sealed with the secret of this house, and good from that moment on."""


@dataclass(frozen=True, slots=True)
class Shelves:
    """Where things are kept."""

    store: Store
    post: Post
    book: Book | None = None
    """None where nothing can be linked to Strava."""
    copies_in: Callable[[Path | None], DailyCopies] | None = None
    """Returns who makes copies in a folder; None where nothing is kept."""
    found_damage: Callable[[], None] = lambda: None
    """Is told when the database was found damaged."""
    handovers: Handovers | None = None
    """None where nothing but messages goes out."""


MakePage = Callable[[House, Book | None, Follower | None], Worker]
"""Makes the page of a house; the book and the follower are for who listens to Strava's events."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What wiring puts together."""

    runners: Sequence[Runner]
    sources: Mapping[str, HeartRateSource]
    """A strap by runner's name; a runner without one is not in it."""
    connect: Mapping[str, Connect]
    messengers: Mapping[str, Messenger]
    """By channel id."""
    plans: Plans
    png_of: PngOf
    sports: frozenset[str] = frozenset()
    """Wanted beyond runs and walks."""
    strava: Strava | None = None
    """None without an application."""
    strava_terms: Terms = STRAVA_TERMS
    inbox: Watched | None = None
    outlets: Outlets | None = None
    """Where own sessions go besides."""
    copy_folder: Path | None = None
    """Where daily copies go; None for a folder beside the database."""
    group: tuple[str, ...] = ()
    """Who said yes to having their runs added up on Sundays."""
    feel_url: FeelUrl | None = None
    """Makes the link by which a runner says how a run felt; None where no phone reaches the page."""
    page: MakePage | None = None
    """Makes what answers over HTTP; None for nobody to answer."""


@dataclass(frozen=True, slots=True)
class Heritage:
    """What one service leaves to the next, when new settings come in force."""

    followed: Mapping[str, Followed]
    """With their open sessions, by runner's name."""
    recorder: Recorder
    feed: Feed
    feel_secret: bytes
    since: datetime
