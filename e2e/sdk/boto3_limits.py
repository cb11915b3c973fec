"""Limits and AWS's SDK for Python."""

import functools
import os
import unittest

import boto3
import botocore.config
import botocore.exceptions

import gateway
import limits

os.environ["AWS_EC2_METADATA_DISABLED"] = "true"


@functools.cache
def client(key, case):
    os.environ["AWS_BEARER_TOKEN_BEDROCK"] = key
    config = botocore.config.Config(retries={"total_max_attempts": 1})
    sdk = boto3.session.Session().client(
        "bedrock-runtime", region_name="us-east-1", endpoint_url=gateway.SECURE_URL, verify=gateway.CA, config=config
    )
    sdk.meta.events.register("before-call.bedrock-runtime.*", lambda params, **_: params["headers"].update({"x-case": case}))
    return sdk


def options(prompt, most):
    return {"modelId": gateway.MODEL, "messages": [{"role": "user", "content": [{"text": prompt}]}], "inferenceConfig": {"maxTokens": most}}


class Boto3Limits(limits.Limits, unittest.TestCase):
    LENGTH = "max_tokens"

    def whole(self, prompt, key, case, most):
        return client(key, case).converse(**options(prompt, most))

    def parts(self, prompt, key, case, most):
        for event in client(key, case).converse_stream(**options(prompt, most))["stream"]:
            if "contentBlockDelta" in event:
                yield event["contentBlockDelta"]["delta"]["text"], None
            elif "messageStop" in event:
                yield None, event["messageStop"]["stopReason"]

    def refused(self, call):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call()
        answer = caught.exception.response
        self.assertEqual((answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]), ("ThrottlingException", 429))
        return answer["ResponseMetadata"]["HTTPHeaders"]

    def test_headers_tell_how_a_limit_stands(self):
        headers = self.whole(gateway.unique("Hi"), limits.OUTRUN_KEY, gateway.case(), 50)["ResponseMetadata"]["HTTPHeaders"]
        self.assertEqual(headers["x-ratelimit-remaining-tokens"], "8950")
