"""GraphQL over HTTP, server-sent events and WebSocket: what is accepted, what it may cost, and how it is answered."""
