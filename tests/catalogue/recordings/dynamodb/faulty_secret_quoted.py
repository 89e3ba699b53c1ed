"""
flow: AWS Signature Version 4, by the SDK
library: botocore
fault: the secret key was pasted from a URL, its slash and plus are quoted
live: POST / 403 InvalidSignature
"""
import os
from urllib.parse import quote

import botocore.session


def run(base):
    client = botocore.session.get_session().create_client(
        "dynamodb",
        region_name="eu-west-1",
        endpoint_url=base.aws,
        aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=quote(os.environ["AWS_SECRET_ACCESS_KEY"], safe=""),
    )
    client.put_item(TableName="stock", Item={"id": {"S": "chair"}, "left": {"N": "4"}})
    return client.get_item(TableName="stock", Key={"id": {"S": "chair"}})["Item"]["left"]
