"""
flow: AWS Signature Version 4, by the SDK
library: botocore
fault: requests are left unsigned, which worked against the emulator
live: POST / 403 MissingAuthenticationToken
"""
import botocore.session
from botocore import UNSIGNED
from botocore.config import Config


def run(base):
    client = botocore.session.get_session().create_client(
        "dynamodb", region_name="eu-west-1", endpoint_url=base.aws, config=Config(signature_version=UNSIGNED)
    )
    client.put_item(TableName="stock", Item={"id": {"S": "chair"}, "left": {"N": "4"}})
    return client.get_item(TableName="stock", Key={"id": {"S": "chair"}})["Item"]["left"]
