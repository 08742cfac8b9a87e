"""What may be typed on the command line, beyond click's own kinds."""

import click

from daemon.domain.zones import TargetZone


class Zone(click.ParamType[TargetZone]):
    """`118-136`."""

    name = "zone"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> TargetZone:
        """Read two whole numbers."""
        try:
            return TargetZone.parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
