// The sign-in strip: who am I, sign in with a password or a code by mail, sign out.

import { ask } from "./graphql.js";

const VIEWER = "query Viewer { viewer { user { mainEmail displayName } } }";
const STEP = `step {
  __typename
  ... on SignInForm { attemptId fields { name label isSecret } }
  ... on SignInCode { attemptId maskedDestination expiresAt }
  ... on SignInDone { session { id } needsPasswordChange }
} userErrors { message }`;
const START = `mutation SignInStart($input: SignInStartInput!) { signInStart(input: $input) { ${STEP} } }`;
const FINISH = `mutation SignInFinish($input: SignInFinishInput!) { signInFinish(input: $input) { ${STEP} } }`;
const OUT = "mutation SignOut { signOut(input: {}) { userErrors { message } } }";

const at = (id) => document.getElementById(id);
let attempt = null;
let email = null;
const listeners = [];

export const signedInAs = () => email;
export const whenViewerChanges = (listener) => listeners.push(listener);

async function mutate(query, name, input) {
  const payload = (await ask(query, { input }))[name];
  if (payload.userErrors.length) throw new Error(payload.userErrors[0].message);
  return payload.step;
}

async function signInWithPassword(address, password) {
  const form = await mutate(START, "signInStart", { provider: "password" });
  const fields = form.fields.map(({ name, isSecret }) => ({ name, value: isSecret ? password : address }));
  await mutate(FINISH, "signInFinish", { attemptId: form.attemptId, fields });
  await refresh();
}

async function signInWithCode(address, code) {
  if (!attempt) {
    const step = await mutate(START, "signInStart", { provider: "ticket", identifier: address });
    attempt = step.attemptId;
    show();
    say(`A code is on its way to ${step.maskedDestination}; enter it here.`);
    at("code").focus();
    return;
  }
  await mutate(FINISH, "signInFinish", { attemptId: attempt, code });
  await refresh();
}

export async function refresh() {
  const { viewer } = await ask(VIEWER);
  email = viewer.user?.mainEmail ?? null;
  attempt = null;
  at("who").textContent = email ? `Signed in as ${email}` : "Not signed in.";
  at("secret").value = at("code").value = "";
  say("");
  show();
  listeners.forEach((listener) => listener(email));
}

function show() {
  const isTicket = at("provider").value === "ticket";
  at("signin").hidden = at("people").hidden = email !== null;
  at("signout").hidden = email === null;
  at("secret-row").hidden = isTicket;
  at("secret").required = !isTicket;
  at("code-row").hidden = !(isTicket && attempt);
  at("code").required = Boolean(isTicket && attempt);
  at("signin-go").textContent = isTicket && !attempt ? "Send me a code" : "Sign in";
}

function say(text, kind = "story") {
  at("signin-message").textContent = text;
  at("signin-message").dataset.kind = kind;
}

/** Runs what a button does and tells the person when it fails. */
async function attend(action) {
  say("");
  try {
    await action();
  } catch (problem) {
    say(problem.message, "warning");
  }
}

const buttonOf = (address) => at("people").querySelector(`[data-email="${CSS.escape(address)}"]`);

/** Whether the page knows the password of that person: in the demo it does. */
export const isDemoPerson = (address) => buttonOf(address) !== null;

export const signInAsDemoPerson = (address) =>
  attend(() => signInWithPassword(address, buttonOf(address).dataset.password));

export function startSignIn() {
  at("provider").addEventListener("change", () => { attempt = null; say(""); show(); });
  at("email").addEventListener("input", () => { if (attempt) { attempt = null; show(); } });
  at("signin").addEventListener("submit", (event) => {
    event.preventDefault();
    attend(() => at("provider").value === "ticket"
      ? signInWithCode(at("email").value, at("code").value)
      : signInWithPassword(at("email").value, at("secret").value));
  });
  at("people").addEventListener("click", ({ target }) => {
    if (target.dataset.email) signInAsDemoPerson(target.dataset.email);
  });
  at("signout").addEventListener("click", () => attend(async () => { await ask(OUT); await refresh(); }));
  attend(refresh);
}
