"""What rules and mails may mention, with the asker's own values."""

from typing import Annotated

import strawberry

from lists import variables
from lists.variables import Variable
from resolvers.context import Info, reading
from resolvers.decisions import What
from schema.enums.scenarios import MailTemplate
from storage.tables.lists import MailingList

WhichMail = Annotated[MailTemplate, strawberry.argument(description="Which mail.")]


async def of_scenario(root: strawberry.Parent[MailingList], info: Info, action: What) -> list[Variable]:
    """What a rule may read."""
    async with reading(info) as reader:
        return await variables.of_scenario(reader, info.context.actor, root, action.value)


async def of_mail(root: strawberry.Parent[MailingList], info: Info, template: WhichMail) -> list[Variable]:
    """What a mail mentions."""
    async with reading(info) as reader:
        return await variables.of_mail(reader, info.context.actor, root, template.value)
