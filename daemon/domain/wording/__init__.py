"""What is said, in words: kind, short, without figures unless they were asked for.

Sentences stand here in English, which is also their key in the catalogues of `config/locale`; a language
comes in as two functions. Nothing in here decides whether to speak. Tone: no exclamation marks, no guilt,
no "faster", nothing medical. What recurs has variants, chosen by a `turn` that is handed in, usually the day's
number. How a run felt is said only where `figures` are wanted.
`docs/words.md` shows all of it as the runner reads it.
"""

from daemon.domain.wording.after import (
    LongRun,
    Onward,
    Outlook,
    Waits,
    reason_text,
    source_text,
    summary_text,
    verdict_text,
)
from daemon.domain.wording.course import course_lines, course_text
from daemon.domain.wording.days import date_text, day_word, month_word, short_day, weekday_meant
from daemon.domain.wording.feeling import feel_line, feeling_lines, feeling_word, lift_text
from daemon.domain.wording.habit import Opening, Tonight, reminder_text, smallest_step_text
from daemon.domain.wording.keeping import no_copies_text, rescued_text
from daemon.domain.wording.live import (
    NUDGES,
    battery_text,
    channel_text,
    cue_text,
    full_text,
    hello_text,
    nudge_text,
)
from daemon.domain.wording.text import ENGLISH, PICTURE, Language, Mail, Text, duration
from daemon.domain.wording.week import together_text, week_text
from daemon.domain.wording.why import move_text, proposal_text
from daemon.domain.wording.zone import laid_text, origin_text, suggestion_text

__all__ = [
    "ENGLISH",
    "NUDGES",
    "PICTURE",
    "Language",
    "LongRun",
    "Mail",
    "Onward",
    "Opening",
    "Outlook",
    "Text",
    "Tonight",
    "Waits",
    "battery_text",
    "channel_text",
    "course_lines",
    "course_text",
    "cue_text",
    "date_text",
    "day_word",
    "duration",
    "feel_line",
    "feeling_lines",
    "feeling_word",
    "full_text",
    "hello_text",
    "laid_text",
    "lift_text",
    "month_word",
    "move_text",
    "no_copies_text",
    "nudge_text",
    "origin_text",
    "proposal_text",
    "reason_text",
    "reminder_text",
    "rescued_text",
    "short_day",
    "smallest_step_text",
    "source_text",
    "suggestion_text",
    "summary_text",
    "together_text",
    "verdict_text",
    "week_text",
    "weekday_meant",
]
