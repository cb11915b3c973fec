"""Chat by AWS's SDK for Python (Converse), whoever serves the model."""

import json
import os
import unittest
from unittest import mock

import boto3
import botocore.config
import botocore.exceptions

import gateway

# The client's key is a bearer, which the SDK only sends by TLS: a signature proves nothing
# to who does not know the secret.
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"


def options():
    return {"region_name": "us-east-1", "config": botocore.config.Config(retries={"total_max_attempts": 1})}


def client(key=gateway.KEY):
    os.environ["AWS_BEARER_TOKEN_BEDROCK"] = key
    return boto3.session.Session().client("bedrock-runtime", endpoint_url=gateway.SECURE_URL, verify=gateway.CA, **options())


CLIENT = client()


def user(text, *more):
    return [{"role": "user", "content": [{"text": text}, *more]}]


def tools(*names):
    return {"tools": [{"toolSpec": {"name": n, "description": f"To {n}.", "inputSchema": {"json": gateway.parameters()}}} for n in names]}


def ask(prompt, sdk=None, **options):
    return (sdk or CLIENT).converse(**{"modelId": gateway.MODEL, "messages": user(prompt), **options})


def stream(prompt, **options):
    return CLIENT.converse_stream(**{"modelId": gateway.MODEL, "messages": user(prompt), **options})["stream"]


def said(answer):
    return "".join(b.get("text", "") for b in answer["output"]["message"]["content"])


class Answers(unittest.TestCase):
    def test_whole(self):
        prompt = gateway.unique("Hi")
        answer = ask(prompt)
        self.assertEqual(said(answer), f'You said: "{prompt}".')
        self.assertEqual(answer["stopReason"], "end_turn")
        used = gateway.charged(prompt)
        self.assertEqual((answer["usage"]["inputTokens"], answer["usage"]["outputTokens"]), (used["input"], used["output"]))
        self.assertEqual(answer["usage"]["totalTokens"], used["input"] + used["output"])

    def test_conversation_with_system_prompt(self):
        prompt = gateway.unique("and now")
        history = [*user("one"), {"role": "assistant", "content": [{"text": "two"}]}, *user(prompt)]
        self.assertIn(prompt, said(ask(None, messages=history, system=[{"text": "Be brief."}])))
        self.assertIn("Be brief.", gateway.received(prompt)[0]["body"])

    def test_limit_and_stop_sequence(self):
        answer = ask(gateway.unique("a long answer, please"), inferenceConfig={"maxTokens": 3, "temperature": 0.5})
        self.assertEqual((answer["stopReason"], answer["usage"]["outputTokens"]), ("max_tokens", 3))
        answer = ask(gateway.unique("one STOP two"), inferenceConfig={"stopSequences": ["STOP"]})
        self.assertEqual(said(answer).strip(), 'You said: "one')

    def test_image(self):
        prompt = gateway.unique("What is this?")
        picture = {"image": {"format": "png", "source": {"bytes": gateway.png()}}}
        self.assertIn("2 x 3 pixels", said(ask(None, messages=user(prompt, picture))))

    def test_schema(self):
        prompt = gateway.unique("plan")
        schema = '{"type":"object","properties":{"title":{"type":"string"}},"required":["title"],"additionalProperties":false}'
        form = {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"name": "plan", "schema": schema}}}}
        self.assertIn(gateway.mark(prompt), said(ask(prompt, outputConfig=form)))


class Streams(unittest.TestCase):
    def test_whole_stream(self):
        prompt = gateway.unique("Tell me more", "split=7")
        events = list(stream(prompt))
        self.assertIn("messageStart", events[0])
        text = "".join(e["contentBlockDelta"]["delta"].get("text", "") for e in events if "contentBlockDelta" in e)
        self.assertIn(gateway.mark(prompt), text)
        self.assertEqual([e["messageStop"]["stopReason"] for e in events if "messageStop" in e], ["end_turn"])
        used = gateway.charged(prompt)
        self.assertEqual((events[-1]["metadata"]["usage"]["inputTokens"], events[-1]["metadata"]["usage"]["outputTokens"]), (used["input"], used["output"]))

    def test_error_within_a_stream(self):
        with self.assertRaises(botocore.exceptions.EventStreamError):
            list(stream(gateway.unique("Tell", "error-event=after:4")))

    def test_stream_that_the_provider_breaks_off(self):
        events = []
        try:
            for e in stream(gateway.unique("Tell", "eof=after:4")):
                events.append(e)
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
            pass
        self.assertFalse([e for e in events if "messageStop" in e])


