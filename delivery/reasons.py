"""Why a post was refused, in a sentence for its author."""

from scenarios.decision import Decision
from storage.tables.lists import MailingList

_SENTENCES = {
    "send_subscriber": "only subscribers may write to {address}",
    "send_owner": "only the owners may write to {address}",
    "send_editor": "only the editors may write to {address}",
    "send_closed": "nobody may write to {address} now",
    "list-no-open": "{address} is closed",
    "no-rule-match": "no rule of {address} lets you write to it in this way",
    "error-performing-condition": "the rules of {address} could not be checked; its owners have to mend them",
}


def words_for(mlist: MailingList, decision: Decision | None) -> str:
    """One sentence, and the rule that spoke, so that an owner can find it (invariant 6)."""
    key = decision.reason if decision and decision.reason else ""
    sentence = _SENTENCES.get(key, "{address} does not take this message").format(address=mlist.address)
    if decision is None or decision.line is None:
        return sentence
    return f"{sentence} (send.{decision.scenario}, line {decision.line})"
