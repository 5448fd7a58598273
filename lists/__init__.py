"""Robots, lists, offices, subscriptions, moderation, import and export, and the one question that all of them ask: authorize."""
