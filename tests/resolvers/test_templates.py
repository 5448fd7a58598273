"""Headers and footers through the API: set by owners, checked, previewed, and for nobody else's eyes."""

import pytest

from tests.resolvers.lists_world import Scene
from tests.server.graphql_world import HOST

SET = """mutation ($input: MailingListUpdateInput!) { mailingListUpdate(input: $input) {
  mailingList { settings { header footer footerHtml merge } } userErrors { path message } } }"""
SEEN = (
    "query ($a: EmailAddress!) { mailingList(address: $a) { settings { header footer footerHtml merge } } }"
)
TRY = """query ($a: EmailAddress!, $t: String!) { mailingList(address: $a) {
  templatePreview(template: $t, html: true) templateVariables(template: POST) { name values } } }"""


async def test_owners_set_them_and_others_do_not_read_them(scene: Scene) -> None:
    wanted = {
        "header": "Top",
        "footer": "-- \n{{ person.email }}",
        "footerHtml": "<p>{{ person.email }}</p>",
        "merge": "OWNERS",
    }
    given = {"mailingListId": await scene.id_of("talk"), "settings": wanted}
    done = (await scene.data("owner", SET, input=given))["mailingListUpdate"]
    assert done["userErrors"] == []
    assert done["mailingList"]["settings"] == wanted
    others = (await scene.data("subscriber", SEEN, a=f"talk@{HOST}"))["mailingList"]["settings"]
    assert others == {"header": None, "footer": None, "footerHtml": None, "merge": "OWNERS"}
    cleared = {"mailingListId": given["mailingListId"], "settings": {"footer": None}}
    done = (await scene.data("owner", SET, input=cleared))["mailingListUpdate"]
    assert done["mailingList"]["settings"]["footer"] is None


@pytest.mark.parametrize("member", ["header", "footer", "footerHtml"])
async def test_a_bad_template_is_told_with_its_member_and_line(scene: Scene, member: str) -> None:
    given = {"mailingListId": await scene.id_of("talk"), "settings": {member: "one\n{{ ''.__class__ }}"}}
    done = (await scene.data("owner", SET, input=given))["mailingListUpdate"]
    [error] = done["userErrors"]
    assert error["path"] == ["input", "settings", member]
    assert "in line 2, " in error["message"]


async def test_a_preview_is_the_owners_own_and_for_owners(scene: Scene) -> None:
    text = "{{ person.email }} <b>{{ list.name }}</b>"
    found = (await scene.data("owner", TRY, a=f"talk@{HOST}", t=text))["mailingList"]
    assert found["templatePreview"] == "carol@example.edu <b>talk</b>"
    values = {each["name"]: each["values"] for each in found["templateVariables"]}
    assert values["list.address"] == [f"talk@{HOST}"]
    refused = await scene.ask("subscriber", TRY, a=f"talk@{HOST}", t=text)
    assert refused["data"]["mailingList"]["templatePreview"] is None
    assert refused["errors"][0]["path"] == ["mailingList", "templatePreview"]
