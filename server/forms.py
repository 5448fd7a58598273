"""Small forms from browsers and mail programs: read within a limit, and proved to come from a page of ours."""

import hashlib
import hmac
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request

from identity.refusal import Refused
from storage.site import Site

LARGEST = 64 * 1024
_PURPOSE = "page proof"


class FormTooLarge(Refused):
    """This form is larger than any of ours."""

    code = "TOO_LARGE"


class NotFromOurPage(Refused):
    """This did not come from the page itself; open the link again and use its buttons."""

    code = "FORBIDDEN"


async def body_of(request: Request) -> bytes:
    """The body of a request; raises FormTooLarge as soon as it is clear."""
    held = bytearray()
    async for piece in request.stream():
        held += piece
        if len(held) > LARGEST:
            raise FormTooLarge
    return bytes(held)


async def fields_of(request: Request) -> dict[str, str]:
    """The fields of a form as browsers send it (application/x-www-form-urlencoded), the first of each name."""
    text = (await body_of(request)).decode("utf-8", "replace")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=50)
    except ValueError:
        raise FormTooLarge from None
    return dict(reversed(pairs))


def proof(site: Site, secret: str, purpose: str) -> str:
    """What a page puts into its form, so that only somebody who saw the page can send it."""
    return hmac.new(site.key(_PURPOSE), f"{purpose} {secret}".encode(), hashlib.sha256).hexdigest()


def require_same_site(request: Request, public_url: str) -> None:
    """Raises NotFromOurPage when the browser says that another site's page sent the form.

    The proof alone does not show it: whoever has a ticket of their own could have a stranger's browser send it, and so
    sign it in as themselves (login CSRF). Our pages send no Referer, so their Origin may be `null`; that is why
    Sec-Fetch-Site is asked first.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise NotFromOurPage
        return
    origin = request.headers.get("origin", "null")
    ours = {request.headers.get("host", "").lower(), urlsplit(public_url).netloc.lower()}
    if origin != "null" and urlsplit(origin).netloc.lower() not in ours:
        raise NotFromOurPage


def require_proof(site: Site, secret: str, purpose: str, given: str) -> None:
    """Raises NotFromOurPage unless `given` is what the page said."""
    if not hmac.compare_digest(proof(site, secret, purpose).encode(), given.encode()):
        raise NotFromOurPage
