// Resolves the references inside the variables of an example; operations/README.md tells which there are.

import { ask } from "./graphql.js";

export async function resolve(value) {
  if (Array.isArray(value)) return Promise.all(value.map(resolve));
  if (value === null || typeof value !== "object") return value;
  if ("$query" in value) return follow(await ask(value.$query), value.$path);
  if ("$mailbox" in value) return pick(await newestMail(value.$mailbox), value.$match);
  if ("$daysFromNow" in value) {
    return new Date(Date.now() + value.$daysFromNow * 86_400_000).toISOString();
  }
  const entries = Object.entries(value).map(async ([key, item]) => [key, await resolve(item)]);
  return Object.fromEntries(await Promise.all(entries));
}

function follow(data, path) {
  const found = path.split(".").reduce((here, step) => here?.[step], data);
  if (found === undefined || found === null) {
    throw new Error("What this example refers to does not exist yet, or you may not see it: look who should be signed in, and run the examples before it first.");
  }
  return found;
}

async function newestMail(address) {
  const root = "/playground/mailbox/";
  const { items } = await (await fetch(`${root}newest.json?to=${encodeURIComponent(address)}`)).json();
  if (!items.length) throw new Error(`No mail for ${address} has arrived yet.`);
  const letter = await (await fetch(`${root}${items[0].number}.json`)).json();
  return letter.text;
}

function pick(text, pattern) {
  const match = new RegExp(pattern).exec(text);
  if (!match) throw new Error("The newest mail does not hold what this example looks for.");
  return match[1];
}
