"""Chat and generation by Ollama's SDK, whoever serves the model."""

import json
import unittest

import ollama

import gateway


def client(key=gateway.KEY):
    return ollama.Client(host=gateway.URL, headers={"Authorization": "Bearer " + key})


CLIENT = client()


def user(content, **more):
    return [{"role": "user", "content": content, **more}]


def ask(prompt, sdk=None, **options):
    return (sdk or CLIENT).chat(**{"model": gateway.MODEL, "messages": user(prompt), **options})


def read_file(path: str) -> str:
    """Reads a file.

    Args:
      path: A path below the root of the repository.
    """
    return gateway.result("read_file", {"path": path})


def edit_file(path: str, text: str, line: int) -> str:
    """Writes a line of a file.

    Args:
      path: A path below the root of the repository.
      text: What to write.
      line: Where.
    """
    return gateway.result("edit_file", {"path": path})


def lint(path: str) -> str:
    """Looks for mistakes.

    Args:
      path: A path below the root of the repository.
    """
    return gateway.result("lint", {"path": path})


def test(path: str) -> str:
    """Runs tests.

    Args:
      path: A path below the root of the repository.
    """
    return gateway.result("test", {"path": path})


class Answers(unittest.TestCase):
    def test_whole(self):
        prompt = gateway.unique("Hi")
        answer = ask(prompt)
        self.assertEqual(answer.message.content, f'You said: "{prompt}".')
        self.assertEqual((answer.done, answer.done_reason), (True, "stop"))
        used = gateway.charged(prompt)
        self.assertEqual((answer.prompt_eval_count, answer.eval_count), (used["input"], used["output"]))

    def test_stream(self):
        prompt = gateway.unique("Tell me more")
        chunks = list(ask(prompt, stream=True))
        self.assertEqual("".join(c.message.content or "" for c in chunks), f'You said: "{prompt}".')
        self.assertEqual([c.done for c in chunks if c.done], [True])
        used = gateway.charged(prompt)
        self.assertEqual((chunks[-1].prompt_eval_count, chunks[-1].eval_count), (used["input"], used["output"]))

    def test_generate(self):
        prompt = gateway.unique("Hi")
        answer = CLIENT.generate(model=gateway.MODEL, prompt=prompt, system="Be brief.", options={"temperature": 0.2})
        self.assertEqual(answer.response, f'You said: "{prompt}".')
        self.assertIn("Be brief.", gateway.received(prompt)[0]["body"])

    def test_generate_stream(self):
        prompt = gateway.unique("Hi")
        chunks = list(CLIENT.generate(model=gateway.MODEL, prompt=prompt, stream=True))
        self.assertEqual("".join(c.response for c in chunks), f'You said: "{prompt}".')
        self.assertTrue(chunks[-1].done)

    def test_limit(self):
        answer = ask(gateway.unique("a long answer, please"), options={"num_predict": 3})
        self.assertEqual((answer.done_reason, answer.eval_count), ("length", 3))

    def test_format(self):
        prompt = gateway.unique("plan")
        schema = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"], "additionalProperties": False}
        self.assertEqual(json.loads(ask(prompt, format=schema).message.content)["title"], prompt)

    def test_models(self):
        self.assertIn(gateway.MODEL, [m.model for m in CLIENT.list().models])


class Tools(unittest.TestCase):
    tools = [read_file, edit_file, lint, test]

    def whole(self, messages):
        return ask(None, messages=messages, tools=self.tools).message

    def streamed(self, messages):
        message = ollama.Message(role="assistant", content="")
        calls = []
        for chunk in ask(None, messages=messages, tools=self.tools, stream=True):
            message.content += chunk.message.content or ""
            calls += chunk.message.tool_calls or []
        message.tool_calls = calls or None
        return message

    def test_loop(self):
        functions = {f.__name__: f for f in self.tools}
        for turn in [self.whole, self.streamed]:
            with self.subTest(turn.__name__):
                messages, rounds = user(gateway.task()), []
                while (message := turn(messages)).tool_calls:
                    rounds.append([c.function.name for c in message.tool_calls])
                    messages.append(message)
                    for c in message.tool_calls:
                        content = functions[c.function.name](**c.function.arguments)
                        messages.append({"role": "tool", "tool_name": c.function.name, "content": content})
                self.assertEqual(rounds, gateway.TASK_CALLS)
                self.assertIn("test of ./... is done", message.content)


class Errors(unittest.TestCase):
    def wants(self, status, call):
        with self.assertRaises(ollama.ResponseError) as caught:
            call()
        self.assertEqual(caught.exception.status_code, status)
        self.assertTrue(caught.exception.error)

    def test_errors(self):
        self.wants(401, lambda: ask("Hi", client("client-nobody")))
        self.wants(404, lambda: ask("Hi", model="no-such-model"))
        self.wants(400, lambda: ask("Hi", messages=[]))
        self.wants(429, lambda: ask(gateway.unique("Hi", "status=429")))
        self.wants(503, lambda: ask(gateway.unique("Hi", "status=503")))

    def test_error_within_a_stream(self):
        with self.assertRaises(ollama.ResponseError):
            list(ask(gateway.unique("Tell", "error-event=after:4"), stream=True))
