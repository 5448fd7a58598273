"""Two subscriptions of one person on one list become one with the stronger of each option."""

from dataclasses import replace

import pytest

from storage.merged_memberships import merged
from storage.tables.lists import Membership
from storage.tables.words import Origin, Reception, Visibility

PLAIN = Membership(
    id=1,
    list_id=1,
    address="a@x.example",
    address_key="a@x.example",
    domain="x.example",
    display_name="",
    reception=Reception.MAIL,
    visibility=Visibility.NOCONCEAL,
    origin=Origin.SUBSCRIBED,
    suspended_from=None,
    suspended_until=None,
    is_moderated=False,
    is_bouncing=False,
    attributes="{}",
    subscribed_at=50,
    updated_at=50,
)
OTHER = replace(PLAIN, id=2, address="b@x.example", address_key="b@x.example")


@pytest.mark.parametrize("other", [mode for mode in Reception if mode is not Reception.MAIL])
def test_more_mail_wins_either_way(other: Reception) -> None:
    less = replace(OTHER, reception=other)
    assert merged(less, PLAIN).reception is merged(PLAIN, less).reception is Reception.MAIL


def test_a_digest_wins_over_nothing_and_loses_to_each_message() -> None:
    digest = replace(OTHER, reception=Reception.DIGEST)
    assert merged(digest, replace(PLAIN, reception=Reception.NOMAIL)).reception is Reception.DIGEST
    assert merged(digest, replace(PLAIN, reception=Reception.NOT_ME)).reception is Reception.NOT_ME


def test_the_one_that_stays_keeps_what_only_one_can_have() -> None:
    gone = replace(OTHER, display_name="Ann", attributes='{"a":"1","b":"1"}', is_moderated=True)
    kept = replace(PLAIN, display_name="A.", attributes='{"b":"2","c":"2"}', subscribed_at=90, person_id=7)
    found = merged(gone, kept)
    assert (found.id, found.address, found.person_id, found.display_name) == (1, "a@x.example", 7, "A.")
    assert found.attributes == '{"a":"1","b":"2","c":"2"}'
    assert (found.is_moderated, found.subscribed_at) == (True, 50)


def test_hidden_wins_and_a_pause_needs_both() -> None:
    hidden = replace(OTHER, visibility=Visibility.CONCEAL, suspended_from=1, suspended_until=9)
    assert merged(hidden, PLAIN).visibility is merged(PLAIN, hidden).visibility is Visibility.CONCEAL
    assert merged(hidden, PLAIN).suspended_from is merged(PLAIN, hidden).suspended_from is None
    paused = replace(PLAIN, suspended_from=2, suspended_until=5)
    both = merged(hidden, paused)
    assert (both.suspended_from, both.suspended_until) == (2, 5)


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [(True, False, False), (True, None, None), (None, False, False), (True, True, True), (None, None, None)],
)
def test_more_copies_win_over_fewer(one: bool | None, other: bool | None, both: bool | None) -> None:
    gone, kept = replace(OTHER, skips_addressed_copies=one), replace(PLAIN, skips_addressed_copies=other)
    assert merged(gone, kept).skips_addressed_copies is both
    assert merged(kept, gone).skips_addressed_copies is both


@pytest.mark.parametrize(
    ("gone", "kept", "origin"),
    [
        (Origin.SUBSCRIBED, Origin.SUBSCRIBED, Origin.SUBSCRIBED),
        (Origin.SUBSCRIBED, Origin.INCLUDED, Origin.BOTH),
        (Origin.SUBSCRIBED, Origin.BOTH, Origin.BOTH),
    ],
)
def test_whoever_a_source_brought_has_then_subscribed_as_well(
    gone: Origin, kept: Origin, origin: Origin
) -> None:
    assert merged(replace(OTHER, origin=gone), replace(PLAIN, origin=kept)).origin is origin
