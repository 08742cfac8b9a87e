"""Runs that a watch or phone recorded, read from the file it made: FIT, TCX, GPX, or a table of beats."""

from connectors.activity_files.content import ActivityFileError
from connectors.activity_files.reading import read_recordings

__all__ = ["ActivityFileError", "read_recordings"]
