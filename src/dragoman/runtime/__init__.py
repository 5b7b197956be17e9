"""The runtime: one thread that turns, one that writes. Commit, sessions, timers, checkpoint, recovery."""
