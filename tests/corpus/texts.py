"""Plain texts in which each blank, dot and line end means something."""

import binascii

from tests.corpus.building import head, in_base64, noise, plain, typed

_PATCH = """\
From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\r
---\r
 src/file.c | 4 ++--\r
 1 file changed, 2 insertions(+), 2 deletions(-)\r
\r
diff --git a/src/file.c b/src/file.c\r
index 83db48f..bf2a5e1 100644\r
--- a/src/file.c\r
+++ b/src/file.c\r
@@ -1,4 +1,4 @@\r
 int main(void)\r
 {\r
-\treturn 1; \r
+\treturn 0;\t\r
 }\r
\\ No newline at end of file\r
-- \r
2.43.0\r
\r
"""
_YENC = (
    b"=ybegin line=128 size=300 name=a.bin\r\n"
    + noise(300).translate(None, b"\0\r\n=.")
    + b"\r\n=yend size=300\r\n"
)


def _uu(data: bytes) -> bytes:
    lines = [binascii.b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45)]
    return (
        b"begin 644 data.bin\r\n" + b"".join(line.replace(b"\n", b"\r\n") for line in lines) + b"`\r\nend\r\n"
    )


MESSAGES = {
    "a patch": plain("a patch", _PATCH, subject="[PATCH v2 1/3] file: return success"),
    "a patch without a version": head("a patch without a version", subject="[PATCH] x")
    + b"\r\n"
    + _PATCH.encode(),
    "a patch attached": typed(
        "a patch attached", "text/x-patch; name=0001.patch", _PATCH, more="Content-Disposition: inline\r\n"
    ),
    "format=flowed": typed(
        "format=flowed",
        "text/plain; format=flowed",
        "A line that \r\ngoes on \r\nhere.\r\n>> quoted \r\n>> too\r\n-- \r\nAna\r\n",
    ),
    "format=flowed with DelSp": typed(
        "format=flowed with DelSp",
        "text/plain; format=flowed; delsp=yes",
        "one wo \r\nrd\r\n From stuffed\r\n",
    ),
    "lines of dots": plain("lines of dots", ".\r\n..\r\n...\r\n.a\r\n..b\r\n. \r\n\r\n."),
    "a lone dot at the end": plain("a lone dot at the end", "end\r\n."),
    "From and >From": plain(
        "From and >From", "From here on\r\n>From there\r\n>>From mbox\r\nFrom: not a field\r\n"
    ),
    "a signature delimiter": plain(
        "a signature delimiter", "Text.\r\n\r\n-- \r\nAna Author\r\n+49 30 12345\r\n"
    ),
    "a signature delimiter twice": plain(
        "a signature delimiter twice", "Text.\r\n-- \r\nAna\r\n-- \r\nA list's old footer\r\n"
    ),
    "quoted nine deep": plain(
        "quoted nine deep", "".join(f"{'>' * n} level {n}\r\n" for n in range(9, 0, -1)) + "Yes.\r\n"
    ),
    "bottom of a digest": plain(
        "bottom of a digest", "Today's Topics:\r\n\r\n   1. One\r\n\r\n" + "-" * 70 + "\r\n\r\nMessage: 1\r\n"
    ),
    "uuencoded": plain("uuencoded", _uu(noise(300)), encoding="7bit"),
    "yEnc": plain("yEnc", _YENC, charset="x-yenc"),
    "tabs and form feeds": plain("tabs and form feeds", "a\tb\tc\r\n\x0c\r\npage two\r\n"),
    "two hundred kilobytes of text": plain(
        "two hundred kilobytes of text", ("All work and no play. " * 3 + "\r\n") * 3_000
    ),
    "one character": plain("one character", "x"),
    "a command in the body": plain(
        "a command in the body", "subscribe corpus Ana\r\nQUIT\r\n", subject="about commands"
    ),
    "lines that look like SMTP": plain(
        "lines that look like SMTP", "DATA\r\n354 go on\r\nMAIL FROM:<x@y>\r\n.\r\nRSET\r\n"
    ),
    "a field in the body": plain("a field in the body", "Subject: again\r\n\r\nApproved: hunter2\r\n"),
    "templates in the text": plain(
        "templates in the text", "{{ person.name }} {% raw %} %s ${x} [% list %] <%= a %>\r\n"
    ),
    "text in base64": plain("text in base64", in_base64("Ünïcödé\r\nlines\r\n".encode()), encoding="base64"),
    "empty lines at the end": plain("empty lines at the end", "Text.\r\n\r\n\r\n\r\n\r\n"),
    "a table of blanks": plain("a table of blanks", "a     b     c\r\n1     2     3   \r\n"),
    "markdown": typed(
        "markdown",
        "text/markdown; charset=utf-8; variant=GFM",
        "# Title\r\n\r\n* one  \r\n* two\r\n\r\n```\r\n.code\r\n```\r\n",
    ),
    "enriched": typed("enriched", "text/enriched", "<bold>Bold</bold>\r\n<<not a tag\r\n"),
    "csv": typed("csv", "text/csv; header=present", "a;b\r\n1;2\r\n"),
    "rot13": plain("rot13", "Guvf vf n fcbvyre.\r\n"),
}
