"""One conformance suite per storage port, run on every engine, and the simulations."""
