"""Global ids and cursors: opaque, bound to their robot, and worthless when forged."""

import base64
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.actor import stranger
from identity.refusal import NotFound
from resolvers.context import Context
from resolvers.cursors import cursor, read_cursor
from resolvers.ids import TYPES, global_id, key_of, read_id
from resolvers.problems import CursorInvalid, IdInvalid
from storage.site import Site
from storage.sqlite import SqliteDatabase
from storage.tables.lists import Robot

ROBOT = Robot(7, "example.test", "", "", "en", "", True, 0)


def context_of(folder: Path, robot: Robot = ROBOT, secret: bytes = b"s" * 32) -> Context:
    """A context of this robot on a server with this secret."""
    site = Site("https://example.test", secret)
    return Context(SqliteDatabase(folder / "empty.db", site), stranger(robot))


@pytest.fixture
def here(tmp_path: Path) -> Context:
    """A stranger's context."""
    return context_of(tmp_path)


@pytest.fixture(scope="session")
def one(tmp_path_factory: pytest.TempPathFactory) -> Context:
    """The same for all examples of a property."""
    return context_of(tmp_path_factory.mktemp("ids"))


@given(name=st.sampled_from(sorted(TYPES)), key=st.integers(0, 2**63 - 1))
def test_an_id_is_read_as_it_was_written(one: Context, name: str, key: int) -> None:
    made = global_id(one, name, key)
    assert read_id(one, made) == (name, key)
    assert made.isascii()
    assert len(made) <= 40


@given(
    text=st.text(max_size=40) | st.binary(max_size=40).map(lambda raw: base64.urlsafe_b64encode(raw).decode())
)
def test_what_we_did_not_write_is_no_id(one: Context, text: str) -> None:
    with pytest.raises(IdInvalid):
        read_id(one, text)


@given(place=st.integers(0, 200), change=st.integers(1, 255))
def test_a_changed_id_is_no_id(one: Context, place: int, change: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(global_id(one, "User", 1234) + "=="))
    raw[place % len(raw)] ^= change
    with pytest.raises(IdInvalid):
        read_id(one, base64.urlsafe_b64encode(raw).rstrip(b"=").decode())


def test_an_id_has_one_spelling(here: Context) -> None:
    made = global_id(here, "User", 1)
    for other in (f"{made}=", f"{made}==", f" {made}", f"{made}\n", made + "A"):
        with pytest.raises(IdInvalid):
            read_id(here, other)


def test_an_id_of_another_robot_names_nothing_here(here: Context, tmp_path: Path) -> None:
    elsewhere = context_of(tmp_path, replace(ROBOT, id=8))
    with pytest.raises(NotFound):
        read_id(here, global_id(elsewhere, "User", 1))


def test_an_id_of_another_server_is_forged(here: Context, tmp_path: Path) -> None:
    elsewhere = context_of(tmp_path, secret=b"t" * 32)
    with pytest.raises(IdInvalid):
        read_id(here, global_id(elsewhere, "User", 1))


def test_an_id_of_another_type_does_not_pass(here: Context) -> None:
    made = global_id(here, "Session", 1)
    assert key_of(here, made, "Session", "ApiToken") == 1
    with pytest.raises(IdInvalid):
        key_of(here, made, "ApiToken")


positions = st.tuples(
    st.integers(-(2**63), 2**63 - 1) | st.text(max_size=30) | st.none(), st.integers(0, 2**53)
)


@given(position=positions)
def test_a_cursor_is_read_as_it_was_written(one: Context, position: tuple[int | str | None, ...]) -> None:
    assert read_cursor(one, "lists|NAME ASC", cursor(one, "lists|NAME ASC", position)) == position


def test_a_cursor_belongs_to_its_filter_and_order(here: Context, tmp_path: Path) -> None:
    made = cursor(here, "lists|NAME ASC", ("a", 1))
    elsewhere = context_of(tmp_path, replace(ROBOT, id=8))
    for context, what, text in (
        (here, "lists|NAME DESC", made),
        (elsewhere, "lists|NAME ASC", made),
        (here, "lists|NAME ASC", made[:-2]),
        (here, "lists|NAME ASC", ""),
        (here, "lists|NAME ASC", "é"),
        (here, "lists|NAME ASC", "A" * 5000),
        (here, "lists|NAME ASC", "Incorrect padding"),
    ):
        with pytest.raises(CursorInvalid):
            read_cursor(context, what, text)
