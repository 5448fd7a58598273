"""Texts and subjects in the charsets that people have written in since the eighties, and in some that nobody knows."""

import base64
import quopri

from tests.corpus.building import head, in_base64, plain

_TEXTS = {
    "iso-2022-jp": "会議の日程について\r\n\r\n来週の火曜日はいかがでしょうか。\r\n",
    "shift_jis": "お世話になっております。表とソースの件です。\r\n",
    "euc-jp": "資料を添付しました。\r\n",
    "euc-kr": "안녕하세요. 회의록을 보냅니다.\r\n",
    "gb2312": "大家好,附件是会议记录。\r\n",
    "gb18030": "大家好,𠀀是扩展区的字。\r\n",
    "big5": "各位好,會議改到星期三。\r\n",
    "koi8-r": "Добрый день! Собрание переносится.\r\n",
    "koi8-u": "Добрий день! Її перенесено.\r\n",
    "windows-1250": "Příliš žluťoučký kůň\r\n",
    "windows-1251": "Протокол собрания — «черновик»\r\n",
    "windows-1252": "Smart “quotes” – and dashes… 5 €\r\n",
    "windows-1253": "Καλημέρα σας\r\n",
    "windows-1254": "Toplantı yarın değil\r\n",
    "windows-1255": "שלום לכולם\r\n",
    "windows-1256": "السلام عليكم\r\n",
    "windows-1257": "Labas rytas, ačiū\r\n",
    "windows-1258": "Chào anh\r\n",
    "iso-8859-1": "Grüße aus Köln, señor\r\n",
    "iso-8859-2": "Zażółć gęślą jaźń\r\n",
    "iso-8859-5": "Здравствуйте\r\n",
    "iso-8859-7": "Αθήνα\r\n",
    "iso-8859-8": "ירושלים\r\n",
    "iso-8859-9": "İstanbul'da görüşürüz\r\n",
    "iso-8859-15": "Ça coûte 10 €\r\n",
    "tis-620": "สวัสดีครับ\r\n",
    "macintosh": "Café “déjà vu” ∞\r\n",
    "cp437": "ÄÖÜ ░▒▓\r\n",
    "utf-8": "Ünïcödé ✓ 🎉\r\n",
}
_PYTHON = {"macintosh": "mac_roman"}


def _codec(charset: str) -> str:
    return _PYTHON.get(charset, charset)


def _in_eight_bits() -> dict[str, bytes]:
    return {
        f"a text in {charset}": plain(
            f"a text in {charset}",
            text.encode(_codec(charset)),
            charset=charset,
            encoding="7bit" if charset == "iso-2022-jp" else "8bit",
        )
        for charset, text in _TEXTS.items()
    }


def _with_subject() -> dict[str, bytes]:
    """Alternately B and Q encoded words, and a base64 or a quoted-printable body."""
    made: dict[str, bytes] = {}
    for number, (charset, text) in enumerate(_TEXTS.items()):
        raw = text.strip().splitlines()[0].encode(_codec(charset))
        name = f"a subject in {charset}"
        if number % 2 or charset == "iso-2022-jp":
            word = f"=?{charset.upper()}?B?{base64.b64encode(raw).decode()}?="
            body, encoding = in_base64(text.encode(_codec(charset))), "base64"
        else:
            quoted = "".join(
                chr(o) if chr(o).isascii() and chr(o).isalnum() else "_" if o == 32 else f"={o:02X}"
                for o in raw
            )
            word = f"=?{charset}?q?{quoted}?="
            body = quopri.encodestring(text.replace("\r\n", "\n").encode(_codec(charset))).replace(
                b"\n", b"\r\n"
            )
            encoding = "quoted-printable"
        made[name] = plain(name, body, charset=charset, encoding=encoding, subject=word)
    return made


def _undeclared() -> dict[str, bytes]:
    made = {}
    for charset in ("iso-8859-1", "koi8-r", "shift_jis", "gb18030", "windows-1255"):
        name = f"an undeclared subject in {charset}"
        line = _TEXTS[charset].strip().splitlines()[0].encode(charset)
        made[name] = head(name, subject=None) + b"Subject: " + line + b"\r\n\r\n" + line + b"\r\n"
    return made


def _nonsense() -> dict[str, bytes]:
    return {
        "utf-7": plain("utf-7", b"Hi Mom +Jjo-!\r\n", charset="utf-7", encoding="7bit"),
        "utf-7 in the subject": plain("utf-7 in the subject", "x\r\n", subject="=?utf-7?Q?Hi_+Jjo-?="),
        "utf-16 with a mark": plain("utf-16 with a mark", "Zwei\u00e4".encode("utf-16"), charset="utf-16"),
        "utf-16be without": plain("utf-16be without", "\u4e2d\u6587".encode("utf-16-be"), charset="utf-16be"),
        "utf-16 said and ascii sent": plain("utf-16 said and ascii sent", b"ascii\r\n", charset="utf-16"),
        "utf-32": plain("utf-32", in_base64("\u4e2d".encode("utf-32")), charset="utf-32", encoding="base64"),
        "an unknown charset": plain("an unknown charset", b"\xa1\xa2\r\n", charset="x-mac-klingon"),
        "charset unknown-8bit": plain("charset unknown-8bit", b"caf\xe9\r\n", charset="unknown-8bit"),
        "charset default": plain("charset default", b"na\xefve\r\n", charset='"default"'),
        "an empty charset": plain("an empty charset", b"x\r\n", charset='""'),
        "ascii said and latin sent": plain("ascii said and latin sent", b"caf\xe9\r\n", charset="us-ascii"),
        "utf-8 said and latin sent": plain("utf-8 said and latin sent", b"caf\xe9\r\n"),
        "overlong utf-8": plain("overlong utf-8", b"\xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80\r\n"),
        "a mark before utf-8": plain("a mark before utf-8", b"\xef\xbb\xbftext\r\n"),
        "an escape left open": plain(
            "an escape left open", b"\x1b$B2q5D\r\n", charset="iso-2022-jp", encoding="7bit"
        ),
        "a binary encoding": plain("a binary encoding", bytes(range(32, 256)) + b"\r\n", encoding="binary"),
        "ascii art in cp437": plain("ascii art in cp437", bytes(range(176, 224)) + b"\r\n", charset="ibm437"),
    }


MESSAGES = _in_eight_bits() | _with_subject() | _undeclared() | _nonsense()
