"""
flow: AWS Signature Version 4
library: httpx
fault: the POST goes out without a signature
live: POST /prod/items 403 MissingAuthenticationToken
"""
import os

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def run(base):
    request = AWSRequest("GET", f"{base.aws}/prod/items", params={"filter": "red chair", "limit": "5"})
    keys = Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
    SigV4Auth(keys, "execute-api", "eu-west-1").add_auth(request)
    ready = request.prepare()
    items = httpx.get(ready.url, headers=dict(ready.headers)).raise_for_status().json()
    made = httpx.post(f"{base.aws}/prod/items", json={"name": "stool"})
    return items, made.json()
