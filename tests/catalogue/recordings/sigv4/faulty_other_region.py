"""
flow: AWS Signature Version 4
library: requests
fault: signed for us-east-1
live: GET /prod/items 403 SignatureScope
"""
import os

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def run(base):
    request = AWSRequest("GET", f"{base.aws}/prod/items", params={"filter": "red chair", "limit": "5"})
    keys = Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
    SigV4Auth(keys, "execute-api", os.environ.get("AWS_DEFAULT_REGION", "us-east-1")).add_auth(request)
    ready = request.prepare()
    response = requests.get(ready.url, headers=dict(ready.headers))
    response.raise_for_status()
    return response.json()
