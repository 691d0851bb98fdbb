"""
What if somebody turns: the same graph, with one assumption less.

`scenarios` makes the changed graphs (a party or node is taken over, parties pool what they see) and compares each with
today; `coalitions` searches the smallest sets of parties that together reach a level.
"""
