"""The words everybody shares: messages, names, limits, errors. Imports nothing of the project."""
