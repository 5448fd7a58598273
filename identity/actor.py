"""Who is asking: the person, the address they came under, how surely, by which way."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from scenarios.request import NOBODY, Identity
from storage.tables.access import Session, Token
from storage.tables.lists import Robot
from storage.tables.people import Person
from storage.tables.words import Strength, TokenScope

# How `via` begins where an application speaks for the person; its name follows, so that every row written tells both.
THROUGH = "application "


@dataclass(frozen=True, slots=True)
class Actor:
    """The asker of one request, in one robot.

    `sender` is the address the request came under ("nobody" for a stranger); `identities` are the person's addresses
    that count here and now: presented, primary, others (row 124). `strength` is how this request was proved.
    `via` is web, token, mail, cli, import, ticket, or `application NAME`. `scopes` limits what a token may do; None is no limit.
    `assertions` are what a trusted application says of this one request (row 45), `application` is its name, and
    `operations` are those of scenarios (and `own`, `moderate`) that it may do at all (row 44).
    """

    robot: Robot
    sender: str = NOBODY
    identities: tuple[Identity, ...] = ()
    strength: Strength = Strength.NONE
    via: str = "web"
    person: Person | None = None
    session: Session | None = None
    token: Token | None = None
    scopes: frozenset[TokenScope] | None = None
    remote_address: str = ""
    user_agent: str = ""
    application: str = ""
    assertions: Mapping[str, str] = field(default_factory=dict)
    operations: frozenset[str] = frozenset()
    # What was found out about the mail that the request came with: dkim, spf, dmarc, arc (RFC 8601).
    mail_results: Mapping[str, str] = field(default_factory=dict, hash=False)
    # The operator at the server's own shell: obeyed without a scenario, and named so in the audit.
    is_operator: bool = False

    @property
    def method(self) -> str:
        """The scenario language's word for how this request was proved."""
        # Every web request is md5 there, strangers being [sender] = nobody (requirement 4.6).
        if self.strength is Strength.NONE:
            return "smtp" if self.via == "mail" else "md5"
        return self.strength.method

    @property
    def addresses(self) -> tuple[str, ...]:
        """The person's addresses that count here and now."""
        return tuple(one.address for one in self.identities)

    def may(self, scope: TokenScope) -> bool:
        """Whether this way of asking may be used for `scope` at all."""
        if self.scopes is None or TokenScope.ADMINISTRATE in self.scopes:
            return True
        return scope in self.scopes

    def may_do(self, operation: str) -> bool:
        """Whether an application that speaks for the person was trusted with this operation; True for everybody else."""
        return not self.application or operation in self.operations


def stranger(robot: Robot, *, via: str = "web", remote_address: str = "") -> Actor:
    """Somebody whom nothing is known of."""
    return Actor(robot, via=via, remote_address=remote_address)


def operator(robot: Robot) -> Actor:
    """Whoever runs commands on the server itself."""
    return Actor(robot, sender="operator", strength=Strength.MD5, via="cli", is_operator=True)


def founder() -> Actor:
    """The operator before there is any robot to act in: whoever makes the first one."""
    nowhere = Robot(0, "", "", "", "en", "", listmasters_are_owners=True, created_at=0)
    return operator(nowhere)


def application_of(via: str) -> str | None:
    """The name of the application in a row's `via`; None where nobody spoke for the person."""
    return via.removeprefix(THROUGH) if via.startswith(THROUGH) else None
