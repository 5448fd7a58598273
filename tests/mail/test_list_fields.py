"""List fields: only what is true, in a form that no name can break."""

import pytest

from mail.address import BadAddress
from mail.fields import Field, make_field
from mail.list_fields import FOREIGN_LIST_FIELDS, archived_at, list_fields, list_id, mailto
from mail.message import parse_message, with_fields


def bodies(fields: list[Field]) -> dict[str, str]:
    """The fields by name."""
    return {field.name: field.body for field in fields}


def test_a_list_says_what_it_is_and_how_to_leave_it() -> None:
    fields = list_fields(
        list_name="welcome",
        domain="lists.example.org",
        label="Welcome, all",
        archive_url="https://lists.example.org/lists/welcome/archive",
        unsubscribe_url="https://lists.example.org/u/abc",
        unsubscribe_address="welcome-unsubscribe@lists.example.org",
        one_click=True,
        subscribe_address="welcome-subscribe@lists.example.org",
        owner_address="welcome-owner@lists.example.org",
        help_address="welcome-request@lists.example.org",
    )
    assert bodies(fields) == {
        "List-Id": '"Welcome, all" <welcome.lists.example.org>',
        "List-Post": "<mailto:welcome@lists.example.org>",
        "List-Help": "<mailto:welcome-request@lists.example.org?subject=help>",
        "List-Subscribe": "<mailto:welcome-subscribe@lists.example.org>",
        "List-Unsubscribe": "<https://lists.example.org/u/abc>, <mailto:welcome-unsubscribe@lists.example.org>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Owner": "<mailto:welcome-owner@lists.example.org>",
        "List-Archive": "<https://lists.example.org/lists/welcome/archive>",
    }


def test_what_is_not_offered_is_not_claimed() -> None:
    fields = list_fields(list_name="announce", domain="example.org", may_post=False, one_click=True)
    assert bodies(fields) == {"List-Id": "<announce.example.org>", "List-Post": "NO"}


@pytest.mark.parametrize(
    "label", ["Grüße <evil.example.org>", 'a" <evil.example.org> "', "日本語\r\nX-Evil: yes"]
)
def test_a_label_cannot_name_another_list(label: str) -> None:
    field = list_fields(list_name="l", domain="example.org", label=label)[0]
    assert field.raw.isascii()
    assert field.unfolded.endswith(" <l.example.org>")
    assert field.unfolded.count("<evil") <= field.unfolded.count('"') // 2
    assert b"\r\nX-Evil" not in field.raw


def test_a_list_id_is_ascii_and_lower_case() -> None:
    assert list_id("News", "Lists.Example.ORG") == "news.lists.example.org"
    for name in ("", "a b", "a@b", "größe", '"x y"'):
        with pytest.raises(BadAddress):
            list_id(name, "example.org")


def test_a_uri_cannot_end_early() -> None:
    assert archived_at("https://example.org/a>b c").body == "<https://example.org/a%3Eb%20c>"
    assert mailto("a+b?c@example.org", "sign off") == "mailto:a%2Bb%3Fc@example.org?subject=sign%20off"


def test_a_cross_post_loses_the_other_list() -> None:
    raw = (
        b"List-Id: <other.example.net>\r\nLIST-UNSUBSCRIBE: <https://other.example.net/>\r\nPrecedence: list\r\n"
        b"Archived-At: <https://other.example.net/1>\r\nX-Loop: other.example.net\r\nSender: s@example.net\r\n\r\nbody"
    )
    cleaned = with_fields(
        parse_message(raw), remove=FOREIGN_LIST_FIELDS, prepend=[make_field("List-Id", "<l.example.org>")]
    )
    assert (
        cleaned
        == b"List-Id: <l.example.org>\r\nX-Loop: other.example.net\r\nSender: s@example.net\r\n\r\nbody"
    )
    assert all(name == name.lower() for name in FOREIGN_LIST_FIELDS)
