"""The whole site: what is answered, and who looks at every request first."""

from collections.abc import Sequence
from dataclasses import dataclass

from daemon.page.access import Access, Door
from daemon.page.assets import asset_routes
from daemon.page.events import event_routes
from daemon.page.feel import feel_routes
from daemon.page.health import health_routes
from daemon.page.help import help_routes
from daemon.page.house import House
from daemon.page.live import live_routes
from daemon.page.plan import plan_routes
from daemon.page.runs import runs_routes
from daemon.page.serving import Site
from daemon.page.standing import status_routes
from daemon.page.webhook import Webhook
from daemon.page.week import week_routes


@dataclass(frozen=True, slots=True)
class Terms:
    """What the settings say of the page."""

    door: Door
    plan_ids: Sequence[str] = ()
    """The plans that there are for everybody."""
    metrics: bool = True


def site_of(house: House, terms: Terms, feel_secret: bytes, webhook: Webhook | None = None) -> Site:
    """Return what a house shows; `feel_secret` is the store's of that name."""
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
        *health_routes(house, metrics=terms.metrics),
        *feel_routes(feel_secret, planners, house.store, house.clock),
        *(webhook.routes() if webhook else []),
    ]
    return Site(routes, [access.middleware], house.feed.close)
