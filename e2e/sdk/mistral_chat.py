"""Chat by Mistral's SDK, whoever serves the model."""

import json
import unittest

import mistralai.client
import pydantic
from mistralai.client import errors, models

import gateway


def client(key=gateway.KEY):
    return mistralai.client.Mistral(api_key=key, server_url=gateway.URL)


CLIENT = client()


def tool(name):
    return {"type": "function", "function": {"name": name, "description": f"To {name}.", "parameters": gateway.parameters()}}


def user(content):
    return [{"role": "user", "content": content}]


def ask(prompt, sdk=None, **options):
    return (sdk or CLIENT).chat.complete(**{"model": gateway.MODEL, "messages": user(prompt), **options})


def stream(prompt, **options):
    return [e.data for e in CLIENT.chat.stream(**{"model": gateway.MODEL, "messages": user(prompt), **options})]


class Plan(pydantic.BaseModel):
    title: str
    done: bool


class Answers(unittest.TestCase):
    def test_whole(self):
        prompt = gateway.unique("Hi")
        answer = ask(prompt)
        self.assertEqual(answer.choices[0].message.content, f'You said: "{prompt}".')
        self.assertEqual(answer.choices[0].finish_reason, "stop")
        used = gateway.charged(prompt)
        self.assertEqual((answer.usage.prompt_tokens, answer.usage.completion_tokens), (used["input"], used["output"]))

    def test_stream(self):
        prompt = gateway.unique("Tell me more", "split=7")
        chunks = stream(prompt)
        self.assertEqual("".join(c.choices[0].delta.content or "" for c in chunks if c.choices), f'You said: "{prompt.split(" [[")[0]}".')
        self.assertEqual([c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason], ["stop"])

    def test_limit(self):
        answer = ask(gateway.unique("a long answer, please"), max_tokens=3)
        self.assertEqual((answer.choices[0].finish_reason, answer.usage.completion_tokens), ("length", 3))

    def test_members_of_its_own(self):
        """What it spells otherwise than OpenAI gets where the provider has it, and what nobody else has is reported."""
        prompt = gateway.unique("Hi")
        answer = ask(prompt, random_seed=7, temperature=0.2, safe_prompt=False)
        self.assertIn(prompt, answer.choices[0].message.content)
        body = json.loads(gateway.received(prompt)[0]["body"])
        name = {"mistral": "random_seed", "openai": "seed"}.get(gateway.PROVIDER)
        if name:
            self.assertEqual(body[name], 7)

    def test_image_by_its_bare_url(self):
        prompt = gateway.unique("What is this?")
        picture = {"type": "image_url", "image_url": "data:image/png;base64," + gateway.png_base64()}
        answer = ask(prompt, messages=user([{"type": "text", "text": prompt}, picture]))
        self.assertIn("2 x 3 pixels", answer.choices[0].message.content)

    def test_parse(self):
        prompt = gateway.unique("plan")
        answer = CLIENT.chat.parse(Plan, model=gateway.MODEL, messages=user(prompt))
        self.assertEqual(answer.choices[0].message.parsed.title, prompt)

    def test_models(self):
        self.assertIn(gateway.MODEL, [getattr(m, "id", None) or m.raw["id"] for m in CLIENT.models.list().data])


class Tools(unittest.TestCase):
    @staticmethod
    def whole(messages, tools):
        return ask(None, messages=messages, tools=tools).choices[0].message

    @staticmethod
    def streamed(messages, tools):
        """The calls of a stream as the SDK's users put them together."""
        message, calls = models.AssistantMessage(content=""), {}
        for chunk in stream(None, messages=messages, tools=tools):
            for choice in chunk.choices:
                message.content += choice.delta.content or ""
                for c in choice.delta.tool_calls or []:
                    if c.index in calls:
                        calls[c.index].function.arguments += c.function.arguments
                    else:
                        calls[c.index] = c
        message.tool_calls = list(calls.values())
        return message

    def test_loop(self):
        for turn in [self.whole, self.streamed]:
            with self.subTest(turn.__name__):
                tools = [tool(n) for n in ["read_file", "edit_file", "lint", "test"]]
                messages, rounds = user(gateway.task()), []
                while (message := turn(messages, tools)).tool_calls:
                    rounds.append([c.function.name for c in message.tool_calls])
                    messages.append(message)
                    for c in message.tool_calls:
                        arguments = json.loads(c.function.arguments)
                        messages.append(models.ToolMessage(role="tool", content=gateway.result(c.function.name, arguments), tool_call_id=c.id, name=c.function.name))
                self.assertEqual(rounds, gateway.TASK_CALLS)
                self.assertIn("test of ./... is done", message.content)

    def test_choice(self):
        tools = [tool("lint"), tool("test")]
        named = ask(gateway.unique("go"), tools=tools, tool_choice={"type": "function", "function": {"name": "test"}})
        self.assertEqual([c.function.name for c in named.choices[0].message.tool_calls], ["test"])
        some = ask(gateway.unique("go"), tools=tools, tool_choice="any")
        self.assertTrue(some.choices[0].message.tool_calls)


class Errors(unittest.TestCase):
    def wants(self, status, call):
        with self.assertRaises(errors.SDKError) as caught:
            call()
        self.assertEqual(caught.exception.status_code, status)
        return caught.exception

    def test_errors(self):
        self.wants(401, lambda: ask("Hi", client("client-nobody")))
        self.wants(404, lambda: ask("Hi", model="no-such-model"))
        self.wants(400, lambda: ask(gateway.unique("Hi"), messages=[]))
        e = self.wants(429, lambda: ask(gateway.unique("Hi", "status=429;retry-after=7")))
        self.assertEqual(e.headers["retry-after"], "7")
        self.wants(503, lambda: ask(gateway.unique("Hi", "status=503")))

    def test_stream_that_fails_has_no_end(self):
        for directive in ["error-event=after:4", "eof=after:4"]:
            with self.subTest(directive):
                reasons = []
                try:
                    for e in CLIENT.chat.stream(model=gateway.MODEL, messages=user(gateway.unique("Tell", directive))):
                        reasons += [c.finish_reason for c in e.data.choices if c.finish_reason]
                except Exception:  # noqa: BLE001: its type for an event that is no chunk is pydantic's
                    pass
                self.assertEqual(reasons, [])
