"""
flow: AWS Signature Version 4
library: requests
"""
import json
import os

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def call(method, url, params=None, content=None):
    body = None if content is None else json.dumps(content)
    headers = {"Content-Type": "application/json"} if body else {}
    request = AWSRequest(method, url, params=params, data=body, headers=headers)
    keys = Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
    SigV4Auth(keys, "execute-api", "eu-west-1").add_auth(request)
    ready = request.prepare()
    response = requests.request(method, ready.url, data=body, headers=dict(ready.headers))
    response.raise_for_status()
    return response.json()


def run(base):
    items = call("GET", f"{base.aws}/prod/items", params={"filter": "red chair", "limit": "5"})
    return items, call("POST", f"{base.aws}/prod/items", content={"name": "stool"})
