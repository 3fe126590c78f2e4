"""Measures detectors on what no training has seen, and prints the whole table."""
