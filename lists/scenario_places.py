"""Where a scenario text of one's own can stand (a list, a robot, the whole site), and who may write it there."""

from dataclasses import dataclass

from identity.actor import Actor
from identity.refusal import Invalid, SignInNeeded
from identity.standing import fresh_session
from lists.offices import require_listmaster, require_owner, require_scope
from lists.policies import SETTINGS
from lists.robots import OperatorOnly
from scenarios.file_names import FILTER, FRAGMENT
from scenarios.operations import OPERATIONS
from storage.database import Reader
from storage.tables.lists import MailingList, Robot
from storage.tables.words import SignInMethod, TokenScope

# Filters that open connections to other servers.
_REACHING_OUT = (".sql", ".ldap")
# The fragment that stands in front of every scenario of an operation.
_HEADER = ".header"
# What a list decides for itself; the other operations are its robot's.
OF_LISTS = frozenset(SETTINGS) | {FRAGMENT, FILTER}
OF_ROBOTS = frozenset(OPERATIONS) | {FRAGMENT, FILTER}


class NotWrittenHere(Invalid):
    """This operation is decided by the robot's scenarios, not by a list's."""


class NoSuchOperation(Invalid):
    """No operation is called so; see the reference of scenarios for their names."""


class SurerSignIn(SignInNeeded):
    """Sign in with your password or through your organisation: a mailed code is not enough to change who may do what."""


@dataclass(frozen=True, slots=True)
class Place:
    """A list of a robot, a robot, or with neither the whole site."""

    robot: Robot | None = None
    mlist: MailingList | None = None

    @property
    def robot_id(self) -> int | None:
        """The robot's key, also for a list."""
        return (
            self.mlist.robot_id if self.mlist is not None else None if self.robot is None else self.robot.id
        )

    @property
    def list_id(self) -> int | None:
        """The list's key."""
        return None if self.mlist is None else self.mlist.id

    def __str__(self) -> str:
        if self.mlist is not None:
            return self.mlist.address
        return "the site" if self.robot is None else self.robot.domain


def require_operation(place: Place, operation: str) -> None:
    """Raises NoSuchOperation, or NotWrittenHere for one that a list does not decide."""
    if operation not in OF_ROBOTS:
        raise NoSuchOperation(f"No operation is called {operation[:60]!r}.", path=("operation",))
    if place.mlist is not None and operation not in OF_LISTS:
        raise NotWrittenHere(path=("operation",))


async def require_reader(reader: Reader, actor: Actor, place: Place) -> None:
    """Only those who run the place read its texts: owners, listmasters, for the site the operator.

    Raises OwnersOnly, ListmastersOnly, OperatorOnly, or TokenTooNarrow.
    """
    if actor.is_operator:
        return
    if place.mlist is not None:
        await require_owner(reader, actor, place.mlist)
    elif place.robot is not None:
        await require_listmaster(reader, actor, place.robot.id)
    else:
        raise OperatorOnly


async def require_writer(reader: Reader, actor: Actor, place: Place, operation: str, name: str) -> None:
    """Those who run the place write there, surely signed in; filters that reach other servers are the operator's.

    A list's common header would take the place of its domain's, so that it is the listmasters' to write.

    Raises what `require_reader` raises, SurerSignIn, SignInIsOld, PasswordFirst, or TokenTooNarrow.
    """
    if actor.is_operator:
        return
    await require_reader(reader, actor, place)
    require_scope(actor, TokenScope.ADMINISTRATE)
    if place.mlist is not None and operation == FRAGMENT and name.endswith(_HEADER):
        await require_listmaster(reader, actor, place.mlist.robot_id)
    if operation == FILTER and name.endswith(_REACHING_OUT):
        raise OperatorOnly(path=("name",))
    # Whoever may run commands on the server itself vouches for the person.
    if actor.token is None and actor.via != "cli":
        _, session = fresh_session(actor, reader.now)
        if session.method is SignInMethod.TICKET:
            raise SurerSignIn
