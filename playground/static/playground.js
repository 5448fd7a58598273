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

function fetcher(params, options) {
  const isSubscription = options?.documentAST?.definitions.some(
    (definition) => definition.operation === "subscription"
      && (!params.operationName || definition.name?.value === params.operationName),
  );
  return isSubscription ? subscribe(params) : execute(params);
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
