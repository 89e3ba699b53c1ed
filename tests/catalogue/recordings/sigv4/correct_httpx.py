"""
flow: AWS Signature Version 4
library: httpx
"""
import os

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


class AwsAuth(httpx.Auth):
    requires_request_body = True

    def __init__(self, service, region):
        keys = Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
        self.signer = SigV4Auth(keys, service, region)

    def auth_flow(self, request):
        signed = AWSRequest(request.method, str(request.url), data=request.content, headers={"Host": request.url.netloc.decode()})
        self.signer.add_auth(signed)
        request.headers.update(dict(signed.headers))
        yield request


def run(base):
    with httpx.Client(base_url=base.aws, auth=AwsAuth("execute-api", "eu-west-1")) as client:
        items = client.get("/prod/items?filter=red%20chair&limit=5").raise_for_status().json()
        return items, client.post("/prod/items", json={"name": "stool"}).raise_for_status().json()
