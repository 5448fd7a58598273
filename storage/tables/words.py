"""The closed sets of words that rows hold, one enum each, stored as their text."""

from enum import IntEnum, StrEnum


class AddressSource(StrEnum):
    """Who said that an address belongs to a person (requirement rows 117, 120)."""

    ACCOUNT = "account"
    CHALLENGE = "challenge"
    LDAP = "ldap"
    OIDC = "oidc"
    SAML = "saml"
    CAS = "cas"
    X509_SAN = "x509_san"
    TRUSTED_APP = "trusted_app"
    ADMIN = "admin"
    SUBADDRESS = "subaddress"


class Strength(IntEnum):
    """How surely a request or a link was proved: Sympa's methods in their order (row 121)."""

    NONE = 0
    SMTP = 1
    DKIM = 2
    MD5 = 3
    SMIME = 4

    @property
    def method(self) -> str:
        """The scenario language's word for this level."""
        return self.name.lower() if self else "smtp"


class SignInMethod(StrEnum):
    """How a session or token was opened."""

    PASSWORD = "password"
    TICKET = "ticket"
    LDAP = "ldap"
    SAML = "saml"
    OIDC = "oidc"
    CAS = "cas"
    CERTIFICATE = "certificate"
    API_TOKEN = "api_token"
    TRUSTED_APPLICATION = "trusted_application"


class TicketPurpose(StrEnum):
    """The one thing that a ticket may be used for (row 37)."""

    SIGN_IN = "sign_in"
    RESET = "reset"
    LINK_ADDRESS = "link_address"
    KEEP_ADDRESS = "keep_address"
    CONSENT_ADDRESS = "consent_address"
    REMOVE_ACCOUNT = "remove_account"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    INVITATION = "invitation"
    REQUEST = "request"
    MODERATE = "moderate"
    CONFIRM_POST = "confirm_post"
    TELL_PEER = "tell_peer"


class TokenScope(StrEnum):
    """What an API token may do."""

    READ = "read"
    SUBSCRIBE = "subscribe"
    POST = "post"
    OWN = "own"
    ADMINISTRATE = "administrate"


class ListStatus(StrEnum):
    """Where a list is in its life."""

    PENDING = "pending"
    OPEN = "open"
    CLOSED = "closed"
    FAMILY_CLOSED = "family_closed"
    ERROR = "error_config"


class Personalization(StrEnum):
    """When each recipient gets a copy of their own."""

    NEVER = "never"
    ON_BOUNCE = "on_bounce"
    SAMPLED = "sampled"
    ALWAYS = "always"


class Protection(StrEnum):
    """What is done with a post that would fail the DMARC policy of its author's domain."""

    NONE = "none"
    MUNGE = "munge"
    WRAP = "wrap"
    REJECT = "reject"
    DISCARD = "discard"


class Merge(StrEnum):
    """Whose posts are templates that are filled in for each recipient."""

    NEVER = "never"
    OWNERS = "owners"
    EDITORS = "editors"


class RoleKind(StrEnum):
    """Offices on a list or a robot."""

    PRIVILEGED_OWNER = "privileged_owner"
    OWNER = "owner"
    EDITOR = "editor"
    LISTMASTER = "listmaster"


class Reception(StrEnum):
    """How a subscriber gets the list's mail."""

    MAIL = "mail"
    DIGEST = "digest"
    DIGEST_PLAIN = "digestplain"
    SUMMARY = "summary"
    NOTICE = "notice"
    URLIZE = "urlize"
    TXT = "txt"
    HTML = "html"
    NOT_ME = "not_me"
    NOMAIL = "nomail"


class Visibility(StrEnum):
    """Whether other subscribers see a member."""

    NOCONCEAL = "noconceal"
    CONCEAL = "conceal"


class Origin(StrEnum):
    """How somebody came to be on a list (row 95)."""

    SUBSCRIBED = "subscribed"
    INCLUDED = "included"
    BOTH = "both"


class MessageState(StrEnum):
    """What became of a message that a list took in."""

    HELD = "held"
    MODERATED = "moderated"
    DISTRIBUTED = "distributed"
    REJECTED = "rejected"
    DISCARDED = "discarded"


class ModerationKind(StrEnum):
    """What waits for somebody's decision."""

    MESSAGE = "message"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    LIST_CREATION = "list_creation"
    DOCUMENT = "document"


class ModerationState(StrEnum):
    """Where a waiting item stands."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    DISCARDED = "discarded"


class DeliveryKind(StrEnum):
    """Why something is being sent."""

    POST = "post"
    SERVICE = "service"


class DeliveryStatus(StrEnum):
    """Where a delivery is."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"


class PacketState(StrEnum):
    """Where a packet is; only `new` ones may be leased."""

    NEW = "new"
    LEASED = "leased"
    DONE = "done"


class RecipientState(StrEnum):
    """Where one exceptional recipient is."""

    DEFERRED = "deferred"
    FAILED = "failed"
    SKIPPED = "skipped"
    BOUNCED = "bounced"


class BounceKind(StrEnum):
    """What a bounce says about the address."""

    HARD = "hard"
    SOFT = "soft"
    POLICY = "policy"
    COMPLAINT = "complaint"
    UNKNOWN = "unknown"


class Complaint(StrEnum):
    """What becomes of a member who called a list's message spam."""

    LEAVE = "leave"
    MARK = "mark"


class BounceDigest(StrEnum):
    """How often owners are told of what comes back."""

    DAILY = "daily"
    WEEKLY = "weekly"
    NEVER = "never"


class PeerTrust(StrEnum):
    """What another list server may ask and be asked."""

    PENDING = "pending"
    ASK_ONLY = "ask_only"
    ANSWER_ONLY = "answer_only"
    MUTUAL = "mutual"
    BLOCKED = "blocked"


class PeerEvidence(StrEnum):
    """What has to show a peer's question to be the address's own: a token, its person's consent, or the peer's word."""

    TOKEN = "token"
    CONSENT = "consent"
    ASSERTION = "assertion"


class ConsentMode(StrEnum):
    """Which peers somebody lets their subscriptions be asked of, or told to."""

    NOBODY = "nobody"
    SELECTED = "selected"
    ALL_TRUSTED = "all_trusted"


class ConsentDirection(StrEnum):
    """Naming one's addresses to peers, or telling peers of one's subscriptions here."""

    OUTGOING = "outgoing"
    INCOMING = "incoming"


class AddressVerdict(StrEnum):
    """What whoever reads an address's mail said to a peer's asking."""

    ASKED = "asked"
    ALLOWED = "allowed"
    # Said in the account that has the address: it makes a token, and opens nothing by itself.
    ACCOUNT = "account"
    NEVER = "never"


class Incoming(StrEnum):
    """What a robot does when a peer asks about an address that nobody has an account with."""

    NEVER = "never"
    ASK = "ask"
    ALL_TRUSTED = "all_trusted"


class TellsPeers(StrEnum):
    """What other list servers may be told of a list's members who agreed."""

    NOTHING = "nothing"
    OPEN = "open"
    EVERYTHING = "everything"
