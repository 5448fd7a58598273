// The list of example operations beside the editor.

import { resolve } from "./references.js";
import { isDemoPerson, signInAsDemoPerson, signedInAs } from "./signin.js";

const at = (id) => document.getElementById(id);
let chosen = null;

/** Fill the list; `load(query, variables)` puts an example into the editor. */
export async function startExamples(load) {
  const operations = await (await fetch("/playground/operations.json")).json();
  for (const [group, members] of Map.groupBy(operations, (operation) => operation.group)) {
    const heading = document.createElement("h2");
    heading.textContent = group;
    const entries = document.createElement("ul");
    entries.append(...members.map((operation) => entry(operation, load)));
    at("example-list").append(heading, entries);
  }
}

function entry(operation, load) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.name = operation.name;
  button.append(operation.title);
  if (operation.as) {
    const as = document.createElement("span");
    as.className = "as";
    as.textContent = `as ${operation.as}`;
    button.append(as);
  }
  button.addEventListener("click", () => choose(operation, button, load));
  const item = document.createElement("li");
  item.append(button);
  return item;
}

async function choose(operation, button, load) {
  for (const other of at("example-list").querySelectorAll("[aria-current]")) other.removeAttribute("aria-current");
  button.setAttribute("aria-current", "true");
  chosen = { operation, load };
  await fill();
}

/** Load the chosen example again, for instance after somebody else signed in. */
export async function fill() {
  if (!chosen) return;
  const { operation, load } = chosen;
  const isOther = operation.as && operation.as !== signedInAs();
  hint(isOther ? `${operation.description} Sign in as ${operation.as} first.` : operation.description, isOther);
  if (isOther && isDemoPerson(operation.as)) offerSignIn(operation.as);
  load(operation.query, "{}");
  try {
    const variables = await resolve(operation.variables);
    if (chosen.operation === operation) load(operation.query, JSON.stringify(variables, null, 2));
  } catch (problem) {
    load(operation.query, JSON.stringify(operation.variables, null, 2));
    if (!isOther) hint(`${operation.description} ${problem.message}`, true);
  }
}

function hint(text, isWarning) {
  at("example-hint").textContent = text;
  at("example-hint").dataset.kind = isWarning ? "warning" : "story";
}

function offerSignIn(address) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = `Sign in as ${address}`;
  button.addEventListener("click", () => signInAsDemoPerson(address));
  at("example-hint").append(button);
}
