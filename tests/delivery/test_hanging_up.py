"""A mail server that hangs up on one message is still there for the others, as long as it takes some."""

from delivery.servers import MailServer, MailServers
from mail.status import Reply

TOO_MANY = Reply(421, "4.7.0", "Error: too many errors")


class Seconds:
    """A clock that a test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_server_that_takes_other_mail_is_not_left_out() -> None:
    clock = Seconds()
    servers = MailServers([MailServer("127.0.0.1", 25)], clock=clock)
    (state,) = servers.states
    servers.worked(state)
    clock.now += 1
    servers.hung_up(state, TOO_MANY)
    assert (servers.out_for(), state.failures) == (0, 0)


def test_one_that_has_taken_nothing_for_a_while_is_left_out_for_ever_longer() -> None:
    clock = Seconds()
    servers = MailServers([MailServer("127.0.0.1", 25)], clock=clock)
    (state,) = servers.states
    servers.worked(state)
    pauses = []
    for _ in range(4):
        clock.now += 10
        servers.hung_up(state, TOO_MANY)
        pauses.append(servers.out_for())
    assert pauses == [0.5, 1, 2, 4]


def test_one_that_cannot_be_reached_is_left_out_though_it_has_just_taken_mail() -> None:
    servers = MailServers([MailServer("127.0.0.1", 25)], clock=Seconds())
    (state,) = servers.states
    servers.worked(state)
    servers.failed(state, TOO_MANY)
    assert servers.out_for() == 0.5
