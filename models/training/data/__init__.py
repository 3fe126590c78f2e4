"""The pictures that the networks learn from: reading, splitting, pseudo-labels, cut-outs and composites."""
