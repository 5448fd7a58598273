"""People and their addresses, as the API shows them."""

import strawberry

from resolvers import people
from schema.binding import computed, mirrors, shown
from schema.foundations import Node, node_id
from schema.scalars import DateTime, EmailAddress, Locale
from storage.tables.people import Person


@strawberry.type(description="A person, however many addresses.")
@mirrors(Person)
class User(Node):
    """A person, however many addresses."""

    id: strawberry.ID = node_id("User")
    display_name: str | None = computed(people.display_name, "Name as the person writes it.")
    locale: Locale | None = shown("Preferred language.")
    main_email: EmailAddress = computed(lambda root, _: root.main_address, "The address of the account.")
    created_at: DateTime = shown("First seen.")
