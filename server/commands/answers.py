"""How a command answers: in words for people, or as JSON for programs, on stdout."""

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import orjson
import typer

AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


def tell(value: Any, text: str, *, as_json: bool) -> None:
    """Answer: `value` as JSON, or `text`."""
    answer = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() if as_json else text
    sys.stdout.write(answer + "\n" if answer else "")


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows in columns as wide as they need to be."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)] if rows else []
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
