"""Why a post was refused or held: the list's sentence in its author's language, the rule that spoke, where to read more."""

from delivery.letter import Letter
from identity.actor import Actor
from lists.reasons import sentence
from lists.robots import base_url
from scenarios.decision import Decision
from storage.site import Site
from storage.tables.lists import MailingList, Robot


def words_for(decision: Decision | None, language: str = "en", link: str = "") -> str:
    """The reason and the rule that gave it, so that the author understands and an owner finds it (invariant 6).

    `link` is the page about the decision, "" where it is not kept.
    """
    if decision is None:
        return "This list does not take this message."
    rule = [] if decision.line is None else [place_of(decision)]
    more = "; ".join([*rule, *([link] if link else [])])
    return f"{sentence(decision, language)} ({more})" if more else sentence(decision, language)


def answer_to_author(letter: Letter, site: Site) -> str:
    """`words_for` whoever wrote a letter."""
    language = language_of(letter.actor, letter.mlist)
    return words_for(letter.decision, language, link_to(site, letter.robot, letter.decision))


def language_of(actor: Actor | None, mlist: MailingList) -> str:
    """The language that somebody is written to in about a list: their own, or the list's for those we do not know."""
    person = None if actor is None else actor.person
    return mlist.language if person is None else person.locale


def link_to(site: Site, robot: Robot, decision: Decision | None) -> str:
    """The page that explains a decision; "" where it is not kept."""
    return f"{base_url(site, robot)}/decisions/{decision.id}" if decision is not None and decision.id else ""


def place_of(decision: Decision) -> str:
    """Where the rule stands that spoke: `send.private, line 3`, or the fragment that the line is of."""
    text = decision.origin or f"{decision.operation}.{decision.scenario}"
    return f"{text}, line {decision.line}"


def rule_of(decision: Decision) -> str:
    """The rule that spoke, as an editor can find it: the text's name, the line, the condition."""
    return f"{place_of(decision)}: {decision.condition}"
