// One person's lists on all servers: what is here at once, and each other server as it answers.

import { ask, subscribe } from "./graphql.js";
import { startSignIn, whenViewerChanges } from "./signin.js";

const HERE = `query Here {
  viewer { user { memberships(first: 100) { edges { node { email reception mailingList { address subject } } } } } robot { domain } }
  peers(first: 100) { edges { node { domain trust } } }
}`;
const EVERYWHERE = `subscription Everywhere {
  federatedMemberships {
    status message latencyMs isTruncated peer { domain }
    memberships { listAddress subject email reception manageUrl }
  }
}`;
const AGREE = `mutation Agree($input: FederationConsentUpdateInput!) {
  federationConsentUpdate(input: $input) { userErrors { message } }
}`;
const ASKED = ["MUTUAL", "ASK_ONLY"];

const at = (id) => document.getElementById(id);
let running = null;

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

/** A row; what a server says becomes text, never markup. */
function row(domain, status, latency, told) {
  const made = element("tr");
  made.dataset.server = domain;
  made.dataset.status = status;
  const name = element("th", domain);
  name.scope = "row";
  const cell = element("td");
  cell.append(told);
  made.append(name, element("td", status), element("td", latency), cell);
  const old = [...at("servers").children].find((each) => each.dataset.server === domain);
  if (old) old.replaceWith(made);
  else at("servers").append(made);
}

function lists(found) {
  const made = element("ul");
  made.append(...found.map(({ listAddress, subject, email, reception, manageUrl }) => {
    const entry = element("li");
    const name = element(manageUrl ? "a" : "span", listAddress);
    if (manageUrl) {
      name.href = manageUrl;
      name.rel = "noopener noreferrer";
    }
    entry.append(name, ` ${subject ?? ""} (${email}, ${(reception ?? "").toLowerCase()})`);
    return entry;
  }));
  return made;
}

function said({ peer, status, message, latencyMs, isTruncated, memberships }) {
  const told = element("div");
  if (message) told.append(element("p", message, "quiet"));
  if (memberships.length) told.append(lists(memberships));
  if (isTruncated) told.append(element("p", "There are more.", "quiet"));
  if (!message && !memberships.length) told.append(element("p", "Nothing, or nothing that it may tell.", "quiet"));
  row(peer.domain, status, latencyMs === null ? "" : `${latencyMs} ms`, told);
  if (status === "NO_CONSENT") at("agree").hidden = false;
}

async function look() {
  running?.unsubscribe();
  at("servers").replaceChildren();
  at("agree").hidden = true;
  const { viewer, peers } = await ask(HERE);
  at("again").hidden = !viewer.user;
  if (!viewer.user) return progress("Sign in to see your lists.");
  const mine = viewer.user.memberships.edges.map(({ node }) => ({ ...node, ...node.mailingList, listAddress: node.mailingList.address }));
  row(viewer.robot.domain, "here", "", lists(mine));
  for (const { node } of peers.edges.filter((each) => ASKED.includes(each.node.trust))) {
    row(node.domain, "asking…", "", "");
  }
  progress("Asking…");
  running = subscribe({ query: EVERYWHERE }).subscribe({
    next: ({ data, errors }) => (data ? said(data.federatedMemberships) : progress(errors[0].message)),
    error: (problem) => progress(problem.message),
    complete: () => progress("Everybody was asked."),
  });
}

function progress(text) {
  at("progress").textContent = text;
}

async function agree() {
  const { federationConsentUpdate } = await ask(AGREE, { input: { outgoing: "ALL_TRUSTED" } });
  const [problem] = federationConsentUpdate.userErrors;
  if (problem) return progress(problem.message);
  await look();
}

const told = (action) => () => action().catch((problem) => progress(problem.message));

at("again").addEventListener("click", told(look));
at("agree").addEventListener("click", told(agree));
whenViewerChanges(told(look));
startSignIn();
