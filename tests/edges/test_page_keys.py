"""The keys to the page: whom they show, and that nobody makes one but this house."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.forms import LONGEST_NAME
from daemon.page.keys import LONGEST_TOKEN, Holder, form_token, holder, is_form_token, link_token, link_url
from daemon.page.links import UnknownLinkError, read, sign
from tests.fakes import EVENING

SECRET = bytes(range(32))
NAMES = st.text(min_size=1, max_size=LONGEST_NAME)
WHOM = st.none() | NAMES


@given(WHOM)
def test_a_key_shows_whom_it_was_made_for(runner: str | None) -> None:
    assert holder(SECRET, link_token(SECRET, runner)) == Holder(runner)


@given(WHOM)
def test_a_key_can_stand_in_an_address_and_in_a_cookie_and_ends_with_a_letter_or_digit(runner: str | None) -> None:
    token = link_token(SECRET, runner)
    assert re.fullmatch(r"[A-Za-z0-9_.-]+[A-Za-z0-9]", token)
    assert len(token) <= LONGEST_TOKEN


@pytest.mark.parametrize("runner", [None, "Els", "Jan-Willem"])
def test_a_link_is_short_enough_for_a_code_that_a_phone_reads_at_once(runner: str | None) -> None:
    assert len(link_url(SECRET, "http://192.168.178.21:8421", runner)) <= 78  # what a code of 33 x 33 holds


@pytest.mark.parametrize("name", ["h", "household", "é", 'd\'Artagnan "x"', "a.b-", "\N{RUNNER}"])
def test_no_name_is_taken_for_the_household(name: str) -> None:
    assert holder(SECRET, link_token(SECRET, name)) == Holder(name)


@given(st.data(), WHOM)
def test_no_changed_key_opens_anything(data: st.DataObject, runner: str | None) -> None:
    token = link_token(SECRET, runner)
    at = data.draw(st.integers(0, len(token) - 1))
    changed = token[:at] + data.draw(st.text(max_size=2).filter(lambda text: text != token[at])) + token[at + 1 :]
    assert holder(SECRET, changed) is None


@given(st.text(st.characters()) | st.from_regex(r"[A-Za-z0-9_-]{22}\.(h|r[a-z2-7]*)", fullmatch=True))
def test_nonsense_is_no_key(token: str) -> None:
    assert holder(SECRET, token) is None


def test_a_key_of_before_the_secret_was_renewed_is_none_any_more() -> None:
    assert holder(bytes(32), link_token(SECRET, None)) is None


def test_a_form_is_ours_for_the_one_who_was_shown_it() -> None:
    els, jan = link_token(SECRET, "Els"), link_token(SECRET, "Jan")
    assert is_form_token(SECRET, els, form_token(SECRET, els))
    assert is_form_token(SECRET, "", form_token(SECRET, ""))
    assert not is_form_token(SECRET, jan, form_token(SECRET, els))
    assert not is_form_token(bytes(32), els, form_token(SECRET, els))


@given(WHOM, st.text(st.characters()))
def test_no_other_text_is_the_mark_of_a_form(runner: str | None, token: str) -> None:
    assert not is_form_token(SECRET, link_token(SECRET, runner), token)


@given(st.text())
def test_what_was_sealed_for_one_purpose_is_good_for_no_other(text: str) -> None:
    """A form's mark over any cookie, and the link of a message: neither is a key."""
    assert holder(SECRET, f"{form_token(SECRET, text)}.{text}") is None
    assert holder(SECRET, sign(SECRET, text, EVENING)) is None
    assert not is_form_token(SECRET, text, sign(SECRET, text, EVENING).partition(".")[0])
    with pytest.raises(UnknownLinkError):
        read(SECRET, link_token(SECRET, text), EVENING)
