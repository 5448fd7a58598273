"""Documents that clients name by their hash: read at start from what their build tools wrote."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import orjson

from server.graphql.errors import RequestRefused

_ID = re.compile(r"sha256:[0-9a-f]{64}")


class PersistedUnusable(Exception):
    """A file of persisted documents must hold one JSON object from `sha256:…` to document texts."""

    code = "persisted_unusable"


class PersistedDocuments:
    """Documents by `sha256:` and the hexadecimal hash of their text."""

    def __init__(self, documents: Mapping[str, str] | None = None) -> None:
        self._documents = dict(documents or {})

    @classmethod
    def from_folder(cls, folder: Path) -> "PersistedDocuments":
        """Every `*.json` of a folder, each as code generators write them; raises PersistedUnusable."""
        found: dict[str, str] = {}
        for path in sorted(folder.glob("*.json")):
            try:
                held = orjson.loads(path.read_bytes())
            except orjson.JSONDecodeError as problem:
                raise PersistedUnusable(f"{path} is not JSON: {problem}.") from problem
            if not isinstance(held, dict) or not all(isinstance(text, str) for text in held.values()):
                raise PersistedUnusable(f"{path}: {PersistedUnusable.__doc__}")
            found |= {key if ":" in key else f"sha256:{key}": text for key, text in held.items()}
        return cls(found)

    @classmethod
    def of(cls, *texts: str) -> "PersistedDocuments":
        """These texts under their hashes."""
        return cls({f"sha256:{hashlib.sha256(text.encode()).hexdigest()}": text for text in texts})

    def text(self, document_id: str) -> str:
        """The document of an id; raises RequestRefused when it is malformed or unknown."""
        if not _ID.fullmatch(document_id):
            raise RequestRefused(
                "BAD_USER_INPUT", "A documentId has the form sha256:<64 hexadecimal digits>."
            )
        found = self._documents.get(document_id)
        if found is None:
            raise RequestRefused(
                "PERSISTED_DOCUMENT_NOT_FOUND", "There is no document with this id here.", status=404
            )
        return found
