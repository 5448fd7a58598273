"""The bytes of shared documents over HTTP: taken by PUT, given by GET, both behind short-lived signed links."""

from collections.abc import AsyncIterator, Mapping
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from identity.refusal import Conflict, Invalid, NotFound, Refused
from lists.documents import links, uploads
from lists.documents.access import NoSuchDocument
from lists.documents.bundle import zipped
from lists.documents.links import LinkKind
from lists.documents.tree import Folder
from storage.database import Database
from storage.document_contents import chunks
from storage.tables.documents import Document

# Whatever a file is, no browser shows it as a page of ours.
_GUARD = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
    "X-Robots-Tag": "noindex",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_STATUS: Mapping[type[Refused], int] = {NotFound: 404, Conflict: 409, Invalid: 400, uploads.TooLarge: 413}


def document_routes(db: Database) -> list[BaseRoute]:
    """`/documents/{token}`: GET for a file or a zip, PUT for the bytes of an upload."""

    async def fetch(request: Request) -> Response:
        try:
            link = links.read(db.site, request.path_params["token"])
            async with db.read() as reader:
                if link.kind is LinkKind.PENDING:
                    return _file(db, request, await links.followed_to_pending(reader, link))
                if link.kind is LinkKind.UPLOAD:
                    raise NoSuchDocument
                item = await links.followed(reader, link)
        except Refused as refused:
            return _refusal(refused)
        if isinstance(item, Folder):
            return _zip(db, request, item)
        if item.row is None:
            return _refusal(NoSuchDocument())
        return _file(db, request, item.row)

    async def take(request: Request) -> Response:
        try:
            link = links.read(db.site, request.path_params["token"])
            if link.kind is not LinkKind.UPLOAD:
                raise NoSuchDocument
            await uploads.receive(db, link.key, request.stream())
        except Refused as refused:
            return _refusal(refused)
        except ClientDisconnect:
            # Nobody is there to read an answer; the transfer can be begun anew.
            return Response(status_code=400)
        return Response(status_code=204)

    return [
        Route("/documents/{token}", fetch, methods=["GET"]),
        Route("/documents/{token}", take, methods=["PUT"]),
    ]


def disposition(name: str) -> str:
    """The field value that saves a file under a name of any script (RFC 6266, RFC 8187).

    Names hold no quotes or backslashes; programs that know no `filename*` see underscores for what is not ASCII.
    """
    plain = "".join(each if each.isascii() and each.isprintable() and each != "%" else "_" for each in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _file(db: Database, request: Request, row: Document) -> Response:
    headers = {
        **_GUARD,
        "Content-Disposition": disposition(row.name),
        "Content-Length": str(row.size),
        "ETag": f'"{row.sha256}"',
    }
    content = (
        _nothing()
        if request.method == "HEAD" or row.content_id is None
        else chunks(db, row.content_id, row.size)
    )
    return StreamingResponse(content, headers=headers, media_type=row.media_type)


def _zip(db: Database, request: Request, folder: Folder) -> Response:
    headers = {**_GUARD, "Content-Disposition": disposition(f"{folder.name}.zip")}
    content = _nothing() if request.method == "HEAD" else zipped(db, folder)
    return StreamingResponse(content, headers=headers, media_type="application/zip")


async def _nothing() -> AsyncIterator[bytes]:
    yield b""


def _refusal(refused: Refused) -> Response:
    status = next((code for kind, code in _STATUS.items() if isinstance(refused, kind)), 403)
    message = NoSuchDocument().message if status == 404 else refused.message
    return PlainTextResponse(f"{message}\n", status_code=status, headers=_GUARD)
