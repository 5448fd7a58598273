// The mailbox page: a list that refreshes itself, and one message, decoded or raw.

const REFRESH_MS = 2000;
const at = (id) => document.getElementById(id);
let shownNumber = null;
let lastList = "";

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

/** Text with its web addresses as links, built from text nodes only. */
function linked(text) {
  const parts = document.createDocumentFragment();
  let end = 0;
  for (const match of text.matchAll(/https?:\/\/[^\s<>"')\]]+[^\s<>"')\].,;:!?]/g)) {
    parts.append(text.slice(end, match.index));
    const link = element("a", match[0]);
    link.href = match[0];
    link.rel = "noopener noreferrer";
    parts.append(link);
    end = match.index + match[0].length;
  }
  parts.append(text.slice(end));
  return parts;
}

async function refresh() {
  const to = at("to").value.trim();
  const response = await fetch(`/playground/mailbox/newest.json?to=${encodeURIComponent(to)}`);
  const text = await response.text();
  if (text === lastList) return;
  lastList = text;
  const { total, items, recipients } = JSON.parse(text);
  at("count").textContent = `${total} ${total === 1 ? "message" : "messages"}${total > items.length ? `, the newest ${items.length} shown` : ""}`;
  at("recipients").replaceChildren(...recipients.map((address) => {
    const option = element("option");
    option.value = address;
    return option;
  }));
  const focused = document.activeElement?.dataset.number;
  at("items").replaceChildren(...items.map(row));
  at("items").querySelector(`[data-number="${focused}"]`)?.focus();
}

function row(item) {
  const button = element("button");
  button.type = "button";
  button.dataset.number = item.number;
  if (item.number === shownNumber) button.setAttribute("aria-current", "true");
  const meta = element("span", undefined, "meta");
  meta.append(element("span", `to ${item.to}`), element("time", new Date(item.received_at).toLocaleTimeString()));
  button.append(element("span", item.subject || "(no subject)", "subject"), meta);
  button.addEventListener("click", () => open(item.number));
  const entry = element("li");
  entry.append(button);
  return entry;
}

async function open(number) {
  const response = await fetch(`/playground/mailbox/${number}.json`);
  const letter = await response.json();
  if (!response.ok) return at("letter").replaceChildren(element("p", letter.message, "quiet"));
  shownNumber = number;
  for (const button of at("items").querySelectorAll("button")) {
    button.toggleAttribute("aria-current", false);
    if (Number(button.dataset.number) === number) button.setAttribute("aria-current", "true");
  }
  at("letter").replaceChildren(...view(letter));
  if (matchMedia("(max-width: 46rem)").matches) at("letter").scrollIntoView();
}

function view(letter) {
  const fields = element("dl");
  const envelope = [["Envelope from", letter.from || "<> (no answer wanted)"], ["Envelope to", letter.to]];
  for (const [name, value] of [...envelope, ...letter.fields.filter(([field]) => field !== "Subject")]) {
    const content = element("dd");
    content.append(linked(value));
    fields.append(element("dt", name), content);
  }
  const text = element("pre", undefined, "text");
  text.append(linked(letter.text));
  const parts = [element("h2", letter.subject || "(no subject)"), fields, text];
  if (letter.attachments.length) {
    const names = letter.attachments.map((part) => `${part.filename || part.type} (${part.size} bytes)`);
    parts.push(element("p", `Attached: ${names.join(", ")}`, "quiet"));
  }
  const raw = element("details");
  const source = element("pre", letter.raw);
  source.tabIndex = 0;
  raw.append(element("summary", "As it was sent"), source);
  return [...parts, raw];
}

async function keepFresh() {
  try {
    if (!document.hidden) await refresh();
  } catch (problem) {
    at("count").textContent = `Cannot reach the server: ${problem.message}`;
    lastList = "";
  }
  setTimeout(keepFresh, REFRESH_MS);
}

at("filter").addEventListener("submit", (event) => { event.preventDefault(); refresh(); });
at("everybody").addEventListener("click", () => { at("to").value = ""; refresh(); });
at("to").value = new URLSearchParams(location.search).get("to") ?? "";
keepFresh();
