"""One press to leave a list (RFC 8058): the mail program's POST acts at once, a person's GET shows a button."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from lists.one_click import unsubscribe_one_click
from server.forms import FormTooLarge, body_of
from server.html import fill, notice, page
from storage.database import Database

_DONE = "You are not subscribed any more; no further mail of this list will be sent to this address."
_NO_STORE = {"Cache-Control": "no-store"}


def one_click_routes(db: Database) -> list[BaseRoute]:
    """`/u/{token}`; whether a token was ever good shows in no answer."""

    async def show(_: Request) -> Response:
        return page(
            "Leave this list",
            fill("paragraph", text="Press the button, and no further mail of this list will reach you."),
            fill("one_click"),
        )

    async def act(request: Request) -> Response:
        try:
            body = await body_of(request)
        except FormTooLarge as refused:
            return PlainTextResponse(f"{refused.message}\n", status_code=413, headers=_NO_STORE)
        if not _says_one_click(body):
            text = "Send List-Unsubscribe=One-Click in the body of the request (RFC 8058).\n"
            return PlainTextResponse(text, status_code=400, headers=_NO_STORE)
        async with db.write() as uow:
            await unsubscribe_one_click(uow, request.path_params["token"])
        if "text/html" in request.headers.get("accept", ""):
            return notice("Done", _DONE)
        return PlainTextResponse(f"{_DONE}\n", headers=_NO_STORE)

    return [
        Route("/u/{token}", show, methods=["GET"]),
        Route("/u/{token}", act, methods=["POST"]),
    ]


def _says_one_click(body: bytes) -> bool:
    # Sent as a URL-encoded form or as multipart/form-data (RFC 8058, section 3.2).
    return b"List-Unsubscribe" in body and b"One-Click" in body
