"""
flow: AWS Signature Version 4, by the SDK
library: botocore
fault: the region is the one of the developer's configuration
live: POST / 403 SignatureScope
"""
import botocore.session


def run(base):
    client = botocore.session.get_session().create_client("dynamodb", region_name="us-west-2", endpoint_url=base.aws)
    client.put_item(TableName="stock", Item={"id": {"S": "chair"}, "left": {"N": "4"}})
    return client.get_item(TableName="stock", Key={"id": {"S": "chair"}})["Item"]["left"]
