"""Load generators: each module is a program of its own, so that its CPU is not the broker's.

A generator is started as `python -m bench.generators.NAME JSON`, says `ready`, waits for `go`,
runs, prints one line of JSON, waits for `stop`, cleans up and ends (see `control`).
"""
