"""A browser without scripts: it opens pages, fills in forms, follows redirects, and complains of pages that not everybody can use."""

import re
from dataclasses import dataclass
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.journeys.readable import problems

_FORM = re.compile(r"<form method=\"post\"(?: action=\"([^\"]*)\")?[^>]*>(.*?)</form>", re.DOTALL)
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')
_LABEL = re.compile(r"<button[^>]*>(.*?)</button>", re.DOTALL)


@dataclass
class Visiting:
    """One browser with its cookies, and the page that it shows."""

    client: httpx.AsyncClient
    shown: httpx.Response | None = None

    @property
    def text(self) -> str:
        """The page."""
        assert self.shown is not None
        return self.shown.text

    @property
    def status(self) -> int:
        """Its status."""
        assert self.shown is not None
        return self.shown.status_code

    @property
    def path(self) -> str:
        """Where it is."""
        assert self.shown is not None
        return self.shown.url.raw_path.decode()

    async def open(self, place: str) -> str:
        """Open a page, and look at it."""
        return await self._show(await self.client.get(place, follow_redirects=True))

    async def press(self, label: str, /, **fields: str) -> str:
        """Fill in the form with this button, and press it."""
        action, hidden = self.form(label)
        sent = await self.client.post(
            action or self.path, data={**hidden, "act": "yes", **fields}, follow_redirects=True
        )
        return await self._show(sent)

    def form(self, label: str) -> tuple[str, dict[str, str]]:
        """Where the form with this button goes, and what it carries unseen."""
        for action, inside in _FORM.findall(self.text):
            if label in [unescape(each) for each in _LABEL.findall(inside)]:
                carried = {unescape(name): unescape(value) for name, value in _HIDDEN.findall(inside)}
                return unescape(action), carried
        raise AssertionError(f"no button {label!r} in {self.text}")

    @property
    def refresh(self) -> str:
        """Where the page goes on by itself."""
        assert self.shown is not None
        return self.shown.headers["refresh"].partition("url=")[2]

    def state(self) -> str:
        """The state that a provider was sent."""
        return parse_qs(urlsplit(self.refresh).query)["state"][0]

    async def _show(self, response: httpx.Response) -> str:
        self.shown = response
        if response.headers.get("content-type", "").startswith("text/html"):
            assert problems(response.text) == [], response.text
            policy = response.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            if "<script" not in response.text:
                assert "script-src" not in policy
        return response.text
