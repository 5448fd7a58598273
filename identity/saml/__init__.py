"""SAML 2.0 as a service provider: documents, signatures, metadata, requests and what a response proves."""
