"""Markdown of the people as HTML that does no harm: no HTML of theirs, no pictures from elsewhere, no links but to pages (rows 67, 76)."""

from markdown_it import MarkdownIt

_SCHEMES = ("http://", "https://", "mailto:")
_LINK = {"rel": "nofollow noopener noreferrer"}


def as_html(markdown: str) -> str:
    """A text as HTML; whatever looks like HTML in it is shown as it was written."""
    return str(_MARKDOWN.render(markdown))


def _is_harmless(url: str) -> bool:
    return url.lower().startswith(_SCHEMES)


def _renderer() -> MarkdownIt:
    made = (
        MarkdownIt("commonmark", {"html": False})
        .enable("table")
        .disable(["image", "html_block", "html_inline"])
    )
    made.validateLink = _is_harmless  # type: ignore[method-assign]

    def link_open(self, tokens, index, options, env):  # type: ignore[no-untyped-def]
        tokens[index].attrs.update(_LINK)
        return self.renderToken(tokens, index, options, env)

    made.add_render_rule("link_open", link_open)
    return made


_MARKDOWN = _renderer()
