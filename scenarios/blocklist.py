"""The rule that stands in front of every other where the site keeps a blocklist."""

from __future__ import annotations

from scenarios.syntax import METHODS, Action, Condition, NamedFilter, Rule, Variable
from scenarios.terms import BLOCKLIST

BLOCKLIST_RULE = Rule(
    line=0,
    source=f"search('{BLOCKLIST}',[sender]) smtp,dkim,md5,pgp,smime -> reject,quiet",
    condition=Condition(
        negated=False,
        term="search",
        args=(NamedFilter(BLOCKLIST), Variable(None, "sender")),
        text=f"search('{BLOCKLIST}',[sender])",
    ),
    methods=METHODS,
    action=Action("reject", quiet=True),
    origin="blocklist",
)
