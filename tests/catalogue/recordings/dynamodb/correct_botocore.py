"""
flow: AWS Signature Version 4, by the SDK
library: botocore
"""
import botocore.session


def run(base):
    # Keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
    client = botocore.session.get_session().create_client(
        "dynamodb", region_name="eu-west-1", endpoint_url=base.aws
    )
    client.put_item(TableName="stock", Item={"id": {"S": "chair"}, "left": {"N": "4"}})
    return client.get_item(TableName="stock", Key={"id": {"S": "chair"}})["Item"]["left"]
