"""What scenarios may read of a list is what a list has."""

from dataclasses import fields

from scenarios.parameters import READABLE
from storage.tables.lists import MailingList

# Numbers of rows mean nothing in a text, and these two are read as [custom_vars->…] and [family->…].
_NOT_PLAIN = {"id", "robot_id", "custom_vars", "family_id", "topics", "header", "footer", "footer_html"}


def test_every_setting_of_a_list_can_be_read_as_list_arrow_name() -> None:
    names = {field.name.rstrip("_") for field in fields(MailingList)} - _NOT_PLAIN
    assert names - READABLE == set()
