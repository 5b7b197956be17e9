"""The last botocore that speaks SQS's query protocol, in a process of its own: calls on standard input, answers out.

python sqs_query_worker.py FOLDER_OF_THAT_BOTOCORE ENDPOINT_URL
"""

import json
import sys
from pathlib import Path

sys.path[:0] = [sys.argv[1], str(Path(__file__).parents[2])]


def main() -> None:
    import botocore.session  # noqa: PLC0415 - the one in the folder
    from botocore.config import Config  # noqa: PLC0415
    from botocore.exceptions import ClientError  # noqa: PLC0415
    from tests.clients.sqs_query_pack import pack, unpack  # noqa: PLC0415

    client = botocore.session.get_session().create_client(
        "sqs",
        endpoint_url=sys.argv[2],
        region_name="eu-west-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
    )
    assert client.meta.service_model.metadata["protocol"] == "query"
    for line in sys.stdin:
        operation, members = json.loads(line)
        try:
            answer = client._make_api_call(operation, unpack(members))
            del answer["ResponseMetadata"]
            found = {"answer": pack(answer)}
        except ClientError as error:
            document = error.response["Error"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            found = {"error": [document["Code"], status, document["Message"]]}
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


main()
