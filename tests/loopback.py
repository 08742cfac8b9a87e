"""A place for a page of this machine's own, and somebody who looks at it."""

import asyncio
import socket

import aiohttp


def free_port() -> int:
    """Return a port of the loopback that nobody has."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def shown(address: str, words: str) -> None:
    """Look at a page until it says this."""
    async with asyncio.timeout(60), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(address) as answer:
                    if words in await answer.text():
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)
