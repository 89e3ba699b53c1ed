"""The same three requests, with every HTTP library: a token is issued, used, and a cookie is carried over a redirect."""

from __future__ import annotations

import asyncio
import http.client
import json
import urllib.request
from collections.abc import Callable
from contextlib import closing
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.recordings.service import SECRET

Told = tuple[str, dict[str, Any], dict[str, Any]]
"""The token, what it gave, and what the cookie gave."""
Call = Callable[..., Told]


def by_requests(url: str, secret: str = SECRET) -> Told:
    import requests

    with requests.Session() as session:
        token = session.post(f"{url}/token", data={"client_secret": secret}, timeout=5).json()["access_token"]
        items = session.get(f"{url}/items?n=1", headers={"Authorization": f"Bearer {token}"}, timeout=5).json()
        return token, items, session.get(f"{url}/login", timeout=5).json()


def by_urllib3(url: str, secret: str = SECRET) -> Told:
    import urllib3

    with urllib3.PoolManager() as pool:
        answer = pool.request("POST", f"{url}/token", fields={"client_secret": secret}, encode_multipart=False)
        token = json.loads(answer.data)["access_token"]
        items = pool.request("GET", f"{url}/items?n=1", headers={"Authorization": f"Bearer {token}"})
        moved = pool.request("GET", f"{url}/login", redirect=False)
        cookie = moved.headers["Set-Cookie"].partition(";")[0]
        home = pool.request("GET", f"{url}{moved.headers['Location']}", headers={"Cookie": cookie})
        return token, json.loads(items.data), json.loads(home.data)


def by_httpx(url: str, secret: str = SECRET) -> Told:
    import httpx

    with httpx.Client(follow_redirects=True) as client:
        token = client.post(f"{url}/token", data={"client_secret": secret}).json()["access_token"]
        items = client.get(f"{url}/items?n=1", headers={"Authorization": f"Bearer {token}"}).json()
        return token, items, client.get(f"{url}/login").json()


def by_async_httpx(url: str, secret: str = SECRET) -> Told:
    import httpx

    async def told() -> Told:
        async with httpx.AsyncClient(follow_redirects=True) as client:
            token = (await client.post(f"{url}/token", data={"client_secret": secret})).json()["access_token"]
            items = (await client.get(f"{url}/items?n=1", headers={"Authorization": f"Bearer {token}"})).json()
            return token, items, (await client.get(f"{url}/login")).json()

    return asyncio.run(told())


def by_aiohttp(url: str, secret: str = SECRET) -> Told:
    import aiohttp

    async def told() -> Told:
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as session:
            async with session.post(f"{url}/token", data={"client_secret": secret}) as answer:
                token = (await answer.json())["access_token"]
            async with session.get(f"{url}/items?n=1", headers={"Authorization": f"Bearer {token}"}) as answer:
                items = await answer.json()
            async with session.get(f"{url}/login") as answer:
                assert [one.status for one in answer.history] == [302]
                return token, items, await answer.json()

    return asyncio.run(told())


def by_http_client(url: str, secret: str = SECRET) -> Told:
    def ask(method: str, path: str, body: str | None = None, **headers: str) -> tuple[bytes, http.client.HTTPResponse]:
        with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)) as connection:
            if body is not None:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.read(), answer

    token = json.loads(ask("POST", "/token", urlencode({"client_secret": secret}))[0])["access_token"]
    items = json.loads(ask("GET", "/items?n=1", Authorization=f"Bearer {token}")[0])
    cookie = str(ask("GET", "/login")[1].getheader("Set-Cookie")).partition(";")[0]
    return token, items, json.loads(ask("GET", "/home", Cookie=cookie)[0])


def by_urllib(url: str, secret: str = SECRET) -> Told:
    from http.cookiejar import CookieJar

    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    form = urlencode({"client_secret": secret}).encode()
    token = json.loads(opener.open(f"{url}/token", form, timeout=5).read())["access_token"]
    asked = urllib.request.Request(f"{url}/items?n=1", headers={"Authorization": f"Bearer {token}"})
    items = json.loads(opener.open(asked, timeout=5).read())
    return token, items, json.loads(opener.open(f"{url}/login", timeout=5).read())


LIBRARIES: dict[str, Call] = {
    "requests": by_requests,
    "urllib3": by_urllib3,
    "httpx": by_httpx,
    "async httpx": by_async_httpx,
    "aiohttp": by_aiohttp,
    "http.client": by_http_client,
    "urllib": by_urllib,
}
