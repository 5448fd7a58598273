"""Templates of headers, footers and bodies: read by Jinja's parser, allowed by our own short list, then run in its sandbox.

What a template may do is decided before it is accepted, by looking at its tree: variables that are known, `if`,
comparisons of texts and a few filters. There is no loop, no call and no arithmetic, so it ends at once and what it writes
is about as long as what it was given. At run time no object is reachable: each variable is one text (row 55).
"""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.sandbox import SandboxedEnvironment
from jinja2.visitor import NodeTransformer

from lists.template_words import ATTRIBUTES, WORDS, About, Word, word_of

LONGEST_SETTING = 20_000
LONGEST_BODY = 500_000
_MOST_STEPS = 2_000
_DEEPEST = 20
_LONGEST_TEXT = 500
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f\u2028\u2029]")
_SIGNATURE = re.compile(r"^--$", re.MULTILINE)
_UNQUOTED = re.compile(r"""<[^<>"']*(?:"[^"]*"[^<>"']*|'[^']*'[^<>"']*)*$""")
_SCRIPT = re.compile(r"<(/?)(?:script|style)\b", re.IGNORECASE)
_LOOK_BACK = 2_000
# A list's own header and footer, where a post that is a template takes them in.
ADDED_HEADER, ADDED_FOOTER = "added.header", "added.footer"
_ADDED = frozenset({ADDED_HEADER, ADDED_FOOTER})


class Form(Enum):
    """What a template writes: plain text, HTML that it holds itself, or HTML made from its plain text."""

    PLAIN = "plain"
    HTML = "html"
    AS_HTML = "as_html"


class BadTemplate(ValueError):
    """What is wrong with a template, in which line, and what would be right."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(f"a template that can be read; in line {line}, {sentence}")
        self.line = line
        self.sentence = sentence


FILTERS: dict[str, Callable[..., str]] = {
    "upper": lambda text: text.upper(),
    "lower": lambda text: text.lower(),
    "title": lambda text: text.title(),
    "capitalize": lambda text: text.capitalize(),
    "trim": lambda text: text.strip(),
    "default": lambda text, otherwise: text or otherwise,
}
_ALLOWED = frozenset(
    [
        "Template",
        "Output",
        "TemplateData",
        "If",
        "CondExpr",
        "And",
        "Or",
        "Not",
        "Compare",
        "Operand",
        "Const",
        "Filter",
        "Name",
        "Getattr",
        "Getitem",
    ]
)
_COMPARISONS = frozenset({"eq", "ne", "in", "notin"})


def _environment(*, is_html: bool) -> SandboxedEnvironment:
    made = SandboxedEnvironment(
        autoescape=is_html,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        cache_size=0,
    )
    made.globals.clear()
    made.tests.clear()
    made.filters.clear()
    made.filters.update(FILTERS)
    return made


_PLAIN = _environment(is_html=False)
_HTML = _environment(is_html=True)


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was found harmless; `names` are the variables that it mentions."""

    source: str
    form: Form
    names: tuple[str, ...]
    _program: jinja2.Template

    @property
    def words(self) -> list[Word]:
        """What it mentions."""
        return [word for name in self.names if (word := word_of(name)) is not None]

    @property
    def is_personal(self) -> bool:
        """Whether what it writes depends on the recipient."""
        return any(word.about is About.RECIPIENT for word in self.words)

    @property
    def is_open(self) -> bool:
        """Whether a recipient's own value may bring letters of any script into it."""
        return any(word.about is About.RECIPIENT and not word.is_plain for word in self.words)

    def render(self, values: Mapping[str, str]) -> str:
        """The text for these values; a variable without one is empty, and each is inserted as text."""
        given = {f"v{place}": values.get(name, "") for place, name in enumerate(self.names)}
        return self._program.render(given)


@lru_cache(maxsize=128)
def read_template(source: str, form: Form = Form.PLAIN, longest: int = LONGEST_SETTING) -> Template:
    """Read a template and see that it is harmless; raises BadTemplate, a ValueError."""
    if len(source) > longest:
        raise BadTemplate(1, f"there are more than {longest} characters.")
    environment = _PLAIN if form is Form.PLAIN else _HTML
    try:
        tree = environment.parse(source)
        reading = _Reading(form)
        reading.visit(tree)
        program = environment.from_string(tree)
    except jinja2.TemplateSyntaxError as bad:
        raise BadTemplate(bad.lineno, _in_our_words(bad.message or "")) from bad
    except RecursionError as deep:
        raise BadTemplate(1, "expressions are nested too deeply.") from deep
    return Template(source, form, tuple(reading.names), program)


def _in_our_words(message: str) -> str:
    return f"{message[:1].lower()}{message[1:].rstrip('.')}." if message else "something cannot be read."


