"""Strava, asked through stravalib; nothing outside this package knows either stravalib or HTTP."""

from connectors.strava.connector import StravaConnector

__all__ = ["StravaConnector"]
