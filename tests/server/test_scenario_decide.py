"""`postroom scenario decide`: one answer a line, at once, whatever the line."""

import json
import subprocess
import sys
from pathlib import Path

from scenarios.dialect import Dialect
from server.commands.scenario_decide import answers

QUESTION = {
    "text": "title x\nis_subscriber([listname],[sender]) smtp -> do_it",
    "operation": "send",
    "method": "smtp",
    "context": {"sender": "a@x.example", "listname": "staff", "domain": "lists.example"},
    "facts": {"subscribers": ["a@x.example"]},
}
ROOT = Path(__file__).parents[2]


def test_each_line_is_answered_in_its_place_and_blank_ones_are_not() -> None:
    good = json.dumps({**QUESTION, "id": 7}).encode()
    lines = [good, b"\n", b"nonsense", b"\xff\xfe", b"[" * 100_000, b'{"operation":"send"}', good]
    said = [json.loads(line) for line in answers(lines, Dialect.POSTROOM)]
    assert [each["action"] for each in said] == ["do_it", "reject", "reject", "reject", "reject", "do_it"]
    assert [each["reason"] for each in said[1:5]] == ["bad-input"] * 4
    assert said[0]["id"] == 7


def test_an_answer_comes_before_the_next_question_is_asked() -> None:
    command = [sys.executable, "-m", "server.cli", "scenario", "decide", "--compat", "sympa"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for sender, action in (("a@x.example", "do_it"), ("b@x.example", "reject")):
            context = {**QUESTION["context"], "sender": sender}  # type: ignore[dict-item]
            process.stdin.write(json.dumps({**QUESTION, "context": context}).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["action"] == action
        process.stdin.close()
        assert process.wait(20) == 0
