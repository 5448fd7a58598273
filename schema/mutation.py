"""Where changing starts: the changes of each part, in one root."""

import strawberry

from schema.people import PeopleMutations
from schema.sessions import SessionMutations
from schema.sign_in import SignInMutations


@strawberry.type(description="Where changing starts. Fields run one after another.")
class Mutation(SignInMutations, SessionMutations, PeopleMutations):
    """Where changing starts."""
