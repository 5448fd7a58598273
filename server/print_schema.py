"""Writes schema/schema.graphql, the printed form of the API that reviewers read and a test holds."""

from pathlib import Path

from schema.schema import schema

PRINTED = Path(__file__).parent.parent / "schema" / "schema.graphql"


def printed() -> str:
    """The schema as SDL."""
    return schema.as_str() + "\n"


def main() -> None:
    """Write it."""
    PRINTED.write_text(printed(), encoding="utf-8")


if __name__ == "__main__":
    main()
