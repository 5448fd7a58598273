"""Words about decisions: what somebody would do, what the rules answer, where the rules are written."""

from enum import Enum

import strawberry

from lists.variables import Kind
from schema.enums.words import word


@strawberry.enum(description="What somebody would do. New values may be added.")
class ScenarioAction(Enum):
    """What somebody would do; the values are the scenario language's operations."""

    SUBSCRIBE = word("subscribe", "Join.")
    UNSUBSCRIBE = word("unsubscribe", "Leave.")
    POST = word("send", "Send.")
    REVIEW = word("review", "See subscribers.")
    READ_ARCHIVE = word("archive_web_access", "Read the archive.")
    SEE_LIST = word("visibility", "See the list in the directory.")
    READ_INFO = word("info", "Read about the list.")
    CREATE_LIST = word("create_list", "Ask for a list.")
    INVITE = word("invite", "Invite somebody.")
    ADD = word("add", "Add somebody.")
    DELETE = word("del", "Remove somebody.")
    SEE_STATISTICS = word("stats", "See figures about the list.")
    REMIND = word("remind", "Remind everybody of their subscription.")
    READ_ARCHIVE_BY_MAIL = word("archive_mail_access", "Ask for messages of the archive by mail.")
    READ_DOCUMENTS = word("d_read", "Read the list's documents.")
    EDIT_DOCUMENTS = word("d_edit", "Change the list's documents.")
    TRACK = word("tracking", "See what became of a message.")
    MOVE_ADDRESS = word("move_user", "Change an address on all lists.")
    SEE_TOPICS = word("topics_visibility", "See how the directory is ordered by topic.")
    CREATE_LIST_AUTOMATICALLY = word("automatic_list_creation", "Bring a list into being by mail.")
    LEAVE_FAMILY = word("family_signoff", "Leave all lists of a family.")
    REMIND_EVERYBODY = word("global_remind", "Remind everybody of all their subscriptions.")
    CLASSIFY_SPAM = word("spam_status", "Tell ham from spam.")


@strawberry.enum(description="What the rules say. New values may be added: treat an unknown one as REJECT.")
class DecisionVerdict(Enum):
    """What the rules say; the values are the scenario language's actions."""

    ALLOW = word("do_it", "Do it.")
    REJECT = word("reject", "Do not.")
    REQUEST_AUTHENTICATION = word("request_auth", "Prove yourself first.")
    HOLD_FOR_MODERATOR = word("editor", "A moderator decides.")
    HOLD_FOR_OWNER = word("owner", "An owner decides.")
    LISTMASTER = word("listmaster", "A listmaster decides.")


@strawberry.enum(description="Where a scenario is defined; the nearest wins.")
class ScenarioOrigin(Enum):
    """Where a scenario is defined; the nearest wins."""

    LIST = word("list", "In the list.")
    ROBOT = word("robot", "In the robot.")
    SERVER = word("server", "In the server.")


@strawberry.enum(
    description="How a request was proved, as rules name it, weakest first. New values may be added."
)
class ScenarioMethod(Enum):
    """How a request was proved, as rules name it; the values are the scenario language's methods."""

    SMTP = word("smtp", "By nothing but the From field of a mail.")
    DKIM = word("dkim", "By a signature of the domain in the From field.")
    MD5 = word("md5", "By signing in, or by a ticket; every request on the web.")
    PGP = word("pgp", "By an OpenPGP signature; rules may name it, nothing brings it.")
    SMIME = word("smime", "By a certificate of the person.")


@strawberry.enum(description="What came of trying one rule. New values may be added.")
class RuleOutcome(Enum):
    """What came of trying one rule."""

    HELD = word("HELD", "It held, and decided.")
    DID_NOT_HOLD = word("DID_NOT_HOLD", "Its condition was not true.")
    OTHER_METHOD = word("OTHER_METHOD", "It is for requests proved otherwise.")
    FAILED = word("FAILED", "It could not be asked, which refuses.")


@strawberry.enum(description="What the values of a variable are. New values may be added.")
class VariableKind(Enum):
    """What the values of a variable are."""

    TEXT = word(Kind.TEXT, "A text.")
    ADDRESS = word(Kind.ADDRESS, "One address.")
    ADDRESSES = word(Kind.ADDRESSES, "Any number of addresses.")
    INSTANT = word(Kind.INSTANT, "Seconds since 1970.")


@strawberry.enum(description="Mails that a list sends. New values may be added.")
class MailTemplate(Enum):
    """Mails that a list sends."""

    WELCOME = word("welcome", "To a new subscriber.")
    GOODBYE = word("goodbye", "To somebody who has left.")
    CONFIRM_SUBSCRIPTION = word("confirm_subscription", "Asks an address whether it wants to join.")
    CONFIRM_DEPARTURE = word("confirm_departure", "Asks an address whether it wants to leave.")
    INVITATION = word("invitation", "Invites an address.")
    POST = word("post", "The list's messages: headers, footers, and posts that are templates.")
