"""How a message moves: each route is the list of its stages, and a stage may turn the letter into another route."""

from delivery.addresses import Kind
from delivery.spindle import Routes
from delivery.stages.archive import archive
from delivery.stages.authorize import authorize
from delivery.stages.bounce import bounce
from delivery.stages.bring_about import bring_about
from delivery.stages.calm import calm, room
from delivery.stages.classify import classify
from delivery.stages.command import command, read_command
from delivery.stages.confirm import confirm
from delivery.stages.expand import expand
from delivery.stages.hold import hold, may_be_asked
from delivery.stages.identify import identify
from delivery.stages.ingest import ingest
from delivery.stages.keep import keep
from delivery.stages.moderate import moderate
from delivery.stages.personalize import check_template, personalize
from delivery.stages.protect import protect, protect_approved, would_protect
from delivery.stages.reject import refusal, reject
from delivery.stages.relay import editors_read, owners_read, relay_to_editors, relay_to_owners
from delivery.stages.transform import transform
from storage.database import Reader, UnitOfWork

ROUTES: Routes[UnitOfWork] = {
    # A message for the list; `authorize` turns it into one of the four routes that follow.
    "incoming": [ingest, room, identify, classify, authorize],
    # A list that is made of its first message, if its author may; then as any other.
    "automatic": [identify, bring_about],
    "distribute": [calm, protect, check_template, keep, confirm, transform, personalize, archive, expand],
    "moderate": [protect, check_template, keep, moderate],
    "hold": [protect, check_template, keep, hold],
    "reject": [reject],
    # The author said that a held message is theirs: asked again, now with that proof.
    "confirmed": [identify, authorize],
    # An editor said yes: nobody is asked again.
    "approved": [identify, protect_approved, transform, personalize, archive, expand],
    # The list's other addresses.
    "owner": [relay_to_owners],
    "editor": [relay_to_editors],
    "command": [read_command, identify, command],
    "bounce": [bounce],
}

# The same ways as far as somebody may still be refused on them: what `delivery.preview` asks, without effect. Where
# the stages run out, the message is taken.
ANSWERS: Routes[Reader] = {
    "incoming": [ingest, room, identify, classify, authorize],
    "automatic": [identify, bring_about],
    "distribute": [would_protect, check_template],
    "moderate": [would_protect, check_template],
    "hold": [would_protect, check_template, may_be_asked],
    "reject": [refusal],
    "owner": [owners_read],
    "editor": [editors_read],
    "command": [read_command, identify],
    "bounce": [],
}

# Where a letter starts, by the address that it came for.
START: dict[Kind, str] = {
    Kind.POST: "incoming",
    Kind.AUTOMATIC: "automatic",
    Kind.OWNER: "owner",
    Kind.EDITOR: "editor",
    Kind.REQUEST: "command",
    Kind.SUBSCRIBE: "command",
    Kind.UNSUBSCRIBE: "command",
    Kind.BOUNCE: "bounce",
}
