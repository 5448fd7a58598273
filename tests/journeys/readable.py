"""What a page needs so that everybody can read and use it, checked on its HTML (WCAG 2.2: 1.3.1, 2.4.2, 2.4.6, 3.1.1, 3.3.1, 3.3.2, 4.1.2)."""

from html.parser import HTMLParser

VOID = frozenset({"meta", "link", "input", "br", "img", "hr"})
INSIDE = frozenset({"button", "a", "h1", "h2", "title", "label", "legend"})


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[int, str] = {}
        self.open: list[tuple[str, int]] = []
        self.complaints: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag == "p" and any(name == "p" for name, _ in self.open):
            self.complaints.append("a paragraph in a paragraph")
        if tag not in VOID:
            self.open.append((tag, len(self.elements) - 1))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1][0] != tag:
            self.complaints.append(f"</{tag}> closes nothing")
            return
        self.open.pop()

    def handle_data(self, data: str) -> None:
        for tag, number in self.open:
            if tag in INSIDE:
                self.texts[number] = self.texts.get(number, "") + data

    def all(self, *tags: str) -> list[tuple[int, dict[str, str]]]:
        """The elements of these names, with their numbers."""
        return [(number, attrs) for number, (tag, attrs) in enumerate(self.elements) if tag in tags]


def problems(text: str) -> list[str]:
    """What keeps somebody from using the page; nothing, when all is well."""
    page = _Page()
    page.feed(text)
    found = [*page.complaints, *(f"<{tag}> stays open" for tag, _ in page.open)]
    found += _frame(page)
    found += _fields(page)
    found += _names(page)
    return found


def _frame(page: _Page) -> list[str]:
    found = []
    [(_, html)] = page.all("html")
    if not html.get("lang"):
        found.append("no language")
    counts = {tag: len(page.all(tag)) for tag in ("h1", "main", "title")}
    found += [f"{count} times <{tag}>" for tag, count in counts.items() if count != 1]
    if [tag for tag, _ in page.elements if tag in {"h1", "h2"}][:1] != ["h1"]:
        found.append("the first heading is not the page's own")
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    found += [f"two elements are called {each}" for each in {each for each in ids if ids.count(each) > 1}]
    for _, attrs in page.elements:
        for name in ("aria-describedby", "aria-labelledby"):
            found += [f"{name} leads nowhere" for each in attrs.get(name, "").split() if each not in ids]
        found += [f"{name} is a script" for name in attrs if name.startswith("on") or name == "style"]
        if attrs.get("tabindex", "0") not in {"0", "-1"}:
            found.append("an order of its own for the keyboard")
    return found


def _fields(page: _Page) -> list[str]:
    labelled = {attrs.get("for") for _, attrs in page.all("label")}
    found = []
    for _, attrs in page.all("input", "select", "textarea"):
        if attrs.get("type") == "hidden":
            continue
        if attrs.get("id") not in labelled:
            found.append(f"no label for {attrs}")
        if attrs.get("type") in {"text", "password"} and not attrs.get("autocomplete"):
            found.append(f"browsers do not know what {attrs.get('name')} is")
        if attrs.get("aria-invalid") and not attrs.get("aria-describedby"):
            found.append(f"nothing says what is wrong with {attrs.get('name')}")
    radios = [attrs for _, attrs in page.all("input") if attrs.get("type") == "radio"]
    if radios and not page.all("legend"):
        found.append("choices without a legend")
    return found


def _names(page: _Page) -> list[str]:
    found = []
    for number, attrs in page.all("a", "button", "h1", "h2", "title", "label", "legend"):
        if not page.texts.get(number, "").strip() and not attrs.get("aria-label"):
            found.append(f"<{page.elements[number][0]}> without a name")
    for _, attrs in page.all("nav"):
        if not attrs.get("aria-label"):
            found.append("a navigation without a name")
    found += ["a picture without words" for _, attrs in page.all("img") if "alt" not in attrs]
    return found
