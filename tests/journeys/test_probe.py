import httpx, pytest
from storage.tables.words import *
from tests.journeys.hostile_world import *
from lists import rosters, options
from identity.actor import operator
from storage import memberships
from identity.entrance import actor_for_session
from delivery import reception

async def test_flag_leak(hostile):
    h=hostile; w=h.world
    async with w.db.write() as uow:
        m = await memberships.find(uow, h.talk.id, "mallory@example.net")
        await options.update(uow, operator(w.robot), m, is_moderated=True)
    t = await h.session(h.mallory)
    lid = await h.id_of(h.talk, t)
    r = await h.do("mailingListSubscribe", t, {"mailingListId": lid}, "membership { id isModeratedAuthor }")
    print("SUB", r)
    mid = r["membership"]["id"]
    r = await h.do("membershipUpdate", t, {"membershipId": mid, "displayName":"x"}, "membership { id isModeratedAuthor }")
    print("UPD", r)
    r = await h.do("messagePost", t, {"mailingListId": lid, "subject":"x","text":"y"}, "outcome { __typename }")
    print("POST", r)

async def test_scope_query(hostile):
    h=hostile
    tok = await h.api_token(h.mallory, TokenScope.POST)
    print(await h.ask("{viewer{user{displayName}}}", tok))
    lid = await h.id_of(h.talk, await h.session(h.mallory))
    r = await h.do("messagePost", tok, {"mailingListId": lid, "subject":"x","text":"y"}, "query { viewer { user { emailAddresses { email } } } }")
    print("SCOPE", r)

async def test_waiting(hostile):
    h=hostile; w=h.world
    await w.mail_in("announce@lists.example.test", "alice@example.edu", "hi")
    link = await w.newest_link("carol@example.edu")
    r = await w.press(link, "waiting")
    print("WAITING", r.status_code, r.text[-300:])

async def test_archive_addresses(hostile):
    h=hostile; w=h.world
    assert await w.mail_in("talk@lists.example.test", "alice@example.edu", "hi") == 250
    r = await h.browser.get("/lists/talk/archive")
    import re
    link = re.search(r'/lists/talk/archive/[\w-]+', r.text)[0]
    print("ARCH", "alice@example.edu" in (await h.browser.get(link)).text, (await h.browser.get(link+"/raw")).status_code)
    print(await h.ask('{ mailingList(address:"talk@lists.example.test") { archive { messages(first:5, filter:{author:"alice@example.edu"}) { totalCount } } } }'))
    print(await h.ask('{ mailingList(address:"talk@lists.example.test") { archive { messages(first:5, filter:{author:"mallory@example.edu"}) { totalCount } } } }'))

async def test_info(hostile):
    h=hostile; w=h.world
    from lists import mailing_lists
    async with w.db.write() as uow:
        await mailing_lists.update_settings(uow, operator(w.robot), h.talk, {"info":"conceal","description":"deep words"})
    print("INFO", await h.ask('{ mailingList(address:"talk@lists.example.test") { subject description } mailingLists(filter:{search:"deep words"}) { totalCount } }'))

@pytest.mark.parametrize("subject", [b"a\x00b", b"\xff\xfe\xe9", b"=?utf-8?b?AAo=?=", b"a\rb", b"x"*5000, b"=?utf-8?q?a=0D=0ABcc:_x@y?=", b"\xed\xa0\x80 surrogate", "🙂".encode(), b"a\x0bb"])
@pytest.mark.parametrize("to", ["announce","talk","announce-request","announce-owner","announce-editor","announce-subscribe","announce-bounce","listmaster"])
async def test_subject(hostile, subject, to):
    h=hostile; w=h.world
    raw = b"From: Alice <alice@example.edu>\r\nTo: x@y.example\r\nSubject: "+subject+b"\r\nMessage-ID: <a"+str(abs(hash(subject))).encode()+b"@x>\r\n\r\nbody\x00\xff\r\n"
    r = await reception.receive(w.db, "alice@example.edu", f"{to}@lists.example.test", raw)
    assert r.code != 451, (subject, to, r)

