"""
flow: authorization code with PKCE
library: aiohttp
"""
import asyncio
import base64
import hashlib
import os
import secrets

import aiohttp


async def main(base):
    client_id, callback = os.environ["WEB_CLIENT_ID"], f"{base.api}/callback"
    verifier, state = secrets.token_urlsafe(64), secrets.token_urlsafe(8)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    # unsafe: aiohttp keeps cookies of an IP address only then
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar, raise_for_status=True) as http:
        query = {
            "client_id": client_id,
            "response_type": "code",
            "scope": "openid profile:read",
            "redirect_uri": callback,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        async with http.get(f"{base.issuer}/auth", params=query) as landed:
            assert landed.url.query["state"] == state
            code = landed.url.query["code"]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": callback, "code_verifier": verifier}
        auth = aiohttp.BasicAuth(client_id, os.environ["WEB_CLIENT_SECRET"])
        async with http.post(f"{base.issuer}/token", data=form, auth=auth) as issued:
            token = (await issued.json())["access_token"]
        async with http.get(f"{base.api}/me", headers={"Authorization": f"Bearer {token}"}) as me:
            return await me.json()


def run(base):
    return asyncio.run(main(base))
