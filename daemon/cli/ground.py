"""Whether duurloop can live on this machine: asked before all else, and by `make install` before it lays anything.

It is read by whatever python3 there is, so it keeps to what an old one understands.
"""

import sys

from daemon.domain.marking import _

OLDEST = (3, 11)
LARGEST_OF_32_BITS = 2**31 - 1


def unfit(system: str, largest_size: int, version: tuple) -> str:  # type: ignore[type-arg]  # an old Python reads it
    """Return why it cannot be, with a place for the version of Python; nothing if it can."""
    if system != "linux":
        return _("duurloop needs Linux: it hears straps through BlueZ")
    if largest_size <= LARGEST_OF_32_BITS:
        return _(
            "duurloop needs a 64-bit system: what it is made of is not made for 32 bits; on a Pi, take the 64-bit OS"
        )
    if version < OLDEST:
        return _("duurloop needs Python 3.11 or newer, and this is {python}: Debian 12 and later have it")
    return ""


def unfit_here() -> str:
    """Return why this machine will not do; nothing if it will."""
    return unfit(sys.platform, sys.maxsize, tuple(sys.version_info[:2]))


def this_python() -> str:
    """Return the version of this Python, as people write it."""
    return ".".join(map(str, sys.version_info[:3]))


if __name__ == "__main__":
    sys.exit(unfit_here().format(python=this_python()) or None)
