"""Lists and their archives for reading in a browser, as far as the list's scenarios let the asker see them."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from identity.actor import Actor
from identity.refusal import Invalid, Refused
from lists import archive
from lists.authorize import authorize
from lists.mailing_lists import visible_list
from lists.mails import part_address
from lists.reading import hides_addresses
from mail.encoded_words import decoded
from server.asking import Asking, TokenUnknown
from server.html import Markup, fill, joined, notice, page
from server.message_view import message_view, when
from storage.database import Database, Reader
from storage.keyset import Window
from storage.tables.lists import MailingList
from storage.tables.mail import StoredMessage

PAGE = 50
_HIDDEN = "There is nothing here that you may see. Perhaps you need to sign in first."

Show = Callable[[Reader, Actor, MailingList, Request], Awaitable[Response]]


def archive_routes(db: Database) -> list[BaseRoute]:
    """`/lists/{name}`, its archive, one message, and its bytes; what is hidden is answered like what is not there."""
    asking = Asking(db)

    def route(path: str, show: Show) -> Route:
        async def answer(request: Request) -> Response:
            try:
                actor = (await asking.asked(request)).actor
                address = f"{request.path_params['name']}@{actor.robot.domain}"
                async with db.read() as reader:
                    mlist = await visible_list(reader, actor, address)
                    return await show(reader, actor, mlist, request)
            except (Refused, TokenUnknown):
                return notice("Nothing here", _HIDDEN, status=404)

        return Route(path, answer, methods=["GET"])

    return [
        route("/lists/{name}", show_list),
        route("/lists/{name}/archive", show_archive),
        route("/lists/{name}/archive/{key}", show_message),
        route("/lists/{name}/archive/{key}/raw", show_raw),
    ]


async def show_list(reader: Reader, actor: Actor, mlist: MailingList, _: Request) -> Response:
    """What a list is about and how to join it."""
    may_know = (await authorize(reader, actor, "info", mlist=mlist)).action == "do_it"
    texts = [mlist.subject, mlist.description] if may_know else []
    texts.append(f"To join, write to {part_address(mlist, 'subscribe')}.")
    texts.append(f"To reach the owners, write to {part_address(mlist, 'owner')}.")
    parts = [fill("paragraph", text=text) for text in texts if text]
    if (await authorize(reader, actor, "archive_web_access", mlist=mlist, record=False)).action == "do_it":
        parts.append(fill("link", href=f"/lists/{mlist.name}/archive", text="Archive"))
    return page(mlist.address, *parts)


async def show_archive(reader: Reader, actor: Actor, mlist: MailingList, request: Request) -> Response:
    """The messages of a list, latest first, fifty to a page."""
    window = Window(PAGE, after=_place(request.query_params.get("after", "")))
    found = await archive.messages(reader, actor, mlist, window)
    parts = [fill("entries", entries=joined(*(_entry(mlist, message) for message in found.rows)))]
    if not found.rows:
        parts = [fill("paragraph", text="There are no messages here.")]
    if found.has_more:
        last = found.rows[-1]
        older = f"/lists/{mlist.name}/archive?after={last.archived_at}-{last.id}"
        parts.append(fill("link", href=older, text="Older messages"))
    return page(f"Archive of {mlist.address}", *parts)


async def show_message(reader: Reader, actor: Actor, mlist: MailingList, request: Request) -> Response:
    """One message, as plain text."""
    message = await archive.message_by_key(reader, actor, mlist, request.path_params["key"])
    raw = await archive.raw_message(reader, actor, mlist, message)
    back = f"/lists/{mlist.name}/archive"
    links = [fill("link", href=back, text=f"Archive of {mlist.address}")]
    if not hides_addresses(actor):
        href = f"{back}/{message.archive_key}/raw"
        links.insert(0, fill("link", href=href, text="The message as it came"))
    return page(
        decoded(message.subject) or "(no subject)",
        message_view(raw, message.received_at, with_address=not hides_addresses(actor)),
        *links,
    )


async def show_raw(reader: Reader, actor: Actor, mlist: MailingList, request: Request) -> Response:
    """The bytes of one message, as a file that no browser renders; not for strangers, since they hold addresses."""
    if hides_addresses(actor):
        raise archive.NoSuchMessage
    message = await archive.message_by_key(reader, actor, mlist, request.path_params["key"])
    raw = await archive.raw_message(reader, actor, mlist, message)
    name = f"{mlist.name}-{message.archive_key}.eml"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(raw, headers=headers, media_type="application/octet-stream")


def _entry(mlist: MailingList, message: StoredMessage) -> Markup:
    return fill(
        "entry",
        href=f"/lists/{mlist.name}/archive/{message.archive_key}",
        subject=decoded(message.subject) or "(no subject)",
        sender=message.author.partition("@")[0],
        received=when(message.received_at),
    )


def _place(text: str) -> tuple[int, int] | None:
    at, dash, number = text.partition("-")
    if not text:
        return None
    if not (
        dash and at.isascii() and at.isdigit() and number.isascii() and number.isdigit() and len(text) < 40
    ):
        raise Invalid
    return int(at), int(number)
