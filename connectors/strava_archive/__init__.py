"""The archive that Strava sends to who asks for a copy of everything: a zip, or the folder it was unpacked into."""

from connectors.strava_archive.archive import Archive, Entry, close_archives, digest_of, open_archive, read_entry
from connectors.strava_archive.storage import is_archive

__all__ = ["Archive", "Entry", "close_archives", "digest_of", "is_archive", "open_archive", "read_entry"]
