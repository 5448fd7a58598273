"""What a newcomer sees: the front page, the GraphQL playground with its examples, the mailbox that catches every letter of the demo, and the handbook."""
