"""A scenario once read: titles, rules, and what each rule is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scenarios.dialect import Dialect

METHODS = frozenset({"smtp", "dkim", "md5", "pgp", "smime"})


@dataclass(frozen=True, slots=True)
class Variable:
    """`[name]`, `[record->name]` or `[record->name][index]`."""

    record: str | None
    name: str
    index: int | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A constant, quoted or not."""

    value: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression as written between its slashes; `compiled` is what it was checked with."""

    source: str
    compiled: object = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class NamedFilter:
    """The file name of a named filter, ending in `.txt`, `.sql` or `.ldap`."""

    name: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One term with its arguments, `negated` where `!` stands before it; `text` is what was written."""

    negated: bool
    term: str
    args: tuple[Argument, ...]
    text: str

    @property
    def iterates(self) -> bool:
        """Whether the condition ranges over the addresses of the person (row 127)."""
        return any(
            isinstance(arg, Variable) and (arg.record, arg.name) == ("user", "email") for arg in self.args
        )


Argument = Variable | Text | Pattern | NamedFilter | Condition


@dataclass(frozen=True, slots=True)
class Action:
    """What follows the arrow: `argument` is "[email]" for `request_auth([email])`, else None."""

    base: str
    argument: str | None = None
    reason: str | None = None
    template: str | None = None
    quiet: bool = False
    notify: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of law; `line` counts from 1 and `source` is the line without its comment.

    `origin` names the text that the line stands in: "" the scenario itself, else `include.NAME` or `blocklist`.
    """

    line: int
    source: str
    condition: Condition
    methods: frozenset[str]
    action: Action
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Include:
    """A line that stands for the rules of `include.<name>`, to be put before rule number `before` (from 0)."""

    line: int
    name: str
    before: int
    column: int = 1


@dataclass(frozen=True, slots=True)
class Scenario:
    """A policy for one operation; `titles` by language tag in lower case, or `default`, or `gettext`.

    `includes` is empty once the scenario is put together; `dialect` is how its text was read.
    """

    operation: str
    name: str
    titles: Mapping[str, str]
    rules: tuple[Rule, ...]
    includes: tuple[Include, ...]
    text_hash: str
    dialect: Dialect = Dialect.POSTROOM
    # What the rules come down to, made at the first decision and kept by scenarios.program.
    program: object = field(default=None, init=False, compare=False, repr=False)

    def title(self, language: str) -> str:
        """The title for a menu: in that language, in its base language, to be translated, default, or the name."""
        tag = language.replace("_", "-").lower()
        for key in (tag, tag.partition("-")[0], "gettext", "default"):
            if key in self.titles:
                return self.titles[key]
        return self.name

    @property
    def purely_closed(self) -> bool:
        """Whether nobody can ever be let through, so that a menu may say so."""
        return not self.includes and all(
            rule.condition.term in {"true", "all"}
            and not rule.condition.negated
            and rule.action.base == "reject"
            for rule in self.rules
        )
