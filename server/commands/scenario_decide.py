"""`postroom scenario decide`: questions as JSON lines on stdin, one answer each on stdout, for as long as they come."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import Annotated, BinaryIO

import orjson
import typer

from scenarios.batch import answer, bad_input
from scenarios.dialect import Dialect

Compat = Annotated[
    Dialect | None,
    typer.Option(help="Whose reading holds where a question does not say it: sympa or postroom."),
]


Json = Annotated[bool, typer.Option("--json", help="Answer as JSON, which it always does.")]


def decide(compat: Compat = None, *, as_json: Json = True) -> None:
    """Answer questions to scenarios, one JSON object a line, as docs/reference/scenario-decide.md describes them.

    A line that is no question is answered, too; nothing ends it but the end of its input.
    """
    try:
        for said in answers(sys.stdin.buffer, compat or Dialect.POSTROOM):
            _say(sys.stdout.buffer, said)
    except BrokenPipeError:
        # Nobody reads on; leaving stdout open would complain once more at the exit.
        sys.stderr.close()


def answers(lines: Iterable[bytes], dialect: Dialect) -> Iterator[bytes]:
    """The answer to each line that is not blank, with its line break."""
    for line in lines:
        if line.strip():
            yield _answered(line, dialect)


def _answered(line: bytes, dialect: Dialect) -> bytes:
    try:
        given = orjson.loads(line)
    except orjson.JSONDecodeError as wrong:
        return _written(bad_input(f"this is not JSON: {wrong}"), None)
    said = answer(given, dialect=dialect, now=int(time.time()))
    return _written(said, given.get("id") if isinstance(given, dict) else None)


def _written(said: dict[str, object], number: object) -> bytes:
    told = said if number is None else {**said, "id": number}
    return orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)


def _say(out: BinaryIO, said: bytes) -> None:
    # Whoever asks through a pipe waits for this answer before the next question.
    out.write(said)
    out.flush()
