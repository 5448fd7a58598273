"""What can be wrong with a scenario, said with the line and the column where it is wrong."""

from __future__ import annotations


class MalformedScenario(Exception):
    """The scenario text is not valid, so everything it governs is refused; correct it at the line named.

    Arguments: `reason` is one sentence; `line` and `column` count from 1 in the text as it was given; `source` names
    the text: "" for the scenario itself, else `include.NAME`; `verdict` is the reason of the refusal where this is
    decided as Sympa does.
    """

    code = "SCENARIO_MALFORMED"

    def __init__(
        self, reason: str, *, line: int, column: int, source: str = "", verdict: str = "not-compiled"
    ) -> None:
        place = f"{source}, line {line}" if source else f"line {line}"
        super().__init__(f"{place}, column {column}: {reason}")
        self.reason = reason
        self.line = line
        self.column = column
        self.source = source
        self.verdict = verdict
