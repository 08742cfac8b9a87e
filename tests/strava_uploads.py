"""Uploads to our small Strava: files that are worked on for a while, and become activities, or do not."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.parser import BytesParser
from email.policy import HTTP
from io import BytesIO
from typing import Any

import fitdecode

from tests.strava_content import Activity, Athlete, Json
from tests.strava_wire import RefusalError, Reply, Request, refusal

WORKING = timedelta(seconds=8)


def parts_of(content_type: str, body: bytes) -> tuple[dict[str, str], bytes | None]:
    """Return the fields of a form with a file, and the file."""
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    fields, file = {}, None
    for part in message.iter_parts():
        content: Any = part.get_payload(decode=True)
        if part.get_filename():
            file = content
        else:
            fields[str(part.get_param("name", header="content-disposition"))] = content.decode()
    return fields, file


@dataclass(eq=False)
class Upload:
    """One file that was handed over."""

    id: int
    athlete: Athlete
    external_id: str
    at: datetime
    activity: Activity | None = None
    error: str | None = None


class Uploads:
    """What was uploaded, by whom, and what became of it."""

    def __init__(self) -> None:
        self.all: list[Upload] = []
        self.working = WORKING
        """How long a file is worked on."""
        self.refuses = False
        """Whether it finds fault with every file."""
        self.has_old_words = False
        """Whether it words a duplicate as it did in earlier years."""
        self._digests: dict[tuple[int, str], Activity] = {}

    def post(self, athlete: Athlete, request: Request, now: datetime) -> Reply:
        """Take a file, and say that it is worked on."""
        name = request.form.get("external_id", "")
        if request.form.get("data_type") != "fit" or not request.file:
            raise RefusalError(refusal(400, "Upload", "data_type", "invalid"))
        upload = Upload(18_000_000_001 + len(self.all), athlete, f"{name}.fit", now)
        self.all.append(upload)
        digest = athlete.id, hashlib.sha256(request.file).hexdigest()
        if there := self._there(athlete, upload.external_id) or self._digests.get(digest):
            upload.error = self._duplicate(upload, there)
        elif self.refuses:
            upload.error = f"{upload.external_id} The file is malformed."
        else:
            self._digests[digest] = upload.activity = _activity_of(athlete, request.file, upload, self.working)
        return Reply(201, self._told(upload, now))

    def look(self, athlete: Athlete, number: str, now: datetime) -> Json:
        """Say what became of a file."""
        mine = (one for one in self.all if str(one.id) == number and one.athlete is athlete)
        if (upload := next(mine, None)) is None:
            raise RefusalError(refusal(404, "Upload", "", "not found"))
        return self._told(upload, now)

    def _there(self, athlete: Athlete, external_id: str) -> Activity | None:
        mine = (one for one in self.all if one.athlete is athlete and one.external_id == external_id and one.activity)
        found = next(mine, None)
        return found.activity if found and found.activity and found.activity.id in athlete.activities else None

    def _duplicate(self, upload: Upload, there: Activity) -> str:
        if self.has_old_words:
            return f"{upload.external_id} duplicate of activity {there.id}"
        return f"{upload.external_id} duplicate of <a href='/activities/{there.id}' target='_blank'>{there.name}</a>"

    def _told(self, upload: Upload, now: datetime) -> Json:
        told: Json = {"id": upload.id, "id_str": str(upload.id), "external_id": upload.external_id}
        told |= {"error": None, "activity_id": None}
        if now < upload.at + self.working:
            return told | {"status": "Your activity is still being processed."}
        if upload.error or upload.activity is None:
            return told | {"error": upload.error, "status": "There was an error processing your activity."}
        if upload.activity.id not in upload.athlete.activities:
            return told | {"status": "The created activity has been deleted."}
        return told | {"activity_id": upload.activity.id, "status": "Your activity is ready."}


def _activity_of(athlete: Athlete, file: bytes, upload: Upload, working: timedelta) -> Activity:
    """Make an activity of what is in the file."""
    started_at, heart = _read(file)
    times = sorted(heart)
    return athlete.add_run(
        started_at,
        times=times,
        bpm=[heart[at] for at in times],
        distance_m=0.0,
        visible_from=upload.at + working,
        overrides={"external_id": upload.external_id, "upload_id": upload.id},
    )


def _read(file: bytes) -> tuple[datetime, dict[int, float]]:
    begin: datetime | None = None
    heart: dict[int, float] = {}
    with fitdecode.FitReader(BytesIO(file)) as frames:
        for frame in frames:
            if isinstance(frame, fitdecode.FitDataMessage) and frame.name == "session":
                begin = frame.get_value("start_time")
            if isinstance(frame, fitdecode.FitDataMessage) and frame.name == "record":
                at, bpm = frame.get_value("timestamp"), frame.get_value("heart_rate", fallback=None)
                if bpm is not None:
                    heart[int(at.timestamp())] = float(bpm)
    assert begin is not None, "a file without a session"
    start = begin.astimezone(UTC)
    return start, {at - int(start.timestamp()): bpm for at, bpm in heart.items()}
