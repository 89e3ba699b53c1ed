"""
flow: authorization code with PKCE
library: aiohttp
fault: the challenge keeps the padding of base64
live: GET /auth 303 invalid_request
"""
import asyncio
import base64
import hashlib
import os
import secrets

import aiohttp


async def main(base):
    verifier = secrets.token_urlsafe(64)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), raise_for_status=True) as http:
        query = {
            "client_id": os.environ["WEB_CLIENT_ID"],
            "response_type": "code",
            "scope": "openid profile:read",
            "redirect_uri": f"{base.api}/callback",
            "state": secrets.token_hex(8),
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        async with http.get(f"{base.issuer}/auth", params=query) as landed:
            code = landed.url.query["code"]
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": f"{base.api}/callback",
            "code_verifier": verifier,
        }
        auth = aiohttp.BasicAuth(os.environ["WEB_CLIENT_ID"], os.environ["WEB_CLIENT_SECRET"])
        async with http.post(f"{base.issuer}/token", data=form, auth=auth) as issued:
            token = (await issued.json())["access_token"]
        async with http.get(f"{base.api}/me", headers={"Authorization": f"Bearer {token}"}) as me:
            return await me.json()


def run(base):
    return asyncio.run(main(base))
