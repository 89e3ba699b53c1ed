"""
flow: AWS Signature Version 4 with temporary keys
library: requests
fault: key and secret are taken, the session token is not
live: GET /prod/items 403 UnrecognizedClientException
"""
import os

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def run(base):
    given = requests.post(f"{base.api}/assume", headers={"X-Api-Key": os.environ["CATALOG_API_KEY"]}).json()
    request = AWSRequest("GET", f"{base.aws}/prod/items", params={"filter": "chair"})
    SigV4Auth(Credentials(given["AccessKeyId"], given["SecretAccessKey"]), "execute-api", "eu-west-1").add_auth(request)
    ready = request.prepare()
    response = requests.get(ready.url, headers=dict(ready.headers))
    response.raise_for_status()
    return response.json()["items"]
