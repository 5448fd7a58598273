"""The tests, in folders by what they cost."""
