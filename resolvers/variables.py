"""What rules and mails may mention, with the asker's own values."""

from typing import Annotated

import strawberry

from lists import template_preview, variables
from lists.variables import Variable
from resolvers.context import Info, reading
from resolvers.decisions import What
from schema.enums.scenarios import MailTemplate
from storage.tables.lists import MailingList

WhichMail = Annotated[MailTemplate, strawberry.argument(description="Which mail.")]
WhichText = Annotated[str, strawberry.argument(description="The text of a header or footer.")]
IsHtml = Annotated[bool, strawberry.argument(description="It is HTML: values are escaped in it.")]


async def of_scenario(root: strawberry.Parent[MailingList], info: Info, action: What) -> list[Variable]:
    """What a rule may read."""
    async with reading(info) as reader:
        return await variables.of_scenario(reader, info.context.actor, root, action.value)


async def of_mail(root: strawberry.Parent[MailingList], info: Info, template: WhichMail) -> list[Variable]:
    """What a mail mentions."""
    async with reading(info) as reader:
        actor = info.context.actor
        if template is MailTemplate.POST:
            may_know = await variables.may_read_about(reader, actor, root)
            return await template_preview.of_posts(reader, actor, root, may_know=may_know)
        return await variables.of_mail(reader, actor, root, template.value)


async def preview(
    root: strawberry.Parent[MailingList], info: Info, template: WhichText, html: IsHtml = False
) -> str:
    """What a template would say in the asker's own copy."""
    async with reading(info) as reader:
        return await template_preview.preview(reader, info.context.actor, root, template, is_html=html)
