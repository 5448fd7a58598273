"""Names, addresses and subjects beyond ASCII: encoded, long, from right to left, and as they are (RFC 6532)."""

import base64

from tests.corpus.building import LIST, head, multipart, part, plain, typed

_LONG = "Donaudampfschifffahrtsgesellschaftskapitänskajütentürschloss "


def _word(text: str) -> str:
    return f"=?UTF-8?B?{base64.b64encode(text.encode()).decode()}?="


def _from(name: str, sender: str, *, subject: str = "") -> bytes:
    return plain(name, "x\r\n", sender=sender, subject=subject)


MESSAGES = {
    "an address in UTF-8": _from("an address in UTF-8", "Дмитрий <дмитрий@пример.example>"),
    "a UTF-8 local part": _from("a UTF-8 local part", "<用户@author.example>"),
    "a UTF-8 domain": _from("a UTF-8 domain", "Ana <ana@bücher.example>"),
    "a punycode domain": _from("a punycode domain", "Ana <ana@xn--bcher-kva.example>"),
    "a raw UTF-8 name": _from("a raw UTF-8 name", "Zoë Łukasz <zoe@author.example>"),
    "a raw UTF-8 subject": _from("a raw UTF-8 subject", "ana@author.example", subject="Überraschung für 你"),
    "raw UTF-8 in Cc": head("raw UTF-8 in Cc", more="Cc: Jürgen <jürgen@author.example>\r\nX-Ünix: Grüße\r\n")
    + b"\r\nx\r\n",
    "message/global": head(
        "message/global", more='MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="g"\r\n'
    )
    + b"\r\n"
    + multipart(
        "g",
        [
            part(
                "message/global",
                "From: 用户 <用户@例え.example>\r\nSubject: 件名\r\n\r\n本文\r\n",
                more="Content-Transfer-Encoding: 8bit\r\n",
            )
        ],
    ),
    "message/global-headers": typed(
        "message/global-headers",
        'multipart/mixed; boundary="g"',
        multipart("g", [part("message/global-headers", "Subject: 件名\r\n\r\n")]),
    ),
    "a Hebrew name": _from(
        "a Hebrew name", f"{_word('דָּוִד בֶּן־גוּרְיוֹן')} <d@author.example>", subject=_word("שלום")
    ),
    "an Arabic name": _from(
        "an Arabic name", f"{_word('محمد عبد الله')} <m@author.example>", subject=_word("مرحبا بالجميع")
    ),
    "overrides of direction": _from(
        "overrides of direction", f"{_word('evil' + chr(0x202E) + 'gpj.exe')} <e@author.example>"
    ),
    "emoji in the subject": _from(
        "emoji in the subject", "ana@author.example", subject=_word("🎉👩‍👩‍👧‍👦🏳️‍🌈")
    ),
    "raw emoji in the subject": _from("raw emoji in the subject", "ana@author.example", subject="🚀 los"),
    "combining letters": _from("combining letters", "ana@author.example", subject=_word("Z̸̡a̵l̶g̷o̴ é vs é")),
    "long encoded words": _from("long encoded words", "ana@author.example", subject=_word(_LONG * 8)),
    "many encoded words": _from(
        "many encoded words", "ana@author.example", subject="\r\n ".join(_word(_LONG) for _ in range(30))
    ),
    "a letter cut in two words": _from(
        "a letter cut in two words", "ana@author.example", subject="=?utf-8?Q?Gr=C3?= =?utf-8?Q?=BC=C3=9Fe?="
    ),
    "encoded words with a language": _from(
        "encoded words with a language", "ana@author.example", subject="=?utf-8*de?Q?Gr=C3=BC=C3=9Fe?="
    ),
    "encoded words that touch": _from(
        "encoded words that touch", "ana@author.example", subject="=?utf-8?Q?a?==?utf-8?Q?b?= x=?utf-8?Q?c?="
    ),
    "a broken encoded word": _from(
        "a broken encoded word", "ana@author.example", subject="=?utf-8?B?4pyT?x =?utf-8?Q?=ZZ?= =?a?"
    ),
    "an encoded word in quotes": _from(
        "an encoded word in quotes", '"=?utf-8?Q?Zo=C3=AB?=" <zoe@author.example>'
    ),
    "a line break in an encoded word": _from(
        "a line break in an encoded word",
        "ana@author.example",
        subject="=?utf-8?Q?one=0D=0ABcc:_x@y.example?=",
    ),
    "an attachment named by RFC 2231": typed(
        "an attachment named by RFC 2231",
        'multipart/mixed; boundary="f"',
        multipart(
            "f",
            [
                part(
                    "application/pdf; name*0*=utf-8''%E4%BC%9A;\r\n name*1*=%E8%AD%B0.pdf",
                    "%PDF\r\n",
                    more="Content-Disposition: attachment; filename*=UTF-8''%e4%bc%9a.pdf\r\n",
                )
            ],
        ),
    ),
    "an attachment named by encoded words": typed(
        "an attachment named by encoded words",
        'multipart/mixed; boundary="f"',
        multipart("f", [part(f'application/pdf; name="{_word("会議.pdf")}"', "%PDF\r\n")]),
    ),
    "a raw attachment name": typed(
        "a raw attachment name",
        'multipart/mixed; boundary="f"',
        multipart("f", [part('application/pdf; name="Prüfung.pdf"', "%PDF\r\n")]),
    ),
    "a name that looks like an address": _from(
        "a name that looks like an address", f'"boss@{LIST.partition("@")[2]}" <ana@author.example>'
    ),
    "a name of commas and quotes": _from(
        "a name of commas and quotes", '"O\'Hara, \\"Pat\\" (Dr.)" <pat@author.example>'
    ),
    "zero-width letters": _from(
        "zero-width letters",
        f"{_word('A' + chr(0x200B) + 'na')} <ana@author.example>",
        subject=_word("in" + chr(0xAD) + "visible"),
    ),
}
