"""What can go wrong before a mail server has listened to us at all."""

from mail.status import Reply


class CannotConnect(Exception):
    """The mail server could not be reached or would not talk to us; try again later."""

    code = "CANNOT_CONNECT"

    def __init__(self, reply: Reply) -> None:
        """`reply` is temporary always: what to record for every recipient that was to be sent."""
        super().__init__(f"{reply.code} {reply.enhanced or ''} {reply.text}")
        self.reply = reply


class TlsFailed(CannotConnect):
    """The mail server offered STARTTLS and then failed the handshake."""

    code = "TLS_FAILED"


class GarbledReply(Exception):
    """The peer sent something that is not an SMTP reply."""

    code = "GARBLED_REPLY"
