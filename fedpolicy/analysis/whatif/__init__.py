"""
What if somebody turns: the same graph, with one assumption less.

`turned` makes the changed graphs (a party or node is taken over, parties pool what they see), `coalitions` searches
the smallest sets of parties that together reach a level, `scenarios` compares each with today.
"""