class _Reading(NodeTransformer):
    """Goes through a template's tree, refuses what is not on the list, and turns each variable into one plain name."""

    def __init__(self, form: Form) -> None:
        self.names: dict[str, int] = {}
        self._form = form
        self._steps = 0
        self._depth = 0
        self._written = ""
        self._in_script = False

    def visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> Any:
        """One node, if it is allowed."""
        self._steps += 1
        if self._steps > _MOST_STEPS or self._depth > _DEEPEST:
            raise BadTemplate(node.lineno, "this is too long or too deeply nested for a template.")
        if type(node).__name__ not in _ALLOWED:
            raise BadTemplate(node.lineno, f"{_named(node)} cannot be used here; {_possible()}.")
        self._depth += 1
        try:
            return super().visit(node, *args, **kwargs)
        finally:
            self._depth -= 1

    def visit_TemplateData(self, node: nodes.TemplateData) -> nodes.Node:  # noqa: N802 (jinja's names)
        """Text as it stands there."""
        if self._form is Form.HTML:
            self._written = (self._written + node.data)[-_LOOK_BACK:]
            for tag in _SCRIPT.finditer(node.data):
                self._in_script = tag[1] == ""
        if self._form is Form.AS_HTML:
            node.data = html.escape(node.data).replace("\n", "<br>\n")
        return node

    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802
        """Text and the values in it; in HTML a value inside of a tag stands between quotes."""
        changed: list[nodes.Expr] = []
        for each in node.nodes:
            if not isinstance(each, nodes.TemplateData) and self._form is Form.HTML:
                if self._in_script or _UNQUOTED.search(self._written):
                    raise BadTemplate(
                        each.lineno,
                        "a value cannot stand in a script or style sheet, and in a tag only between quotes.",
                    )
                self._written += "x"
            changed.append(self.visit(each))
        node.nodes = changed
        return node

    def visit_Name(self, node: nodes.Name) -> nodes.Node:  # noqa: N802
        """A variable without a dot."""
        return self._variable(node, node.name)

    def visit_Getattr(self, node: nodes.Getattr) -> nodes.Node:  # noqa: N802
        """A variable with dots."""
        return self._variable(node, _dotted(node))

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802
        """An attribute whose name is no word: membership.attributes['date of birth']."""
        if not isinstance(node.arg, nodes.Const) or not isinstance(node.arg.value, str):
            raise BadTemplate(node.lineno, "only a name between quotes can stand in square brackets.")
        if _dotted(node.node) != ATTRIBUTES:
            raise BadTemplate(node.lineno, f"only {ATTRIBUTES} takes square brackets.")
        return self._variable(node, f"{ATTRIBUTES}.{node.arg.value}")

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:  # noqa: N802
        """One of our filters, with one text where it takes any."""
        wanted = 1 if node.name == "default" else 0
        if node.name not in FILTERS or node.node is None:
            raise BadTemplate(
                node.lineno, f"there is no filter {node.name[:40]!r}; there are {', '.join(FILTERS)}."
            )
        if node.kwargs or node.dyn_args or node.dyn_kwargs or len(node.args) != wanted:
            how = "one text, as default('there')" if wanted else "nothing in parentheses"
            raise BadTemplate(node.lineno, f"the filter {node.name} takes {how}.")
        node.node = self.visit(node.node)
        node.args = [self.visit(each) for each in node.args]
        return node

    def visit_Const(self, node: nodes.Const) -> nodes.Node:  # noqa: N802
        """A text between quotes."""
        if not isinstance(node.value, str) or len(node.value) > _LONGEST_TEXT:
            raise BadTemplate(
                node.lineno,
                f"only texts of at most {_LONGEST_TEXT} characters between quotes can be written.",
            )
        return node

    def visit_Operand(self, node: nodes.Operand) -> nodes.Node:  # noqa: N802
        """The right side of a comparison."""
        if node.op not in _COMPARISONS:
            raise BadTemplate(node.expr.lineno, "texts can be compared by ==, !=, in and not in.")
        node.expr = self.visit(node.expr)
        return node

    def _variable(self, node: nodes.Node, name: str) -> nodes.Node:
        if word_of(name) is None and name not in _ADDED:
            raise BadTemplate(
                node.lineno,
                f"there is no variable {name[:80]!r}; there are {', '.join(word.name for word in WORDS)}.",
            )
        place = self.names.setdefault(name, len(self.names))
        return nodes.Name(f"v{place}", "load", lineno=node.lineno)


def _dotted(node: nodes.Node) -> str:
    """A chain of names as it was written; anything else is no name of a variable."""
    match node:
        case nodes.Name():
            return node.name
        case nodes.Getattr():
            return f"{_dotted(node.node)}.{node.attr}"
        case _:
            raise BadTemplate(node.lineno, "a dot can only stand in the name of a variable.")


def _named(node: nodes.Node) -> str:
    match node:
        case nodes.For() | nodes.Macro() | nodes.Assign() | nodes.Include() | nodes.Import():
            return f"{type(node).__name__.lower()}"
        case nodes.Call() | nodes.CallBlock():
            return "a call"
        case nodes.BinExpr() | nodes.UnaryExpr():
            return f"the operator {node.operator}"
        case _:
            return f"this ({type(node).__name__})"


def _possible() -> str:
    return "variables, if/elif/else, and, or, not, ==, !=, in and filters can"


def text_template(text: str) -> str:
    """The source of a header or footer as it is kept; raises BadTemplate or another ValueError."""
    clean = text.replace("\r\n", "\n").strip("\n")
    if _CONTROLS.search(clean):
        raise ValueError("a text without control characters")
    # Whoever edits the setting loses the space behind the dashes that begin a signature (RFC 3676, section 4.3).
    clean = _SIGNATURE.sub("-- ", clean)
    read_template(clean).render(sample())
    read_template(clean, Form.AS_HTML).render(sample())
    return clean


def html_template(text: str) -> str:
    """The source of an HTML footer as it is kept; raises BadTemplate or another ValueError."""
    clean = text.replace("\r\n", "\n").strip()
    if _CONTROLS.search(clean):
        raise ValueError("a text without control characters")
    read_template(clean, Form.HTML).render(sample())
    return clean


def sample() -> dict[str, str]:
    """Some value for each variable, with every letter that means something in HTML."""
    return {word.name: f"<{word.name}> & \"'ü" for word in WORDS}
