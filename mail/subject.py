"""The Subject of a post: its list's tag, once, and the words that mark answers in everyone's language."""

import re

# What mailers of many languages put before the subject of an answer or a forwarded message.
_REPLY_WORDS = (
    "re|aw|sv|vs|tr|rv|antw|ant|odp|odg|ynt|ilt|res|enc|rif|r|i|wg|fw|fwd|doorst|vb|vl|vá|pd|atb|hl|bls|trs|fs|nir|rép|réf|"
    "απ|σχετ|πρθ|на|отв|ответ|пересл|відп|回复|回覆|答复|答覆|答|转发|轉寄|轉發|返信|転送|回信|회신|전달|"
    "השב|תשובה|הועבר|رد|إعادة توجيه|پاسخ|ตอบ|ส่งต่อ"
)
_REPLY = re.compile(
    rf"\s*+(?:{_REPLY_WORDS})\s?+(?:\[\d{{1,4}}\]|\(\d{{1,4}}\)|[\^*]\d{{1,4}})?\s?+[:：]", re.IGNORECASE
)
_TAG = re.compile(r"\s*+\[([^\[\]]{1,200})\]")


def tagged(subject: str, tag: str) -> str:
    """Return the subject with `[tag]` in front, unless the tag already leads it or follows its Re: (or AW:, SV:, 回复: …).

    A tag that mailers have doubled is reduced to its first. `tag` comes without brackets; an empty one adds nothing. A
    subject that already carries the tag once is returned unchanged, so that the author's signature over it still holds.
    """
    name = tag.strip().removeprefix("[").removesuffix("]")
    if not name:
        return subject
    places = [span for span in _leading_tags(subject) if _same(subject[slice(*span)], name)]
    if not places:
        return f"[{name}] {subject.strip()}".rstrip()
    return _without(subject, places[1:])


def _leading_tags(subject: str) -> list[tuple[int, int]]:
    """Return where `[…]` stand among the words that come before the subject proper."""
    position: int = 0
    found = []
    while True:
        if match := _TAG.match(subject, position):
            found.append((match.start(1) - 1, match.end()))
        elif not (match := _REPLY.match(subject, position)):
            return found
        position = match.end()


def _without(subject: str, places: list[tuple[int, int]]) -> str:
    """Take those stretches out, leaving one space between what remains."""
    if not places:
        return subject
    cuts = [0, *(edge for place in places for edge in place), len(subject)]
    pieces = [subject[start:end] for start, end in zip(cuts[::2], cuts[1::2], strict=True)]
    first, *others = pieces
    kept = [
        first.rstrip(),
        *(piece.strip() for piece in others[:-1]),
        *(piece.lstrip() for piece in others[-1:]),
    ]
    return " ".join(piece for number, piece in enumerate(kept) if piece or number in (0, len(kept) - 1))


def _same(bracketed: str, name: str) -> bool:
    return bracketed[1:-1].strip().casefold() == name.casefold()
