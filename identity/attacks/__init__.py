"""Forged evidence, and trials that hand it to providers: behind `postroom provider attack` and a test class for authors."""
