"""The whole site: what is answered, and who looks at every request first."""

import random
import socket
from functools import partial
from typing import NoReturn

from daemon.clock import Clock
from daemon.page.access import Access
from daemon.page.assets import asset_routes
from daemon.page.events import event_routes
from daemon.page.feel import feel_routes
from daemon.page.health import health_routes
from daemon.page.help import help_routes
from daemon.page.house import House
from daemon.page.live import live_routes
from daemon.page.plan import plan_routes
from daemon.page.privacy import privacy_routes
from daemon.page.runs import runs_routes
from daemon.page.serving import Site, serve_page
from daemon.page.standing import status_routes
from daemon.page.terms import Place, StravaEvents, Terms
from daemon.page.webhook import Webhook
from daemon.page.week import week_routes


async def serve_site(
    house: House,
    place: Place,
    terms: Terms,
    clock: Clock,
    chance: random.Random,
    events: StravaEvents | None = None,
    listener: socket.socket | None = None,
) -> NoReturn:
    """Show a house at its place, without end; `listener` listens there already."""
    webhook = Webhook(events.callback, events.book, events.follower) if events else None

    async def site() -> Site:
        if webhook:
            await webhook.recall()
        return site_of(house, terms, webhook)

    subscribe = partial(webhook.subscribe, events.strava) if webhook and events else None
    await serve_page(place, site, clock, chance, subscribe, listener)


def site_of(house: House, terms: Terms, webhook: Webhook | None = None) -> Site:
    """Return what a house shows."""
    runners = {name: companion.runner for name, companion in house.companions.items()}
    access = Access(runners, house.store, terms.door)
    planners = [companion.planner for companion in house.companions.values()]
    routes = [
        *access.routes(),
        *asset_routes(),
        *live_routes(house),
        *event_routes(house, access),
        *runs_routes(house),
        *week_routes(house),
        *plan_routes(house, terms.plan_ids),
        *status_routes(house),
        *help_routes(house),
        *privacy_routes(house, terms),
        *health_routes(house, metrics=terms.metrics),
        *feel_routes(planners, house.store, house.clock),
        *(webhook.routes() if webhook else []),
    ]
    return Site(routes, [access.middleware], house.feed.close)
