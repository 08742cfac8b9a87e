"""What may be typed on the command line, beyond click's own kinds."""

import click

from daemon.cli.common import words
from daemon.domain.zones import HIGHEST_EDGE, LOWEST_EDGE, TargetZone


class Zone(click.ParamType[TargetZone]):
    """`118-136`."""

    name = "zone"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> TargetZone:
        """Read two whole numbers."""
        try:
            return TargetZone.parse(str(value))
        except ValueError:
            why = words("a zone is two whole numbers, low-high, between {lowest} and {highest}, such as 118-136")
            self.fail(why.format(lowest=LOWEST_EDGE, highest=HIGHEST_EDGE), param, ctx)
