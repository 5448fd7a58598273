"""The sixty-one known ways to get in as somebody else, each with what stands against it here."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One danger; `not_yet` says which part of it does not concern this version, and why."""

    danger: str
    answer: str
    not_yet: str = ""


LINKING = "Accounts and what is linked to them"
OPENID = "OpenID Connect"
SAML = "SAML"
OTHERS = "Directories, CAS, headers, certificates, tickets, sessions, the API"
MAIL = "Mail as a proof"

# The first row of each part, and its title.
PARTS = {1: LINKING, 15: OPENID, 25: SAML, 36: OTHERS, 55: MAIL}

ROWS: dict[int, Row] = {
    1: Row(
        "Somebody prepares an account under an address before its owner comes",
        "what was never proved opens nothing; the first proof ends passwords, sessions, claims and links made before it",
    ),
    2: Row(
        "A provider's mail claim names the account",
        "the key is provider, issuer and subject; an address only counts when verified and vouched for",
    ),
    3: Row(
        "A provider calls addresses verified that are not its own",
        "each provider vouches for the domains in its file; a tenant can be pinned by a required claim",
    ),
    4: Row(
        "An address passes to another person with its mailbox or domain",
        "links run out and are proved anew; an account at a provider is its subject, whatever its address",
    ),
    5: Row(
        "A first sign-in by a provider is quietly joined to an account that was there",
        "the mailbox has to answer before anything is attached",
    ),
    6: Row(
        "Somebody's browser is made to link a stranger's account",
        "linking begins in a fresh session, ends in the same one, and shows what it found before the button",
    ),
    7: Row(
        "A challenge is answered outside the session that asked",
        "code and link are tied to person and session; any other browser may only refuse",
    ),
    8: Row(
        "Two addresses that look or fold alike",
        "domains compare as A-labels, local parts in ASCII lower case only; mail goes to the stored spelling",
    ),
    9: Row(
        "Two readers of one address see two mailboxes",
        "one strict reader everywhere; comments, routes, encoded words and odd quoting are refused or written anew",
    ),
    10: Row(
        "A tagged address passes for the plain one where it is somebody else's",
        "tags are recognised only in domains that are known to use them, and a domain can switch it off",
    ),
    11: Row(
        "A message with two authors, a group, or a Sender beside its From",
        "one From with one mailbox, or no author at all; Sender is never read as the author",
    ),
    12: Row(
        "The last way in is taken away",
        "removing it is refused, for addresses and for linked accounts",
    ),
    13: Row(
        "Gone at the provider, still here",
        "scheduled reading of directories, back-channel and front-channel logout",
        "SCIM and shared security events are not spoken: directories are read on a schedule, and logout requests "
        "are heard from providers that send them.",
    ),
    14: Row(
        "A right that came from a claim outlives the claim",
        "what a source no longer says ends at its next word, keeps its origin, and touches no office given by hand",
    ),
    15: Row(
        "A sign-in that the visitor never began",
        "a state of 256 bits, tied to the browser, used up at the first answer",
    ),
    16: Row("A stolen authorization code", "PKCE with S256 always; the code is worth nothing elsewhere"),
    17: Row("An ID token of another sign-in", "the nonce is ours, kept here, and has to be there"),
    18: Row(
        "An answer of another provider", "one callback for each provider, and the issuer it names is compared"
    ),
    19: Row(
        "A token without a signature, with another algorithm or with its own key",
        "asymmetric algorithms from a list, keys from the published set alone",
    ),
    20: Row(
        "Discovery that leads elsewhere",
        "the issuer has to name itself, endpoints lie on its origin, private hosts only where configured, sizes and times bounded",
    ),
    21: Row(
        "A return address that leads elsewhere", "exact callbacks; one returns to places of our own only"
    ),
    22: Row("A token for somebody else", "audience, authorized party, expiry and id are compared"),
    23: Row(
        "Groups that are too many for the token",
        "groups kept elsewhere are unknown, which is not the same as none",
    ),
    24: Row("Signing out here only", "both ways: the provider is told, and ends what it opened"),
    25: Row(
        "A signature that covers something else than what is read",
        "one assertion, and only the signed element is used",
    ),
    26: Row("A key that the document brings along", "keys from metadata alone"),
    27: Row("A name cut in two by a comment", "one reader; comments go before anything is read"),
    28: Row("Entities and document types", "refused before anybody reads on"),
    29: Row("Unsigned assertions", "both halves of the policy are explicit; nothing unsigned counts"),
    30: Row(
        "An assertion played again", "the request is used up, and each assertion's id is kept until it ends"
    ),
    31: Row(
        "A response that nobody asked for",
        "refused unless the operator allows it, and it ends in the visitor's own browser",
    ),
    32: Row(
        "A response for another audience, place, request or time",
        "each is compared; two minutes of difference at most",
    ),
    33: Row("RelayState as a way elsewhere", "an opaque handle; where to go afterwards is kept here"),
    34: Row(
        "Metadata that anybody could have written",
        "a pinned signature, an end that counts, and scopes for what a provider may say",
    ),
    35: Row("Checks that `python -O` removes", "nothing runs without them"),
    36: Row("A name that becomes part of a directory filter", "text only, and every value escaped"),
    37: Row("A name that becomes part of a DN", "escaped and compared in one form; no NUL"),
    38: Row(
        "An empty password that a directory takes",
        "refused before asking; afterwards the directory has to say who we are",
    ),
    39: Row("A search that finds several", "exactly one, or nobody"),
    40: Row(
        "A directory in the clear, or one that refers elsewhere", "TLS with a verified name, referrals off"
    ),
    41: Row(
        "A CAS ticket of another service, markup in its answer",
        "the exact service, asked over TLS, read by the strict reader",
    ),
    42: Row(
        "A header in the web server's name",
        "believed on one path, from listed peers, with a secret, in one spelling",
    ),
    43: Row(
        "A certificate that says too much",
        "names of the alternative-name field under a pinned authority, for clients, not revoked",
        "OCSP is not asked: revocation lists are read from files, and a list out of date lets nobody in.",
    ),
    44: Row("A machine that opens a mailed link first", "opening changes nothing; a button of the page acts"),
    45: Row(
        "A link that leaks", "no referrer, no caching, hashed where it is kept, short lives, one purpose each"
    ),
    46: Row("A mailed link that follows the Host field", "links are built from the domain's own settings"),
    47: Row(
        "Finding out who has an account or is on a list",
        "the same words, status and work for everybody; what there is to say goes to the address itself",
    ),
    48: Row(
        "A session that was planted or never ends",
        "a new secret at every sign-in and change, ended on the server",
    ),
    49: Row(
        "Guessing many times in one request",
        "tries are counted by what is tried, for account and network; no batches",
    ),
    50: Row(
        "A page of another site that asks in somebody's name",
        "JSON, a header of ours and our origin; no forms, no cookie by GET",
    ),
    51: Row(
        "A socket that nobody guards",
        "one protocol, our origin, a sign-in that is watched, a bounded number of operations",
    ),
    52: Row(
        "An object that is guarded at the front only",
        "each object asks its scenario, by whatever path it is reached",
    ),
    53: Row(
        "An application that does more than it was trusted with",
        "a key of its own, one use of each assertion, listed scopes, both names in the audit",
    ),
    54: Row(
        "A dangerous act in an old session",
        "a sign-in of the last hours for links, keys, rules and offices; a provider can be asked for a fresh one",
    ),
    55: Row(
        "A signature that leaves open what matters",
        "From covered once, no length, sound keys, every signature looked at, domain aligned with the author's",
    ),
    56: Row(
        "Findings that somebody wrote into a message",
        "ours by name, above all others; none leaves with our copies",
    ),
    57: Row(
        "Signed mail sent again to somewhere else",
        "the list is named in a signed field, and a message comes once",
    ),
    58: Row("A message hidden behind a false end", "one ending of a body, byte for byte"),
    59: Row(
        "A confirmation by a machine or by quoting",
        "automatic mail confirms nothing; the key stands in its place",
    ),
    60: Row("Answers to senders that were forged", "refused while connected; otherwise silence, or few"),
    61: Row(
        "A signature by another or around a part", "the signer is the author, and the whole message is signed"
    ),
}
