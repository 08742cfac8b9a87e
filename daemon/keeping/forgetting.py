"""Forgetting somebody: where traces of a runner are, and when they cannot be erased yet."""

from collections.abc import Collection
from typing import Protocol

from daemon.remote import Answer, RefusedError


class Traces(Protocol):
    """What is kept of runners, in the database and in its copies. Everything blocks, and may raise `StoreError`."""

    def runners(self) -> set[str]:
        """Return everybody of whom anything is kept, if only in a copy."""

    def erase(self, runner: str, others: Collection[str]) -> bool:
        """Erase a runner from the database; tell whether no byte of it is left in the file and its log.

        `others` are everybody else: a name may begin with another one.
        """

    def erase_from_copies(self, runner: str, others: Collection[str]) -> int:
        """Erase a runner from the copies of the database, and return how many there are. Raises `CopyError`."""


def refuse_running(status: Answer, runner: str) -> None:
    """Let nobody be forgotten in the middle of a session: it would be kept at its end. Raises `RefusedError`."""
    if any(one["name"] == runner and one["session"] for one in status["runners"]):
        raise RefusedError(
            "a session of {name} is going on: end it with duurloop stop --runner {quoted}, then say this once more",
            name=runner,
            quoted=f'"{runner}"' if " " in runner else runner,
        )
