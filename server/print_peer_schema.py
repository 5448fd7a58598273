"""Writes federation/federation.graphql, the printed form of what other list servers can ask, which a test holds."""

from pathlib import Path

from schema.peer_questions import peer_schema

PRINTED = Path(__file__).parent.parent / "federation" / "federation.graphql"


def printed() -> str:
    """The schema as SDL."""
    return peer_schema.as_str() + "\n"


def main() -> None:
    """Write it."""
    PRINTED.write_text(printed(), encoding="utf-8")


if __name__ == "__main__":
    main()
