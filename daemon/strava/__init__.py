"""Runs that come by Strava's API: linking, looking, reading, forgetting."""
