"""Secrets that a configuration only points to: in the environment or in a file, never in the database."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

_LARGEST = 64 * 1024


class SecretMissing(Exception):
    """The secret that the configuration points to is not there."""

    code = "SECRET_MISSING"


def _is_reference(text: str) -> str:
    kind, _, rest = text.partition(":")
    if kind not in {"env", "file"} or not rest:
        raise ValueError(
            "point to the secret: env:NAME or file:/PATH; the secret itself does not belong here"
        )
    return text


SecretReference = Annotated[str, AfterValidator(_is_reference)]


def secret_of(reference: str) -> str:
    """The secret behind `env:NAME` or `file:/PATH`, without the line's end; raises SecretMissing, naming the reference."""
    kind, _, rest = reference.partition(":")
    if kind == "env":
        found = os.environ.get(rest, "")
    else:
        try:
            found = Path(rest).read_bytes()[:_LARGEST].decode("utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as problem:
            raise SecretMissing(f"{reference} cannot be read: {type(problem).__name__}") from problem
    if not found:
        raise SecretMissing(f"{reference} is empty or not set")
    return found
