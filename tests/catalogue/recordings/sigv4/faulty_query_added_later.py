"""
flow: AWS Signature Version 4
library: httpx
fault: a parameter is added after the request was signed
live: GET /prod/items 403 InvalidSignature
"""
import os

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def run(base):
    request = AWSRequest("GET", f"{base.aws}/prod/items", params={"filter": "red chair"})
    keys = Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
    SigV4Auth(keys, "execute-api", "eu-west-1").add_auth(request)
    ready = request.prepare()
    response = httpx.get(ready.url + "&limit=5", headers=dict(ready.headers))
    return response.raise_for_status().json()
