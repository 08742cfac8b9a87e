"""What is wrong with a file: one line for each fault, and never a value, for a secret might stand there."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

REASONS: Final[dict[str, str]] = {
    # The file itself.
    "file_missing": "there is no such file; 'duurloop setup' writes one",
    "file_forbidden": "this user may not read it",
    "file_folder": "this is a folder, not a file",
    "file_unreadable": "cannot be read: {why}",
    "file_too_large": "larger than {limit_kb} kB; this is no settings file",
    "file_not_utf8": "not UTF-8 text",
    # Its grammar.
    "toml_unclosed": "not closed: a bracket or a quote is missing here",
    "toml_twice": "stands twice",
    "toml_table_twice": "this table stands twice; more than one runner or channel is written with [[double brackets]]",
    "toml_no_equals": "expected KEY = VALUE",
    "toml_value": 'not a value; words want quotes, as in name = "Els"',
    "toml_one_a_line": "something is left over after the value; one setting a line",
    "toml_backslash": "a backslash inside double quotes must be doubled; or use single quotes",
    "toml_other": "not valid TOML",
    # Keys.
    "key_unknown": "unknown",
    "key_misspelt": "unknown; did you mean '{meant}'?",
    "key_misspelt_elsewhere": "unknown; did you mean '{meant}' in {place}?",
    "key_misplaced": "belongs into {place}",
    "key_misplaced_table": "is written as {place}",
    "missing": "missing",
    "table_not_list": "written once as [{name}]; a list of tables wants double brackets: [[{name}]]",
    # Plain values, by the names that pydantic gives to what it refuses.
    "string_type": "must be text in quotes",
    "string_too_short": "must not be empty",
    "string_too_long": "must be no longer than {max_length} characters",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a smaller number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "literal_error": "must be {expected}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "tuple_type": "must be a list in square brackets",
    "too_short": "must not be empty",
    "model_type": "must be a table",
    "date_type": "must be a date, as 2026-01-31",
    "date_parsing": "must be a date, as 2026-01-31",
    "date_from_datetime_parsing": "must be a date, as 2026-01-31",
    "date_from_datetime_inexact": "must be a date without a time, as 2026-01-31",
    "other": "not understood",
    # Ours.
    "name_form": "must be one line of text, not empty, of at most 40 characters",
    "name_taken": "another runner has this name",
    "no_runner": "missing: the file needs at least one [[runners]] with a name and a zone",
    "strap_form": 'must be an address or a name in quotes, or a table: {{ name = "…", connect = "armed" }}',
    "strap_address": "is no Bluetooth address; one looks like C0:00:00:12:34:56",
    "strap_one": "give either the address or the name",
    "strap_taken": "another runner has this strap",
    "connect_twice": "is also said in strap; say it once",
    "connect_nothing": "there is no strap to connect to",
    "zone_form": 'must be low-high in beats per minute, as "118-136"',
    "zone_limits": "both edges must lie between {low} and {high}",
    "zone_order": "the lower edge comes first",
    "zone_none": "must hold at least one zone",
    "zone_same_day": "two zones begin on the same day",
    "timezone": 'is not a time zone this machine knows; one is written "Europe/Amsterdam"',
    "day_form": "must be mon, tue, wed, thu, fri, sat or sun, in quotes",
    "day_twice": "a day stands twice",
    "time_form": 'must be a time of day, as "18:30"',
    "time_needed": "missing: the days want a time",
    "week_form": 'must be a day and a time, as "sun 19:00"',
    "quiet_form": 'must be two times of day, as "22:00-07:00"',
    "quiet_empty": "begins and ends at the same time",
    "listen_form": 'must be host:port, as "127.0.0.1:8421", or "" for no page',
    "url_form": 'must be a web address, as "https://www.strava.com"',
    "url_plain": "must begin with https://; plain http is for this machine alone",
    "adapter_form": 'must be "hci0" or the like, or an address as 00:1A:7D:DA:71:13',
    "folder_form": "must be a folder's path in quotes",
    "client_id_form": "must be the number that Strava shows for the application",
    "client_id_needed": "missing: the secret wants its client_id beside it",
    "client_secret_needed": "missing: client_id wants client_secret or credential beside it",
    "channel_address": "missing: a channel wants url or credential",
    "channel_taken": "another channel of this runner has this name",
    "channel_url": "must be an address with ://, as ntfy://… or mailtos://…",
    "secret_twice": "stands beside {other}; give one of the two",
    "credential_form": "must be a name of letters, digits, - and _; the secret itself stands in a file of that name",
    "credential_missing": "no such credential, neither in $CREDENTIALS_DIRECTORY nor in credentials/ beside this file",
    "credential_open": "others may read that credential's file; make it yours alone: chmod 600",
    "credential_unreadable": "that credential's file cannot be read by this user",
    "credential_line": "that credential's file must hold one line of UTF-8 text",
    "credential_url": "that credential must hold an address with ://, as ntfy://… or mailtos://…",
    "credential_nowhere": "credentials can only be used from a settings file",
    "plan_unknown": "no such plan; there are {plans}, or the path of a .toml file",
    "plan_misspelt": "no such plan; did you mean '{meant}'?",
    "plan_file_missing": "no such plan's file; its path begins where the settings file is",
    # Allowed, but worth a word.
    "warn_open": "{file} holds secrets and others may read it: chmod 600, or put them in credentials/",
    "warn_no_channel": "{runner} has no channels, so no message will ever come",
    "warn_no_purpose": "nothing goes to {runner}'s channel {channel}: its 'for' is empty",
    # Plans.
    "plan_id_form": "must be lower-case letters, digits and -, as rustig-12",
    "words_form": 'must be text in quotes, or in both languages: {{ nl = "…", en = "…" }}',
    "runs_form": 'must be how many runs the step is meant for, as 3 or "2-3"',
    "course_form": 'must be parts such as "warm_up 5m" or "8 x run 1m, walk 2m"',
    "part_kind": "a part is warm_up, run, walk, recovery or cool_down",
    "part_duration": "a part needs its duration, as 90s, 5m or 1m30s",
    "part_limits": "a part lasts from 5 seconds to 4 hours",
    "repeat_limits": "a line may be repeated from 1 to 100 times",
    "step_limits": "the step lasts longer than 6 hours",
}
"""All that is ever said about a file; {names} are filled in, and gettext can find its msgids here."""


def say(kind: str, **values: object) -> str:
    """Return the words for a kind of fault."""
    return REASONS.get(kind, REASONS["other"]).format_map(values)


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that is wrong: where it stands, and why it cannot be so."""

    file: str
    line: int
    """Counted from 1; 1 also for a fault of the file as a whole."""
    key: str
    """As `strava.client_id` or `runners[1].zone`, rows counted from 1; `-` when no key is to blame."""
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key}: {self.reason}"


class SettingsError(Exception):
    """A file cannot be used; `faults` holds every reason, in the order of the lines."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(map(str, self.faults)))
