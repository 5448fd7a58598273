"""Members come and go as files: with every encoding and separator that people use, and nothing lost or let in."""

import io
from collections.abc import AsyncIterator, Iterable

import pytest

from identity.actor import operator
from lists import csv_import
from lists.authorize import Rejected
from lists.csv_export import export_members
from lists.csv_import import ImportReport, import_members
from lists.csv_rows import BadHeader, escaped, unescaped
from lists.offices import OwnersOnly
from storage import memberships, subscribers
from storage.keyset import Window
from storage.tables.lists import MailingList, Membership
from storage.tables.words import Reception, Visibility
from tests.lists.world import World


async def imported(
    world: World, mlist: MailingList, raw: bytes, *, quiet: bool = True, dry_run: bool = False
) -> ImportReport:
    return await import_members(
        world.database, operator(world.home), mlist, io.BytesIO(raw), quiet=quiet, dry_run=dry_run
    )


async def everybody(world: World, mlist: MailingList) -> list[Membership]:
    async with world.database.read() as reader:
        return (await subscribers.page_of_list(reader, mlist.id, Window(100))).rows


async def exported(world: World, mlist: MailingList) -> bytes:
    async with world.database.read() as reader:
        return b"".join([piece async for piece in export_members(reader, operator(world.home), mlist)])


async def test_all_columns_are_read(world: World) -> None:
    mlist = await world.make("info")
    report = await imported(
        world,
        mlist,
        b"Email,display_name,reception,visibility,skips_addressed_copies,attribute.floor\r\n"
        b'Ann@X.example,"Lovelace, Ann",digest,conceal,True,3\r\n\r\nbob@x.example,,,,,\r\n',
    )
    ann, bob = await everybody(world, mlist)
    assert (ann.skips_addressed_copies, bob.skips_addressed_copies) == (True, None)
    assert (report.added, report.problems) == (2, [])
    assert (ann.address, ann.display_name) == ("Ann@x.example", "Lovelace, Ann")
    assert (ann.reception, ann.visibility, ann.attributes) == (
        Reception.DIGEST,
        Visibility.CONCEAL,
        '{"floor":"3"}',
    )
    assert (bob.reception, bob.visibility, bob.attributes) == (Reception.MAIL, Visibility.NOCONCEAL, "{}")


@pytest.mark.parametrize(
    "raw",
    [
        "\ufeffemail;display_name\r\nann@x.example;Zoë, née Ä\r\n".encode(),
        'email,display_name\nann@x.example,"Zoë, née Ä"\n'.encode("latin-1"),
        'display_name,email\r"Zoë, née Ä",ann@x.example\r'.encode(),
        'email;display_name\n"ann@x.example";"Zoë, née Ä"'.encode(),
    ],
)
async def test_marks_separators_and_encodings_of_all_sorts_are_understood(world: World, raw: bytes) -> None:
    mlist = await world.make("info")
    report = await imported(world, mlist, raw)
    assert report.problems == []
    [ann] = await everybody(world, mlist)
    assert (ann.address, ann.display_name) == ("ann@x.example", "Zoë, née Ä")


async def test_bad_lines_are_told_by_their_number_and_stop_nobody(world: World) -> None:
    mlist = await world.make("info")
    report = await imported(
        world,
        mlist,
        b'email,display_name,reception\nann@x.example,"two\nlines",mail\nnobody,,\n,Name,\n\n'
        b"bob@x.example,,sometimes\ncid@x.example,a,mail,more\nann@X.example,again,\nlast@x.example,x\x00y,\n"
        b"eve@x.example,,\n",
    )
    assert [(bad.line, bad.code) for bad in report.problems] == [
        (4, "INVALID"),
        (5, "REQUIRED"),
        (7, "INVALID"),
        (8, "INVALID"),
        (10, "INVALID"),
    ]
    assert (report.added, report.already, report.failed, report.lines) == (2, 1, 5, 8)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n\n",
        b"ann@x.example,Ann,digest\n",
        b"email,colour\n",
        b"email,email\n",
        b"display_name\nann@x.example\n",
    ],
)
async def test_a_file_without_its_header_is_refused(world: World, raw: bytes) -> None:
    mlist = await world.make("info")
    with pytest.raises(BadHeader):
        await imported(world, mlist, raw)


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"ann@x.example\nbob@x.example\n", ""),
        (b"ann@x.example;Ann\r\nbob@x.example;Bob\r\n", "Ann"),
        (b'"ann@x.example","Ann"\nbob@x.example\n', "Ann"),
        (b"address,name\nann@x.example,Ann\nbob@x.example,\n", "Ann"),
    ],
)
async def test_a_bare_list_of_addresses_with_or_without_names_is_taken(
    world: World, raw: bytes, name: str
) -> None:
    mlist = await world.make("info")
    assert (await imported(world, mlist, raw)).added == 2
    ann, bob = await everybody(world, mlist)
    assert (ann.address, ann.display_name, bob.address) == ("ann@x.example", name, "bob@x.example")


