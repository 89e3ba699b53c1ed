"""
flow: AWS Signature Version 4 with temporary keys
library: httpx
fault: the temporary keys are fetched when the process starts
live: GET /prod/items 403 ExpiredToken
"""
import os
import time

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def run(base):
    with httpx.Client() as client:
        given = client.post(f"{base.api}/assume", headers={"X-Api-Key": os.environ["CATALOG_API_KEY"]}).json()
        keys = Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        signer = SigV4Auth(keys, "execute-api", "eu-west-1")

        def items():
            request = AWSRequest("GET", f"{base.aws}/prod/items", params={"filter": "chair"})
            signer.add_auth(request)
            ready = request.prepare()
            return client.get(ready.url, headers=dict(ready.headers)).raise_for_status().json()["items"]

        first = items()
        time.sleep(600)
        return first, items()
