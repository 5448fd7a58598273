// Runs graphql-http's server audits against the URL it is given and writes each result as one JSON line.
import { auditServer } from "graphql-http";

for (const { id, name, status, reason } of await auditServer({ url: process.argv[2], fetchFn: fetch })) {
  console.log(JSON.stringify({ id, name, status, reason: reason ?? null }));
}
