"""A disk that is nearly full is told from one that has room, and the doors say so before they take anything."""

from pathlib import Path

from delivery.door.envelope import LmtpSession
from delivery.reception import Reception
from delivery.screening import Screening
from server.disk import room_on
from storage.database import Database
from tests.delivery.test_flow import a_list


def test_room_is_what_is_left_above_what_is_kept(tmp_path: Path) -> None:
    assert room_on(tmp_path, 0)()
    assert room_on(tmp_path, 1)()
    assert not room_on(tmp_path, 2**62)()
    assert room_on(tmp_path / "gone", 1)()


async def test_without_room_both_doors_say_later(sqlite: Database) -> None:
    _, mlist = await a_list(sqlite)
    lmtp = Reception(sqlite, has_room=lambda: False)
    milter = Screening(sqlite, has_room=lambda: False)
    reply = await lmtp.recipient(LmtpSession("127.0.0.1"), "", mlist.address, {})
    screened = await milter.recipient(mlist.address)
    assert screened is not None
    assert (reply.code, screened.code) == (452, 452)
    assert await milter.recipient("x@elsewhere.example") is None
