"""Pushing to webhooks, measured: `python -m bench.push`. Three processes: a broker, a receiver, and who asks them."""
