"""Which systemd has the service, the machine's or a person's own, and what a person types to speak to it."""

import os
from enum import Enum
from pathlib import Path
from typing import Final

UNIT_NAME: Final = "duurloop.service"


class ServiceManager(Enum):
    """The systemd that has the service."""

    SYSTEM = "system"
    USER = "user"

    @property
    def control(self) -> str:
        """How it is spoken to."""
        return "sudo systemctl" if self is ServiceManager.SYSTEM else "systemctl --user"

    @property
    def journal(self) -> str:
        """How the service's log is read."""
        return f"{'sudo journalctl' if self is ServiceManager.SYSTEM else 'journalctl --user'} -u duurloop"

    @property
    def setup(self) -> str:
        """How the service is set up, once more too."""
        return "sudo duurloop setup" if self is ServiceManager.SYSTEM else "duurloop setup --user"

    def systemctl(self, verb: str) -> str:
        """Return what does something to the service, such as `restart`."""
        return f"{self.control} {verb} duurloop"


def manager_of(state: Path) -> ServiceManager:
    """Return whose the service with this state is, or would be: a person's own if that is installed."""
    home = Path.home()
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    is_own = state.absolute().is_relative_to(home) and (config / "systemd/user" / UNIT_NAME).exists()
    return ServiceManager.USER if is_own else ServiceManager.SYSTEM
