"""Header sections that are huge, old, rare, or about other lists."""

from tests.corpus.building import LIST, head, plain

_BODY = b"\r\nText.\r\n"


def _with(name: str, more: str | bytes) -> bytes:
    return head(name, more=more) + _BODY


_received = "".join(
    f"Received: from relay{n}.example (relay{n}.example [192.0.2.{n}])\r\n\tby relay{n + 1}.example (Postfix) with ESMTPS"
    f" id {n:08X}\r\n\tfor <{LIST}>; Tue,  3 Mar 2026 09:00:{n:02} +0100 (CET)\r\n"
    for n in range(40)
)
_many = ",\r\n ".join(f"Person {n} <person{n}@department{n % 40}.author.example>" for n in range(1_800))
_references = "\r\n ".join(f"<{n:032x}@thread.author.example>" for n in range(300))

MESSAGES = {
    "forty Received": _received.encode() + plain("forty Received", "x\r\n"),
    "a To of 100 kB": _with("a To of 100 kB", f"Cc: {_many}\r\n"),
    "three hundred References": _with("three hundred References", f"References: {_references}\r\n"),
    "a thousand fields": _with("a thousand fields", "".join(f"X-Field-{n}: {n}\r\n" for n in range(1_000))),
    "one field five hundred times": _with("one field five hundred times", "X-Spam-Report: same\r\n" * 500),
    "a subject of 4,000 characters": head("a subject of 4,000 characters", subject="word\r\n " * 800 + "end")
    + _BODY,
    "comments in addresses": _with(
        "comments in addresses", 'Cc: "A, B" (one (two)) <a@b.example>, (c) d@e.example\r\n'
    ),
    "a group in Cc": _with("a group in Cc", "Cc: Friends: a@b.example, c@d.example;, Nobody:;\r\n"),
    "a source route in Cc": _with(
        "a source route in Cc", "Cc: <@relay.example,@b.example:joe@c.example>\r\n"
    ),
    "an address literal": _with("an address literal", "Cc: <root@[192.0.2.1]>, <x@[IPv6:2001:db8::1]>\r\n"),
    "a quoted local part": _with("a quoted local part", 'Cc: <"john \\"q\\" doe"@c.example>\r\n'),
    "Bcc still there": _with("Bcc still there", "Bcc: hidden@c.example\r\n"),
    "resent fields": _with(
        "resent fields",
        "Resent-From: B <b@author.example>\r\nResent-To: corpus@lists.example.org\r\nResent-Date: Tue, 03 Mar 2026 10:00:00 +0100\r\n"
        "Resent-Message-ID: <resent.1@author.example>\r\n",
    ),
    "X-No-Archive": _with("X-No-Archive", "X-No-Archive: yes\r\nArchive: no\r\n"),
    "an expiry": _with(
        "an expiry", "Expires: Tue, 10 Mar 2026 09:00:00 +0100\r\nSupersedes: <old@author.example>\r\n"
    ),
    "importance and sensitivity": _with(
        "importance and sensitivity",
        "Importance: high\r\nX-Priority: 1 (Highest)\r\nPriority: urgent\r\nSensitivity: Company-Confidential\r\n",
    ),
    "asks for receipts": _with(
        "asks for receipts",
        "Disposition-Notification-To: ana@author.example\r\nReturn-Receipt-To: ana@author.example\r\n",
    ),
    "findings of filters": _with(
        "findings of filters",
        "X-Spam-Status: No, score=-1.9 required=5.0 tests=BAYES_00,\r\n\tDKIM_VALID autolearn=ham\r\nX-Virus-Scanned: clamav\r\n"
        "Received-SPF: pass (a) client-ip=192.0.2.1;\r\n",
    ),
    "keywords and comments": _with(
        "keywords and comments", "Keywords: one, two\r\nComments: said\r\nComments: again\r\n"
    ),
    "thread fields": _with(
        "thread fields",
        "Thread-Topic: Topic\r\nThread-Index: AQHZabc0DEF=\r\nIn-Reply-To: <parent@author.example>\r\n",
    ),
    "an Organization of old": _with(
        "an Organization of old", "Organization: Dept. of Physics\r\nX-Face: 'a$b%c\r\n \"d\\e\r\n"
    ),
    "Content-Language and others": _with(
        "Content-Language and others",
        "Content-Language: de-AT\r\nContent-Description: Notes\r\nContent-ID: <c1@author.example>\r\n",
    ),
    "autocrypt": _with(
        "autocrypt",
        "Autocrypt: addr=ana@author.example; prefer-encrypt=mutual;\r\n keydata="
        + "\r\n ".join(["mQENBF" + "A" * 60] * 20)
        + "\r\n",
    ),
    "a Face of many lines": _with(
        "a Face of many lines", "Face: " + "\r\n ".join(["iVBORw0KGgoAAAANSUhEUg"] * 40) + "\r\n"
    ),
    "lower case names": _with("lower case names", "x-lower: a\r\nX-UPPER: b\r\nx-MiXeD: c\r\n"),
    "Reply-To of the author": _with(
        "Reply-To of the author", "Reply-To: Ana <ana.elsewhere@author.example>\r\n"
    ),
    "Reply-To of two": _with("Reply-To of two", "Reply-To: a@author.example, b@author.example\r\n"),
    "tabs after colons": _with("tabs after colons", "X-Tab:\tone\r\nX-Tabs:\t\ttwo\t\r\nX-Blank: \r\n"),
    "followup fields of news": _with(
        "followup fields of news",
        "Newsgroups: comp.mail.misc\r\nFollowup-To: poster\r\nPath: a!b!c\r\nLines: 4\r\n",
    ),
    "fields of another list": _with(
        "fields of another list",
        "List-Post: <mailto:else@example.com>\r\nList-Unsubscribe: <mailto:else-leave@example.com>\r\nX-Mailing-List: else\r\n",
    ),
    "a Sender of the author's": _with("a Sender of the author's", "Sender: secretary@author.example\r\n"),
}
