"""The documents of one list through the API, as one person meets them."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from identity.actor import operator
from lists import mailing_lists
from tests.journeys.hostile_world import Hostile

TALK = "talk@lists.example.test"
TOP = """query ($a: EmailAddress!) { mailingList(address: $a) { id documents {
  id name path viewerCanEdit header headerHtml footerHtml zipUrl
  children(first: 50) { totalCount edges { node { id name path __typename
    ... on SharedFile { size contentType sha256 author downloadUrl } } } } } } }"""
ITEM = """query ($a: EmailAddress!, $p: String!) { mailingList(address: $a) { document(path: $p) {
  id name path __typename viewerCanEdit parent { name }
  access { isInherited isOverruled isBinding ownRead ownEdit inheritedFrom { name } read { name } edit { name } }
  ... on SharedFile { size downloadUrl author }
  ... on SharedFolder { header headerHtml zipUrl removed { itemId name removedAt expiresAt }
    children(first: 50) { edges { node { name } } } tree(depth: 30) { path } } } } }"""
FOUND = """query ($a: EmailAddress!, $part: String!) { mailingList(address: $a) { documents {
  children(recursive: true, nameContains: $part, first: 50) { edges { node { path } } } } } }"""


@dataclass
class Shelf:
    """The documents of one list, as one person meets them."""

    hostile: Hostile
    token: str | None
    address: str = TALK

    async def top(self) -> Any:
        """The list's own folder; None where it is closed."""
        answer = await self.hostile.ask(TOP, self.token, a=self.address)
        return (answer["data"]["mailingList"] or {}).get("documents")

    async def at(self, path: str) -> Any:
        """What lies at a path; None for nothing."""
        answer = await self.hostile.ask(ITEM, self.token, a=self.address, p=path)
        return answer["data"]["mailingList"]["document"]

    async def id(self, path: str = "") -> str:
        """The id of what lies at a path."""
        found: str = (await self.at(path))["id"] if path else (await self.top())["id"]
        return found

    async def names(self, path: str = "") -> list[str]:
        """What lies in a folder."""
        folder = await self.at(path) if path else await self.top()
        return [edge["node"]["name"] for edge in folder["children"]["edges"]]

    async def found(self, part: str) -> list[str]:
        """The paths of what has this in its name."""
        answer = await self.hostile.ask(FOUND, self.token, a=self.address, part=part)
        page = answer["data"]["mailingList"]["documents"]["children"]
        return [edge["node"]["path"] for edge in page["edges"]]

    async def do(self, mutation: str, answer: str = "", /, **input: Any) -> dict[str, Any]:
        """A mutation's payload."""
        return await self.hostile.do(mutation, self.token, input, answer)

    async def folder(self, name: str, parent: str = "") -> str:
        """Make a folder; its id."""
        made = await self.do("sharedFolderCreate", "folder { id }", parentId=await self.id(parent), name=name)
        assert made["userErrors"] == [], made
        found: str = made["folder"]["id"]
        return found

    async def upload(self, data: bytes, parent: str = "", kind: str = "text/plain") -> tuple[str, int]:
        """The id of an upload, and how its bytes were taken."""
        made = await self.do(
            "uploadCreate",
            "upload { id url maxSize headers { name value } }",
            parentId=await self.id(parent),
            filename="x",
            contentType=kind,
            size=str(len(data)),
            purpose="SHARED_DOCUMENT",
        )
        assert made["userErrors"] == [], made
        taken = await send(self.hostile, made["upload"]["url"], data)
        return made["upload"]["id"], taken.status_code

    async def put(
        self,
        name: str,
        data: bytes = b"hello",
        parent: str = "",
        *,
        replace: bool = False,
        kind: str = "text/plain",
    ) -> dict[str, Any]:
        """Upload a file and give it a name; the payload."""
        upload, status = await self.upload(data, parent, kind)
        assert status == 204
        return await self.do(
            "sharedFileCreate",
            "file { id name path downloadUrl } decision { verdict }",
            parentId=await self.id(parent),
            name=name,
            uploadId=upload,
            isReplacement=replace,
        )

    async def rules(self, path: str, **input: Any) -> dict[str, Any]:
        """Set the rules of an item."""
        inherited = "read" not in input and "edit" not in input
        answer = await self.do("sharedAccessSet", itemId=await self.id(path), isInherited=inherited, **input)
        assert answer["userErrors"] == [], answer
        return answer

    async def refused(self, mutation: str, /, **input: Any) -> list[str]:
        """The codes with which a mutation is refused."""
        return [each["code"] for each in (await self.do(mutation, **input))["userErrors"]]


async def get(hostile: Hostile, url: str, method: str = "GET") -> httpx.Response:
    """What lies behind a link, for anybody who has it."""
    return await hostile.browser.request(method, urlsplit(url).path)


async def send(hostile: Hostile, url: str, data: bytes) -> httpx.Response:
    """Send the bytes of an upload."""
    return await hostile.browser.put(urlsplit(url).path, content=data)


async def settings(hostile: Hostile, **changes: object) -> None:
    """Change settings of the list."""
    async with hostile.world.db.write() as uow:
        await mailing_lists.update_settings(uow, operator(hostile.world.robot), hostile.talk, changes)