async def test_a_dry_run_counts_and_changes_nothing(world: World) -> None:
    mlist = await world.make("info")
    await world.put(mlist, "ann@x.example")
    events = await world.events()
    report = await imported(
        world, mlist, b"email\nann@x.example\nbob@x.example\nbob@x.example\nbad\n", dry_run=True, quiet=False
    )
    assert (report.added, report.already, report.failed, report.dry_run) == (1, 2, 1, True)
    assert [each.address for each in await everybody(world, mlist)] == ["ann@x.example"]
    assert (await world.mails(), await world.events()) == ([], events)


async def test_importing_again_changes_nobody(world: World) -> None:
    mlist = await world.make("info")
    await imported(world, mlist, b"email,reception\nann@x.example,digest\n")
    report = await imported(world, mlist, b"email,reception\nANN@x.example,nomail\n")
    [ann] = await everybody(world, mlist)
    assert (report.added, report.already, ann.reception) == (0, 1, Reception.DIGEST)


async def test_only_those_who_may_add_may_import(world: World) -> None:
    mlist = await world.make("info")
    await world.office(mlist, "owner@x.example")
    raw = io.BytesIO(b"email\nann@x.example\n")
    with pytest.raises(Rejected):
        await import_members(world.database, world.person("eve@x.example"), mlist, raw)
    report = await import_members(world.database, world.person("owner@x.example"), mlist, raw, quiet=True)
    assert report.added == 1
    assert [event for event, *_ in await world.events()][-2:] == ["members_added", "members_imported"]


async def test_a_file_arrives_in_pieces_and_its_progress_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_import, "CHUNK", 2)

    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"ema", b"il\nann@x.exa", b"mple\nbob@x.example\ncid@x.example\n"):
            yield piece

    mlist, heard = await world.make("info"), list[int]()
    report = await import_members(
        world.database, operator(world.home), mlist, pieces(), quiet=True, progress=heard.append
    )
    assert (report.added, heard) == (3, [2, 3])


async def test_new_members_are_greeted_with_one_text_for_all(world: World) -> None:
    mlist = await world.make("info")
    await imported(world, mlist, b"email\nann@x.example\nbob@x.example\n", quiet=False)
    [mail] = await world.mails()
    assert mail.message.first("To") == "info-request@a.example"
    assert "You are now subscribed" in mail.text


async def test_a_formula_leaves_as_text_and_comes_back_as_it_was(world: World) -> None:
    mlist = await world.make("info")
    names = ["=1+1", "+49", "-3", "@home", "'quoted", "plain", "a=b"]
    async with world.database.write() as uow:
        rows = [
            memberships.row(
                address=f"{sign}p{n}@x.example", address_key=f"{sign}p{n}@x.example", display_name=name
            )
            for n, (sign, name) in enumerate(zip("=+-'abc", names, strict=True))
        ]
        await memberships.add_many(uow, mlist.id, rows)
    raw = await exported(world, mlist)
    for line in raw.decode().splitlines()[1:]:
        for value in line.split(","):
            assert not value.strip('"').startswith(("=", "+", "-", "@"))
    copy = await world.make("copy")
    report = await imported(world, copy, raw)
    assert report.problems == []
    shown = [(each.address, each.display_name) for each in await everybody(world, mlist)]
    assert [(each.address, each.display_name) for each in await everybody(world, copy)] == shown


@pytest.mark.parametrize("value", ["", "a", "=a", "'=a", "''a", "'a", "@", "\ta", "+", "-1"])
def test_escaping_is_undone_exactly(value: str) -> None:
    assert unescaped(escaped(value)) == value


async def test_an_export_is_for_owners(world: World) -> None:
    mlist = await world.make("info", review="public")
    async with world.database.read() as reader:
        with pytest.raises(OwnersOnly):
            await anext(export_members(reader, world.person("eve@x.example"), mlist))


async def test_attributes_of_anybody_are_columns(world: World) -> None:
    mlist = await world.make("info")
    await imported(
        world,
        mlist,
        b"email,attribute.b,attribute.a,skips_addressed_copies\nann@x.example,1,,\nbob@x.example,,2,no\n",
    )
    lines = (await exported(world, mlist)).decode().splitlines()
    assert lines == [
        "email,display_name,reception,visibility,skips_addressed_copies,attribute.a,attribute.b",
        "ann@x.example,,mail,noconceal,,,1",
        "bob@x.example,,mail,noconceal,false,2,",
    ]


@pytest.mark.slow
async def test_a_hundred_thousand_lines_arrive_complete(world: World) -> None:
    mlist = await world.make("info")

    def lines() -> Iterable[bytes]:
        yield b"email,display_name\n"
        for n in range(100_000):
            yield b"person%d@d%d.example,Person %d\n" % (n, n % 97, n)

    report = await imported(world, mlist, b"".join(lines()))
    async with world.database.read() as reader:
        count = await subscribers.count_of_list(reader, mlist.id)
    assert (report.added, report.failed, count) == (100_000, 0, 100_000)
