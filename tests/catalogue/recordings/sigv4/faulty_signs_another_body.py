"""
flow: AWS Signature Version 4
library: requests
fault: the body is serialised once to be signed and again, differently, to be sent
live: POST /prod/items 403 InvalidSignature
"""
import json
import os

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def run(base):
    content = {"name": "stool"}
    body = json.dumps(content, separators=(",", ":"))
    request = AWSRequest("POST", f"{base.aws}/prod/items", data=body, headers={"Content-Type": "application/json"})
    keys = Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
    SigV4Auth(keys, "execute-api", "eu-west-1").add_auth(request)
    response = requests.post(request.url, json=content, headers=dict(request.headers))
    response.raise_for_status()
    return response.json()
