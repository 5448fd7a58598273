"""The fields by which a list says what it is and how to leave it (RFC 2369, 2919, 5064, 8058)."""

from urllib.parse import quote

from mail import encoded_words
from mail.address import BadAddress, parse_address
from mail.fields import Field, make_field

FOREIGN_LIST_FIELDS = frozenset(
    {
        # what another list said of itself: a reader's buttons must act on ours
        "list-id",
        "list-help",
        "list-unsubscribe",
        "list-unsubscribe-post",
        "list-subscribe",
        "list-post",
        "list-owner",
        "list-archive",
        "list-url",
        "list-software",
        "archived-at",
        "mailing-list",
        "x-mailing-list",
        "x-list-administrivia",
        "x-mailman-version",
        # where and how its failures went, which is ours to say now
        "errors-to",
        "x-errors-to",
        "precedence",
        "return-path",
        # what each subscriber's mailbox must not send the author
        "return-receipt-to",
        "disposition-notification-to",
        "x-confirm-reading-to",
    }
)
"""Lower-case names of the fields that a list takes away before it adds its own.

Not among them: Sender, which is part of who wrote; X-Loop, X-BeenThere and Received, by which other lists stop loops;
X-No-Archive, which is the author's wish.
"""

ONE_CLICK_BODY = "List-Unsubscribe=One-Click"


def list_id(list_name: str, domain: str) -> str:
    """Return the list identifier without brackets, `name.example.org`, in lower case (RFC 2919 section 2).

    Raises BadAddress for a name that no list address could have.
    """
    address = parse_address(f"{list_name}@{domain}")
    if not address.local.isascii() or str(address).startswith('"'):
        raise BadAddress("The name of a list holds ASCII letters, digits and a few signs only.")
    return f"{address.local.lower()}.{address.domain}"


def mailto(address: str, subject: str = "") -> str:
    """Return the mailto URI of an address (RFC 6068); raises BadAddress."""
    parsed = parse_address(address)
    local = str(parsed).rpartition("@")[0]
    return f"mailto:{quote(local, safe='')}@{parsed.domain}" + (
        f"?subject={quote(subject)}" if subject else ""
    )


def list_fields(
    *,
    list_name: str,
    domain: str,
    label: str = "",
    may_post: bool = True,
    archive_url: str | None = None,
    unsubscribe_url: str | None = None,
    unsubscribe_address: str | None = None,
    one_click: bool = False,
    subscribe_url: str | None = None,
    subscribe_address: str | None = None,
    owner_address: str | None = None,
    help_url: str | None = None,
    help_address: str | None = None,
) -> list[Field]:
    """Return the fields a list adds to each of its posts; what is None is not claimed.

    `label` is the human name in List-Id. `may_post` False says `List-Post: NO`. `one_click` adds List-Unsubscribe-Post,
    and with it the promise that a POST to `unsubscribe_url` alone unsubscribes this very recipient; without that URL
    nothing is promised (RFC 8058 section 3.1, which also wants https outside of a test). Archived-At belongs to one
    message, see `archived_at`. Raises BadAddress or UnsafeField.
    """
    identifier = f"<{list_id(list_name, domain)}>"
    fields = [make_field("List-Id", f"{_phrase(label)} {identifier}" if label.strip() else identifier)]
    post = _links(None, f"{list_name}@{domain}") if may_post else "NO"
    for name, value in (
        ("List-Post", post),
        ("List-Help", _links(help_url, help_address, "help")),
        ("List-Subscribe", _links(subscribe_url, subscribe_address)),
        ("List-Unsubscribe", _links(unsubscribe_url, unsubscribe_address)),
        ("List-Unsubscribe-Post", ONE_CLICK_BODY if one_click and unsubscribe_url else ""),
        ("List-Owner", _links(None, owner_address)),
        ("List-Archive", _links(archive_url, None)),
    ):
        if value:
            fields.append(make_field(name, value))
    return fields


def archived_at(permalink: str) -> Field:
    """Return the field that says where this one message is kept (RFC 5064)."""
    return make_field("Archived-At", _link(permalink))


def _links(url: str | None, address: str | None, subject: str = "") -> str:
    links = [_link(url)] if url else []
    if address:
        links.append(f"<{mailto(address, subject)}>")
    return ", ".join(links)


def _link(url: str) -> str:
    """Bracket a URL, with everything encoded that could end it early (RFC 2369 section 2)."""
    return f"<{quote(url.strip(), safe=_URL_SAFE)}>"


_URL_SAFE = "!#$%&'()*+/:;=?@[]~-._"


def _phrase(label: str) -> str:
    text = " ".join(label.split())
    if not text.isascii():
        return " ".join(encoded_words.encoded(text))
    if text.replace(" ", "").isalnum():
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
