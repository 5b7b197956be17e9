"""Counters and facts about the running process."""
