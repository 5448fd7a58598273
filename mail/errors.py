"""What can be wrong with an address or a message, each with a stable code and a sentence to act on."""


class BadAddress(ValueError):
    """This is not a mail address that we can use; write it as name@example.org."""

    code = "BAD_ADDRESS"


class BadMessage(ValueError):
    """This message cannot be used as it is."""

    code = "BAD_MESSAGE"


class EmptyMessage(BadMessage):
    """The message is empty; send one with a header section and a text."""

    code = "EMPTY_MESSAGE"


class AuthorUnclear(BadMessage):
    """The message must name exactly one author in exactly one From field."""

    code = "AUTHOR_UNCLEAR"


class UnsafeField(BadMessage):
    """A field may not hold line breaks, control characters or a line of more than 998 octets."""

    code = "UNSAFE_FIELD"
