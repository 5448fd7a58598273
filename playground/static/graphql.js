// Speaks to /graphql for the page: plain operations as JSON, subscriptions as server-sent events.

const ENDPOINT = "/graphql";

function send(body, accept, signal) {
  return fetch(ENDPOINT, {
    method: "POST",
    credentials: "same-origin",
    headers: { "content-type": "application/json", accept, "X-CSRF-Token": "1" },
    body: JSON.stringify(body),
    signal,
  });
}

/** The whole answer of an operation, errors included. */
export async function execute(body) {
  const response = await send(body, "application/json");
  if (!(response.headers.get("content-type") ?? "").includes("json")) {
    throw new Error(`The server answered ${response.status} without JSON.`);
  }
  return response.json();
}

/** The data of an operation; throws with the server's words when it was refused. */
export async function ask(query, variables) {
  const { data, errors } = await execute({ query, variables });
  if (errors?.length) throw new Error(errors[0].message);
  return data;
}

/** An observable of the results of a subscription (graphql-sse, distinct connections mode). */
export function subscribe(body) {
  return {
    subscribe(observer) {
      const controller = new AbortController();
      listen(body, observer, controller.signal).catch((problem) => {
        if (!controller.signal.aborted) observer.error(problem);
      });
      return { unsubscribe: () => controller.abort() };
    },
  };
}

async function listen(body, observer, signal) {
  const response = await send(body, "text/event-stream", signal);
  if (!(response.headers.get("content-type") ?? "").startsWith("text/event-stream")) {
    observer.next(await response.json());
    observer.complete();
    return;
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const blocks = (rest + value).split(/\r\n\r\n|\n\n|\r\r/);
    rest = blocks.pop();
    for (const block of blocks) {
      const { event, data } = parseEvent(block);
      if (event === "next") observer.next(JSON.parse(data));
      if (event === "complete") return observer.complete();
    }
  }
  observer.complete();
}

function parseEvent(block) {
  const found = { event: "message", data: [] };
  for (const line of block.split(/\r\n|\n|\r/)) {
    const [, field, value] = /^([a-z]+):? ?(.*)$/.exec(line) ?? [];
    if (field === "event") found.event = value;
    if (field === "data") found.data.push(value);
  }
  return { event: found.event, data: found.data.join("\n") };
}
