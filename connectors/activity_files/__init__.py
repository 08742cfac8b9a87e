"""Runs that a watch or phone recorded, read from the file it made: FIT, TCX, GPX, or a table of beats."""

from connectors.activity_files.content import ActivityFileError, RefusalError
from connectors.activity_files.reading import explained, read_recordings, read_stream

__all__ = ["ActivityFileError", "RefusalError", "explained", "read_recordings", "read_stream"]
