"""Which posts a list's domain signs, by how surely their authors were known (row 50)."""

ANY, NONE, EDITOR_VALIDATED = "any", "none", "editor-validated"
_PROOFS = ("smime", "dkim", "md5", EDITOR_VALIDATED)


def read_signed_posts(text: str) -> str:
    """Read the setting: any, none, or some of smime, dkim, md5, editor-validated; raises ValueError."""
    words = set(text.lower().replace(",", " ").split())
    if words in ({ANY}, {NONE}):
        return next(iter(words))
    if not words or not words <= set(_PROOFS):
        raise ValueError("any, none, or some of " + ", ".join(_PROOFS))
    return " ".join(word for word in _PROOFS if word in words)


def is_signed(policy: str, proofs: str) -> bool:
    """Whether a list that signs these posts signs one whose author was known in these ways, an editor's yes included."""
    return policy == ANY or bool({*policy.split()} & {*proofs.split()})
