"""What the short reasons of decisions mean, in a sentence that a person can act on."""

from scenarios.decision import Decision

_OWNER = "Only the owners of this list may do this; write to its -owner address."
_SUBSCRIBER = "Only subscribers of this list may do this; subscribe first."
_LISTMASTER = "Only the listmasters of this domain may do this."
_CLOSED = "This list does not allow this to anybody."
_TECHNICAL = (
    "The rules of this list could not be applied, so nothing was done; its owners should have them checked."
)

SENTENCES = {
    "add_closed": _CLOSED,
    "add_owner": _OWNER,
    "create_list_closed": "Nobody may create lists here.",
    "create_list_listmaster": _LISTMASTER,
    "del_closed": _CLOSED,
    "del_owner": _OWNER,
    "info_subscriber": _SUBSCRIBER,
    "invite_closed": _CLOSED,
    "invite_owner": _OWNER,
    "invite_subscriber": _SUBSCRIBER,
    "mail_archive_closed": "The archive of this list is closed.",
    "mail_archive_listmaster": _LISTMASTER,
    "mail_archive_owner": _OWNER,
    "mail_archive_subscriber": "Only subscribers of this list may read its archive.",
    "remind_listmaster": _LISTMASTER,
    "remind_owner": _OWNER,
    "review_closed": "Nobody may see who is on this list.",
    "review_listmaster": _LISTMASTER,
    "review_owner": "Only the owners of this list may see who is on it.",
    "review_subscriber": "Only subscribers of this list may see who is on it.",
    "send_closed": "This list takes no messages.",
    "send_editor": "Only the moderators of this list may write to it.",
    "send_owner": "Only the owners of this list may write to it.",
    "send_subscriber": "Only subscribers may write to this list, from an address that they are known by.",
    "subscribe_closed": "Nobody can join this list by themselves; write to its -owner address.",
    "unsub_closed": "Nobody can leave this list by themselves; write to its -owner address.",
    "web_archive_closed": "The archive of this list is closed.",
    "web_archive_listmaster": _LISTMASTER,
    "web_archive_owner": "Only the owners of this list may read its archive.",
    "web_archive_subscriber": "Only subscribers of this list may read its archive.",
    "list-no-open": "This list is not open.",
    "no-rule-match": "The rules of this list do not allow this to you.",
    "scenario-missing": _TECHNICAL,
    "scenario-malformed": _TECHNICAL,
    "error-performing-condition": _TECHNICAL,
    "include-not-expanded": _TECHNICAL,
    "action-not-permitted": _TECHNICAL,
    "unknown-auth-method": _TECHNICAL,
    "token-scope": "This token may not be used for that; make one with the scope it needs.",
}


def sentence(decision: Decision) -> str:
    """What to tell the person whom this decision refuses; a list's own reason text is shown as it is."""
    reason = decision.reason or ""
    return SENTENCES.get(reason) or reason or "The rules of this list do not allow this to you."
