"""The two networks: how they are built from published weights, trained, averaged, exported and timed."""