@pytest.mark.parametrize("name", ["a.b","a+b","a_b","9x"])
async def test_names(hostile, name):
    h=hostile; w=h.world
    from lists import mailing_lists
    async with w.db.write() as uow:
        await mailing_lists.create_list(uow, operator(w.robot), w.robot, name, "S", {"send":"public","subscribe":"open"}, ["carol@example.edu"])
    for to in (name, f"{name}-subscribe", f"{name}-unsubscribe", f"{name}-request"):
        raw = b"From: alice@example.edu\r\nTo: x@y.example\r\nSubject: help\r\nMessage-ID: <a"+to.encode()+b"@x>\r\n\r\nbody\r\n"
        r = await reception.receive(w.db, "alice@example.edu", f"{to}@lists.example.test", raw)
        assert r.code == 250, (to, r)

@pytest.mark.parametrize("doc,vars", [
 ('query($s:String!){mailingLists(filter:{search:$s}){totalCount}}', {"s":"\u0000"}),
 ('query($s:String!){mailingList(address:"talk@lists.example.test"){subscribers(filter:{search:$s}){totalCount} }}', {"s":"a\u0000"}),
 ('query($s:String!){mailingList(address:"talk@lists.example.test"){archive{messages(filter:{author:$s}){totalCount}} }}', {"s":"a\u0000"}),
 ('query($s:String!){mailingList(address:"announce@lists.example.test"){moderation(filter:{author:$s}){totalCount} }}', {"s":"a\u0000"}),
 ('query($s:String!){robot(domain:$s){domain}}', {"s":"a\u0000"}),
 ('query($s:DateTime!){mailingList(address:"talk@lists.example.test"){archive{messages(filter:{date:{from:$s}}){totalCount}} }}', {"s":"9999-12-31T23:59:59Z"}),
 ('query($s:DateTime!){mailingList(address:"talk@lists.example.test"){archive{messages(filter:{date:{from:$s}}){totalCount}} }}', {"s":"0001-01-01T00:00:00Z"}),
])
async def test_nul(hostile, doc, vars):
    h=hostile
    t = await h.session(h.world.carol)
    print(await h.ask(doc, t, **vars))

NUL="a\u0000b\r\nBcc: x@y"
@pytest.mark.parametrize("name,inp", [
 ("messagePost", {"subject":NUL,"text":"x"}), ("messagePost", {"subject":"x","text":NUL,"html":NUL}),
 ("mailingListUpdate", {"settings":{"subject":NUL}}),("mailingListUpdate", {"settings":{"description":NUL}}),("mailingListUpdate", {"settings":{"subjectTag":NUL}}),
 ("profileUpdate", {"displayName":NUL}), ("apiTokenCreate", {"label":NUL,"scopes":["READ"]}), ("apiTokenCreate", {"label":"x","scopes":["READ"],"expiresAt":"9999-01-01T00:00:00Z"}),
 ("signInStart", {"provider":NUL}), ("signInStart", {"provider":"ticket","identifier":NUL}), ("signInStart", {"provider":"ticket","identifier":"x@y.example","returnTo":NUL}),
 ("signInFinish", {"attemptId":NUL}), ("passwordChange", {"newPassword":NUL+"xxxxx"}), ("passwordChange", {"newPassword":"long enough","currentPassword":NUL}),
 ("emailConfirm", {"email":"x@y.example","code":NUL}),
 ("mailingListCreate", {"name":NUL,"subject":"x"}),("mailingListCreate", {"name":"new","subject":NUL}),
 ("mailingListSubscribe", {"displayName":NUL}),("mailingListSubscribe", {"attributes":[{"key":NUL,"value":NUL}]}),
])
async def test_mut(hostile, name, inp):
    h=hostile
    t = await h.session(h.lena)
    if name.startswith(("messagePost","mailingListU","mailingListS")): inp = {**inp, "mailingListId": await h.id_of(h.talk, t)}
    if name == "mailingListCreate": inp = {**inp, "robotId": (await h.ask("{viewer{robot{id}}}", t))["data"]["viewer"]["robot"]["id"]}
    for key in ({}, {"clientMutationId":"k1"}):
        print(name, await h.do(name, t, {**inp, **key}))

async def test_decide_nul(hostile):
    h=hostile; w=h.world
    await w.mail_in("announce@lists.example.test", "alice@example.edu", "hi")
    t = await h.session(w.carol)
    r = await h.ask('{mailingList(address:"announce@lists.example.test"){moderation(first:5){edges{node{id}}}}}', t)
    i = r["data"]["mailingList"]["moderation"]["edges"][0]["node"]["id"]
    print(await h.do("moderationDecide", t, {"itemIds":[i],"verdict":"REJECT","reason":NUL}))