class Tools(unittest.TestCase):
    @staticmethod
    def whole(messages, config):
        return ask(None, messages=messages, toolConfig=config)["output"]["message"]

    @staticmethod
    def streamed(messages, config):
        """The message of a stream as AWS's own examples put it together."""
        blocks, inputs = {}, {}
        for event in CLIENT.converse_stream(modelId=gateway.MODEL, messages=messages, toolConfig=config)["stream"]:
            if "contentBlockStart" in event:
                start = event["contentBlockStart"]
                blocks[start["contentBlockIndex"]] = {"toolUse": dict(start["start"]["toolUse"])}
            elif "contentBlockDelta" in event:
                i, delta = event["contentBlockDelta"]["contentBlockIndex"], event["contentBlockDelta"]["delta"]
                if "text" in delta:
                    block = blocks.setdefault(i, {"text": ""})
                    block["text"] += delta["text"]
                elif "toolUse" in delta:
                    inputs[i] = inputs.get(i, "") + delta["toolUse"]["input"]
        for i, block in blocks.items():
            if "toolUse" in block:
                block["toolUse"]["input"] = json.loads(inputs.get(i, "{}"))
        return {"role": "assistant", "content": [blocks[i] for i in sorted(blocks)]}

    def test_loop(self):
        config = tools("read_file", "edit_file", "lint", "test")
        for turn in [self.whole, self.streamed]:
            with self.subTest(turn.__name__):
                messages, rounds = user(gateway.task()), []
                while True:
                    message = turn(messages, config)
                    calls = [b["toolUse"] for b in message["content"] if "toolUse" in b]
                    if not calls:
                        break
                    rounds.append([c["name"] for c in calls])
                    results = [
                        {"toolResult": {"toolUseId": c["toolUseId"], "content": [{"text": gateway.result(c["name"], c["input"])}]}} for c in calls
                    ]
                    messages += [message, {"role": "user", "content": results}]
                self.assertEqual(rounds, gateway.TASK_CALLS)
                self.assertIn("test of ./... is done", message["content"][-1]["text"])

    def test_choice(self):
        some = ask(gateway.unique("go"), toolConfig={**tools("lint", "test"), "toolChoice": {"tool": {"name": "test"}}})
        self.assertEqual([b["toolUse"]["name"] for b in some["output"]["message"]["content"] if "toolUse" in b], ["test"])
        self.assertEqual(some["stopReason"], "tool_use")


class Errors(unittest.TestCase):
    def wants(self, code, status, call):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call()
        answer = caught.exception.response
        self.assertEqual((answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]), (code, status))
        self.assertTrue(answer["Error"]["Message"])

    def test_errors(self):
        self.wants("UnrecognizedClientException", 401, lambda: ask("Hi", client("client-nobody")))
        self.wants("ResourceNotFoundException", 404, lambda: ask("Hi", modelId="no-such-model"))
        self.wants("ThrottlingException", 429, lambda: ask(gateway.unique("Hi", "status=429")))
        self.wants("ServiceUnavailableException", 503, lambda: ask(gateway.unique("Hi", "status=503")))
        with self.assertRaises(CLIENT.exceptions.ValidationException):
            ask(gateway.unique("Hi"), inferenceConfig={"temperature": 9.0})

    def test_signature_is_no_key(self):
        with mock.patch.dict(os.environ):
            del os.environ["AWS_BEARER_TOKEN_BEDROCK"]
            secret = {"aws_access_key_id": "AKIACLIENT", "aws_secret_access_key": "client-secret"}
            sdk = boto3.session.Session().client("bedrock-runtime", endpoint_url=gateway.URL, **secret, **options())
            self.wants("UnrecognizedClientException", 401, lambda: ask("Hi", sdk))
