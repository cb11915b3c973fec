"""Chat by Hugging Face's InferenceClient, whoever serves the model."""

import json
import unittest

import huggingface_hub
from huggingface_hub import errors

import gateway


def client(key=gateway.KEY):
    return huggingface_hub.InferenceClient(base_url=gateway.URL + "/v1", api_key=key)


CLIENT = client()  # which has to live as long as its streams


def tool(name):
    return {"type": "function", "function": {"name": name, "description": f"To {name}.", "parameters": gateway.parameters()}}


def user(content):
    return [{"role": "user", "content": content}]


def ask(prompt, sdk=None, **options):
    return (sdk or CLIENT).chat_completion(**{"model": gateway.MODEL, "messages": user(prompt), **options})


class Answers(unittest.TestCase):
    def test_whole(self):
        prompt = gateway.unique("Hi")
        answer = ask(prompt)
        self.assertEqual(answer.choices[0].message.content, f'You said: "{prompt}".')
        self.assertEqual(answer.choices[0].finish_reason, "stop")
        used = gateway.charged(prompt)
        self.assertEqual((answer.usage.prompt_tokens, answer.usage.completion_tokens), (used["input"], used["output"]))

    def test_stream(self):
        prompt = gateway.unique("Tell me more")
        chunks = list(ask(prompt, stream=True, stream_options={"include_usage": True}))
        self.assertEqual("".join(c.choices[0].delta.content or "" for c in chunks if c.choices), f'You said: "{prompt}".')
        self.assertEqual([c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason], ["stop"])
        used = gateway.charged(prompt)
        self.assertEqual((chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens), (used["input"], used["output"]))

    def test_limit(self):
        answer = ask(gateway.unique("a long answer, please"), max_tokens=3)
        self.assertEqual((answer.choices[0].finish_reason, answer.usage.completion_tokens), ("length", 3))

    def test_schema(self):
        prompt = gateway.unique("plan")
        schema = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"], "additionalProperties": False}
        form = {"type": "json_schema", "json_schema": {"name": "plan", "schema": schema, "strict": True}}
        answer = CLIENT.chat.completions.create(model=gateway.MODEL, messages=user(prompt), response_format=form)
        self.assertEqual(json.loads(answer.choices[0].message.content)["title"], prompt)


class Tools(unittest.TestCase):
    def test_loop(self):
        tools = [tool(n) for n in ["read_file", "edit_file", "lint", "test"]]
        messages, rounds = user(gateway.task()), []
        while (message := ask(None, messages=messages, tools=tools).choices[0].message).tool_calls:
            rounds.append([c.function.name for c in message.tool_calls])
            messages.append(message)
            for c in message.tool_calls:
                messages.append({"role": "tool", "tool_call_id": c.id, "content": gateway.result(c.function.name, json.loads(c.function.arguments))})
        self.assertEqual(rounds, gateway.TASK_CALLS)
        self.assertIn("test of ./... is done", message.content)

    def test_streamed_calls(self):
        prompt = gateway.unique('call search with {"path": "a", "text": "b"}', "split=3")
        chunks = ask(prompt, stream=True, tools=[tool("search")])
        calls = [c for chunk in chunks for choice in chunk.choices for c in choice.delta.tool_calls or []]
        self.assertEqual([c.function.name for c in calls if c.function.name], ["search"])
        self.assertEqual(json.loads("".join(c.function.arguments for c in calls)), {"path": "a", "text": "b"})


class Errors(unittest.TestCase):
    def wants(self, status, call):
        with self.assertRaises(errors.HfHubHTTPError) as caught:
            call()
        self.assertEqual(caught.exception.response.status_code, status)

    def test_errors(self):
        self.wants(401, lambda: ask("Hi", client("client-nobody")))
        self.wants(404, lambda: ask("Hi", model="no-such-model"))
        self.wants(400, lambda: ask("Hi", messages=[]))
        self.wants(429, lambda: ask(gateway.unique("Hi", "status=429")))
        self.wants(503, lambda: ask(gateway.unique("Hi", "status=503")))
