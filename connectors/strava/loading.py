"""stravalib, brought into memory without what it does to the process on its way in."""

import logging
import threading
import warnings
from typing import Any, cast

_loading = threading.Lock()
_loaded = threading.Event()


def load() -> None:
    """Import stravalib once; several threads may ask for it at the same time."""
    if _loaded.is_set():
        return
    with _loading:
        if not _loaded.is_set():
            _import_alone()
            _loaded.set()


def _import_alone() -> None:
    """Undo that stravalib, while it is imported, shows every warning and sends them all to the log.

    `warnings.catch_warnings` would put back the whole list, with what other threads have changed meanwhile; so
    only stravalib's own entry is taken out again, of every list that it may have got into.
    """
    before, shown_by = _filters(), warnings.showwarning
    had_it = _EVERY_WARNING in before  # as by `python -W default`
    followers = before[before.index(_EVERY_WARNING) + 1 :] if had_it else []
    import stravalib.protocol  # noqa: PLC0415, F401 - as late as can be

    for filters in {id(one): one for one in (before, _filters())}.values():
        if _EVERY_WARNING in filters:
            filters.remove(_EVERY_WARNING)
        if had_it:
            place = next((at for at, entry in enumerate(filters) if entry in followers), len(filters))
            filters.insert(place, _EVERY_WARNING)
    if warnings.showwarning is not shown_by:
        logging.captureWarnings(capture=False)


_EVERY_WARNING = ("default", None, Warning, None, 0)


def _filters() -> list[tuple[Any, ...]]:
    return cast("list[tuple[Any, ...]]", warnings.filters)
