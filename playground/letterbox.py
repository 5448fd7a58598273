"""The mailbox in the browser: a page that shows who received what, and the same as JSON for scripts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from playground.letter import decoded, readable
from playground.mailbox import Mailbox, MailboxItem
from playground.pages import answer, page, render
from server.html import Markup

SHOWN = 200


def mailbox_routes(mailbox: Mailbox, nav: Markup) -> list[BaseRoute]:
    """The mailbox page, `mailbox.json` (all of a recipient, newest last) and the two short forms the page polls."""

    async def show(_: Request) -> Response:
        return page("Mailbox", nav, render("mailbox"), script="mailbox.js")

    async def as_json(request: Request) -> Response:
        items = mailbox.messages(request.query_params.get("to") or None)
        # Decoding thousands of messages takes seconds; the server has other work to do meanwhile.
        return await run_in_threadpool(_all, items)

    async def newest(request: Request) -> Response:
        items = mailbox.messages(request.query_params.get("to") or None)
        recipients = sorted({item.to.casefold() for item in mailbox.messages()})
        return await run_in_threadpool(_newest, items, recipients)

    async def one(request: Request) -> Response:
        item = mailbox.message(request.path_params["number"])
        if item is None:
            return answer({"message": "There is no such message any more."}, status=404)
        return answer(_item(item) | {"raw": readable(item.raw)} | decoded(item.raw))

    return [
        Route("/playground/mailbox", show),
        Route("/playground/mailbox.json", as_json),
        Route("/playground/mailbox/newest.json", newest),
        Route("/playground/mailbox/{number:int}.json", one),
    ]


def _all(items: list[MailboxItem]) -> Response:
    return answer([_item(item) | {"raw": readable(item.raw)} for item in items])


def _newest(items: list[MailboxItem], recipients: list[str]) -> Response:
    shown = [_item(item) | {"number": item.number} for item in reversed(items[-SHOWN:])]
    return answer({"total": len(items), "items": shown, "recipients": recipients[:SHOWN]})


def _item(item: MailboxItem) -> dict[str, Any]:
    received = datetime.fromtimestamp(item.received_at / 1_000_000, UTC)
    return {
        "to": item.to,
        "from": item.sender,
        "subject": item.subject,
        "received_at": received.isoformat(timespec="microseconds").replace("+00:00", "Z"),
    }
