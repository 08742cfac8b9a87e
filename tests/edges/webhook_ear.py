"""Who wants to know what Strava's webhook hears."""


class Ear:
    """Keeps what was heard of."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, int | None]] = []

    def hear_of(self, athlete: int, activity: int | None) -> None:
        self.heard.append((athlete, activity))
