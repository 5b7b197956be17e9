"""The command line: `dragoman serve` and its companions."""
