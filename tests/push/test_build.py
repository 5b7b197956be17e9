import asyncio

from tests.push.receiving import answer_to, post

from dragoman.push.build import outbound
from dragoman.push.guard import Guard
from dragoman.push.trust import tls_context


def test_an_outbound_of_the_operators_wishes_calls_nobody_it_may_not() -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        made = outbound(loop, Guard(["10.0.0.0/8"]), tls_context(), "x", requests_max=10)
        assert (await answer_to(made, post("http://localhost:1/"))).failure == "blocked"
        await made.close()

    asyncio.run(run())
