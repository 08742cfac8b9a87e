"""Installing the service, bringing it up to date, and taking it away: places, steps, and doing them."""

from daemon.installation.hands import Execute, Say
from daemon.installation.installing import install_steps, refresh_steps
from daemon.installation.layout import InstallationError, Layout
from daemon.installation.removing import uninstall_steps
from daemon.installation.steps import Step, perform

__all__ = [
    "Execute",
    "InstallationError",
    "Layout",
    "Say",
    "Step",
    "install_steps",
    "perform",
    "refresh_steps",
    "uninstall_steps",
]
