"""OpenID Connect as a relying party: whom to believe, which keys hold, what a token says."""
