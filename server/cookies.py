"""The cookie that keeps a browser signed in."""

from starlette.responses import Response

from server.asking import BROWSER_COOKIE, COOKIE
from storage.site import Site


def set_session_cookie(response: Response, site: Site, token: str, *, is_secure: bool) -> None:
    """Give the browser its session: for this site alone, out of reach of scripts, over TLS where there is TLS."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=site.session_lifetime // 1_000_000,
        path="/",
        secure=is_secure or site.public_url.startswith("https://"),
        httponly=True,
        samesite="lax",
    )


def set_browser_cookie(response: Response, site: Site, word: str, *, is_secure: bool) -> None:
    """Give the browser the word that tells it from others, until it is closed."""
    response.set_cookie(
        BROWSER_COOKIE,
        word,
        path="/",
        secure=is_secure or site.public_url.startswith("https://"),
        httponly=True,
        samesite="lax",
    )
