"""The API's closed sets of words, each value standing for a word of the domain."""
