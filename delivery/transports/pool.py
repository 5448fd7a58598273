"""A few connections to one mail server, kept for the next message and lent to one sender at a time."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from delivery.transports.envelope import Envelope, TransactionResult
from delivery.transports.opening import Tls
from delivery.transports.smtp import SmtpConnection
from delivery.transports.timeouts import Timeouts

_DEFAULT = Timeouts()


class SmtpPool:
    """Connections to (host, port): at most `limit`, dropped after `idle` seconds or `messages` messages each."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        hostname: str,
        tls: Tls = "opportunistic",
        context: ssl.SSLContext | None = None,
        timeouts: Timeouts = _DEFAULT,
        limit: int = 4,
        idle: float = 30.0,
        messages: int = 1000,
    ) -> None:
        self._host = host
        self._port = port
        self._hostname = hostname
        self._tls: Tls = tls
        self._context = context
        self._timeouts = timeouts
        self._idle_seconds = idle
        self._messages = messages
        self._slots = asyncio.Semaphore(limit)
        self._idle: list[tuple[SmtpConnection, asyncio.TimerHandle]] = []
        self._goodbyes: set[asyncio.Task[None]] = set()
        self._is_closed = False

    @property
    def idle(self) -> int:
        """How many connections wait to be used."""
        return len(self._idle)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[SmtpConnection]:
        """Lend a usable connection, the one used last if there is one; raises CannotConnect."""
        async with self._slots:
            connection = self._take() or await self._connect()
            try:
                yield connection
            except BaseException:
                connection.abort()
                raise
            self._give_back(connection)

    async def send(
        self, envelope: Envelope, stuffed_data: bytes, *, smtputf8: bool = False, eight_bit: bool = False
    ) -> TransactionResult:
        """Send one message; a kept connection that the peer had closed meanwhile is replaced. Raises CannotConnect."""
        while True:
            async with self.connection() as connection:
                result = await connection.send(envelope, stuffed_data, smtputf8=smtputf8, eight_bit=eight_bit)
            if not result.stale:
                return result

    async def close(self) -> None:
        """Say goodbye on every idle connection; lent ones end when they come back."""
        self._is_closed = True
        while self._idle:
            connection, timer = self._idle.pop()
            timer.cancel()
            self._say_goodbye(connection)
        if self._goodbyes:
            await asyncio.wait(set(self._goodbyes))

    async def _connect(self) -> SmtpConnection:
        return await SmtpConnection.connect(
            self._host,
            self._port,
            hostname=self._hostname,
            tls=self._tls,
            context=self._context,
            timeouts=self._timeouts,
        )

    def _take(self) -> SmtpConnection | None:
        while self._idle:
            connection, timer = self._idle.pop()
            timer.cancel()
            if connection.usable:
                return connection
            connection.abort()
        return None

    def _give_back(self, connection: SmtpConnection) -> None:
        if not connection.usable:
            connection.abort()
        elif self._is_closed or connection.sent >= self._messages:
            self._say_goodbye(connection)
        else:
            loop = asyncio.get_running_loop()
            timer = loop.call_later(self._idle_seconds, self._retire, connection)
            self._idle.append((connection, timer))

    def _retire(self, connection: SmtpConnection) -> None:
        self._idle = [kept for kept in self._idle if kept[0] is not connection]
        self._say_goodbye(connection)

    def _say_goodbye(self, connection: SmtpConnection) -> None:
        task = asyncio.get_running_loop().create_task(connection.quit())
        self._goodbyes.add(task)
        task.add_done_callback(self._goodbyes.discard)
