"""Markov chains made of arrays, and what is told of them: walks, flow, scores."""
