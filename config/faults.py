"""What is wrong with a file: one line for each fault, and never a value, for a secret might stand there."""

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from daemon.domain.marking import _
from daemon.telling import Exit, ExpectedError, Words

REASONS: Final[dict[str, str]] = {
    # The file itself.
    "file_missing": _("there is no such file; duurloop setup makes one"),
    "file_forbidden": _("this user may not read it"),
    "file_folder": _("this is a folder, not a file"),
    "file_unreadable": _("cannot be read: {why}"),
    "file_too_large": _("larger than {limit_kb} kB; this is no settings file"),
    "file_not_utf8": "not UTF-8 text",
    # Its grammar.
    "toml_unclosed": _("not closed: a bracket or a quote is missing here"),
    "toml_twice": _("stands twice"),
    "toml_table_twice": _(
        "this table stands twice; more than one runner or channel is written with [[double brackets]]"
    ),
    "toml_no_equals": _("expected KEY = VALUE"),
    "toml_value": _('not a value; words want quotes, as in name = "Els"'),
    "toml_one_a_line": _("something is left over after the value; one setting a line"),
    "toml_backslash": _("a backslash inside double quotes must be doubled; or use single quotes"),
    "toml_other": _("not valid TOML"),
    # Keys.
    "key_unknown": _("unknown"),
    "key_misspelt": _("unknown; did you mean '{meant}'?"),
    "key_misspelt_elsewhere": _("unknown; did you mean '{meant}' in {place}?"),
    "key_misplaced": _("belongs in {place}"),
    "key_misplaced_table": _("is written as {place}"),
    "missing": _("missing"),
    "table_not_list": _("written once as [{name}]; a list of tables wants double brackets: [[{name}]]"),
    # Plain values, by the names that pydantic gives to what it refuses.
    "string_type": _("must be text in quotes"),
    "string_too_short": _("must not be empty"),
    "string_too_long": _("must be no longer than {max_length} characters"),
    "int_type": _("must be a whole number"),
    "int_parsing": _("must be a whole number"),
    "int_parsing_size": _("must be a smaller number"),
    "int_from_float": _("must be a whole number"),
    "bool_type": _("must be true or false"),
    "bool_parsing": _("must be true or false"),
    "literal_error": _("must be {expected}"),
    "greater_than_equal": _("must be at least {ge}"),
    "less_than_equal": _("must be at most {le}"),
    "tuple_type": _("must be a list in square brackets"),
    "too_short": _("must not be empty"),
    "model_type": _("must be a table"),
    "date_type": _("must be a date, as 2026-01-31"),
    "date_parsing": _("must be a date, as 2026-01-31"),
    "date_from_datetime_parsing": _("must be a date, as 2026-01-31"),
    "date_from_datetime_inexact": _("must be a date without a time, as 2026-01-31"),
    "other": _("not understood"),
    # Ours.
    "name_form": _("must be one line of text, not empty, of at most 40 characters"),
    "name_taken": _("another runner has this name"),
    "no_runner": _("missing: the file needs at least one [[runners]] with a name and a zone"),
    "strap_form": _('must be an address or a name in quotes, or a table: {{ name = "…", connect = "armed" }}'),
    "strap_address": _("is no Bluetooth address; one looks like C0:00:00:12:34:56"),
    "strap_one": _("give either the address or the name"),
    "strap_taken": _("another runner has this strap"),
    "connect_twice": _("is also said in strap; say it once"),
    "connect_nothing": _("there is no strap to connect to"),
    "zone_form": _('must be low-high in beats per minute, as "118-136"'),
    "zone_limits": _("both edges must lie between {low} and {high}"),
    "zone_order": _("the lower edge comes first"),
    "zone_none": _("must hold at least one zone"),
    "zone_same_day": _("two zones begin on the same day"),
    "facts_order": _("must be higher than {lower}"),
    "timezone": _('is not a time zone this machine knows; one is written "Europe/Amsterdam"'),
    "day_form": _("must be mon, tue, wed, thu, fri, sat or sun, in quotes"),
    "day_twice": _("a day stands twice"),
    "time_form": _('must be a time of day, as "18:30"'),
    "time_needed": _("missing: the days want a time"),
    "week_form": _('must be a day and a time, as "sun 19:00"'),
    "quiet_form": _('must be two times of day, as "22:00-07:00"'),
    "quiet_empty": _("begins and ends at the same time"),
    "listen_form": _('must be host:port, as "127.0.0.1:8421", or "" for no page'),
    "file_form": _("must be a file's path in quotes"),
    "file_gone": _("there is no such file; its path begins where the settings file is"),
    "tls_cert_needed": _("missing: tls_key wants tls_cert beside it"),
    "tls_key_needed": _("missing: tls_cert wants tls_key beside it"),
    "address_form": _('must be an address that a browser takes, as "http://house.local:8421"'),
    "url_form": _('must be a web address, as "https://www.strava.com"'),
    "url_plain": _("must begin with https://; plain http is for this machine alone"),
    "adapter_form": _('must be "hci0" or the like; bluetoothctl list shows them'),
    "folder_form": _("must be a folder's path in quotes"),
    "export_comes_back": _(
        "lies in the folder under [import], or the other way round: what goes out would come back in"
    ),
    "upload_alone": _("wants an application: client_id and its secret under [strava]"),
    "client_id_form": _("must be the number that Strava shows for the application"),
    "client_id_needed": _("missing: the secret wants its client_id beside it"),
    "client_secret_needed": _("missing: client_id wants client_secret or credential beside it"),
    "webhook_alone": _("wants client_id and its secret beside it"),
    "webhook_path": _("wants a path that no page of ours has, as https://home.example.org/strava"),
    "webhook_page": _("wants the page's server: give listen an address under [page]"),
    "group_small": _("wants the names of at least two different runners"),
    "group_stranger": _("names somebody who is not among the [[runners]]"),
    "channel_address": _("missing: a channel wants url or credential"),
    "channel_taken": _("another channel of this runner has this name"),
    "channel_url": _("must be an address with ://, as ntfy://… or mailtos://…"),
    "secret_twice": _("stands beside {other}; give one of the two"),
    "credential_form": _("must be a name of letters, digits, - and _; the secret itself stands in a file of that name"),
    "credential_missing": _(
        "no such credential, neither in $CREDENTIALS_DIRECTORY nor in credentials/ beside this file"
    ),
    "credential_open": _("others may read that credential's file; make it yours alone: chmod 600"),
    "credential_unreadable": _("that credential's file cannot be read by this user"),
    "credential_line": _("that credential's file must hold one line of UTF-8 text"),
    "credential_url": _("that credential must hold an address with ://, as ntfy://… or mailtos://…"),
    "credential_nowhere": _("credentials can only be used from a settings file"),
    "plan_unknown": _("no such plan; there are {plans}, or the path of a .toml file"),
    "plan_misspelt": _("no such plan; did you mean '{meant}'?"),
    "plan_file_missing": _("no such plan's file; its path begins where the settings file is"),
    # Allowed, but worth a word.
    "warn_open": _("{file} holds secrets and others may read it: chmod o-rwx, or put them in credentials/"),
    "warn_no_channel": _("{runner} has no channels, so no message will ever come"),
    "warn_quiet_time": _("{runner}'s reminders of {time} fall into the quiet hours, and will mostly not be sent"),
    "warn_no_purpose": _("nothing goes to {runner}'s channel {channel}: its 'for' is empty"),
    # Plans.
    "plan_id_form": _("must be lower-case letters, digits and -, as rustig-12"),
    "words_form": _('must be text in quotes, or in both languages: {{ nl = "…", en = "…" }}'),
    "runs_form": _('must be how many runs the step is meant for, as 3 or "2-3"'),
    "course_form": _('must be parts such as "warm_up 5m" or "8 x run 1m, walk 2m"'),
    "part_kind": _("a part is warm_up, run, walk, recovery or cool_down"),
    "part_duration": _("a part needs its duration, as 90s, 5m or 1m30s"),
    "part_limits": _("a part lasts from 5 seconds to 4 hours"),
    "lead_kind": _("only walk and recovery can wait for the heart"),
    "lead_form": _('waiting for the heart is written as "walk 1m-3m until low": at least, at most, until when'),
    "lead_least": _("where the heart leads, a part lasts at least {least_s} seconds"),
    "lead_order": _("the shorter of the two durations comes first"),
    "lead_until": _(
        "after until comes low or high, the edges of the runner's zone, or a heart rate from {low} to {high}"
    ),
    "repeat_limits": _("a line may be repeated from 1 to 100 times"),
    "step_limits": _("the step lasts longer than 6 hours"),
}
"""All that is ever said about a fault; {names} are filled in."""

TONGUE: ContextVar[Callable[[str], str]] = ContextVar("TONGUE", default=_)
"""The language in which faults are said: the terminal's, English unless somebody sets another."""


def words_for(kind: str, **values: object) -> str:
    """Return the words for a kind of fault."""
    return TONGUE.get()(REASONS.get(kind, REASONS["other"])).format_map(values)


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


class SettingsError(ExpectedError):
    """A file cannot be used; `faults` holds every reason, in the order of the lines."""

    ends = Exit.CONFIGURATION

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(map(str, self.faults)))

    def lines(self, words: Words) -> list[str]:
        """Return a line for each, which begins with its place; they are in the reader's language already (`TONGUE`)."""
        del words
        return [str(fault) for fault in self.faults]
