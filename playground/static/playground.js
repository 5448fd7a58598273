// The playground page: GraphiQL with our fetcher, the sign-in strip and the examples.

import { execute, subscribe } from "./graphql.js";
import { fill, startExamples } from "./examples.js";
import { startSignIn, whenViewerChanges } from "./signin.js";

const { React, ReactDOM, GraphiQL } = globalThis;

const WELCOME = `# Welcome. Choose an example on the left, or write your own question here.
# The book icon opens the documentation; Ctrl-Space completes, Ctrl-Enter runs.

query WhoAmI {
  viewer {
    user { mainEmail }
    robot { domain title }
  }
}
`;

const OPERATION = /^\s*(query|mutation|subscription)\b\s*([_A-Za-z]\w*)?/gm;

/** GraphiQL learns an operation's name a moment after its text has changed, so the text itself is asked. */
function operationOf({ query, operationName }) {
  const all = [...query.matchAll(OPERATION)].map(([, kind, name]) => ({ kind, name }));
  return all.find(({ name }) => name && name === operationName) ?? (all.length === 1 ? all[0] : undefined);
}

function fetcher(params) {
  const operation = operationOf(params);
  const asked = operation ? { ...params, operationName: operation.name } : params;
  return operation?.kind === "subscription" ? subscribe(asked) : execute(asked);
}

const container = document.getElementById("graphiql");
container.replaceChildren();
const root = ReactDOM.createRoot(container);

function draw(query, variables) {
  root.render(React.createElement(GraphiQL, {
    fetcher, query, variables, defaultQuery: WELCOME, defaultEditorToolsVisibility: "variables",
    isHeadersEditorEnabled: false, shouldPersistHeaders: false,
  }));
}

/** GraphiQL takes over a prop only when it changes, so an example that was edited is first let go of. */
function load(query, variables) {
  ReactDOM.flushSync(() => draw(undefined, undefined));
  ReactDOM.flushSync(() => draw(query, variables));
}

draw(undefined, undefined);
startExamples(load);
whenViewerChanges(fill);
startSignIn();
