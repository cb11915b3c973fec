"""Chat by Cohere's SDK (version 2 of the API), whoever serves the model."""

import json
import unittest

import cohere
from cohere import errors

import gateway


def client(key=gateway.KEY):
    return cohere.ClientV2(api_key=key, base_url=gateway.URL)


CLIENT = client()


def tool(name):
    return {"type": "function", "function": {"name": name, "description": f"To {name}.", "parameters": gateway.parameters()}}


def user(content):
    return [{"role": "user", "content": content}]


def options(more):
    return {"request_options": {"max_retries": 0}, **more}


def ask(prompt, sdk=None, **more):
    return (sdk or CLIENT).chat(**{"model": gateway.MODEL, "messages": user(prompt), **options(more)})


def stream(prompt, **more):
    return CLIENT.chat_stream(**{"model": gateway.MODEL, "messages": user(prompt), **options(more)})


def said(answer):
    return said_of(answer.message)


def said_of(message):
    return "".join(b.text for b in message.content or [] if b.type == "text")


class Answers(unittest.TestCase):
    def test_whole(self):
        prompt = gateway.unique("Hi")
        answer = ask(prompt)
        self.assertEqual(said(answer), f'You said: "{prompt}".')
        self.assertEqual(answer.finish_reason, "COMPLETE")
        self.assertTrue(answer.id)
        used = gateway.charged(prompt)
        self.assertEqual((answer.usage.tokens.input_tokens, answer.usage.tokens.output_tokens), (used["input"], used["output"]))

    def test_conversation_with_system_message(self):
        prompt = gateway.unique("and now")
        history = [{"role": "system", "content": "Be brief."}, *user("one"), {"role": "assistant", "content": "two"}, *user(prompt)]
        self.assertIn(prompt, said(ask(None, messages=history)))
        self.assertIn("Be brief.", gateway.received(prompt)[0]["body"])

    def test_limit_and_stop_sequence(self):
        answer = ask(gateway.unique("a long answer, please"), max_tokens=3, temperature=0.2)
        self.assertEqual((answer.finish_reason, answer.usage.tokens.output_tokens), ("MAX_TOKENS", 3))
        answer = ask(gateway.unique("one STOP two"), stop_sequences=["STOP"])
        self.assertEqual(said(answer).strip(), 'You said: "one')

    def test_documents(self):
        prompt = gateway.unique("Which?")
        self.assertIn(gateway.mark(prompt), said(ask(prompt, documents=[{"data": {"title": "T", "text": "Blue it is."}}])))
        self.assertIn("Blue it is.", gateway.received(prompt)[0]["body"])

    def test_schema(self):
        prompt = gateway.unique("plan as JSON")
        schema = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"], "additionalProperties": False}
        answer = ask(prompt, response_format={"type": "json_object", "json_schema": schema})
        self.assertIn(gateway.mark(prompt), json.loads(said(answer))["title"])


class Streams(unittest.TestCase):
    def test_whole_stream(self):
        prompt = gateway.unique("Tell me more", "split=7")
        events = list(stream(prompt))
        self.assertEqual(events[0].type, "message-start")
        self.assertIn(gateway.mark(prompt), "".join(e.delta.message.content.text or "" for e in events if e.type == "content-delta"))
        last = events[-1]
        self.assertEqual((last.type, last.delta.finish_reason), ("message-end", "COMPLETE"))
        used = gateway.charged(prompt)
        self.assertEqual((last.delta.usage.tokens.input_tokens, last.delta.usage.tokens.output_tokens), (used["input"], used["output"]))

    def test_stream_that_fails_has_no_good_end(self):
        for directive in ["error-event=after:4", "eof=after:4"]:
            with self.subTest(directive):
                ends = [e.delta.finish_reason for e in stream(gateway.unique("Tell", directive)) if e.type == "message-end"]
                self.assertFalse([r for r in ends if r != "ERROR"])


class Tools(unittest.TestCase):
    @staticmethod
    def whole(messages, tools):
        m = ask(None, messages=messages, tools=tools).message
        return said_of(m), m.tool_plan, m.tool_calls or []

    @staticmethod
    def streamed(messages, tools):
        """The message of a stream, put together from its pieces."""
        text, plan, calls = "", "", []
        for e in stream(None, messages=messages, tools=tools):
            if e.type == "content-delta":
                text += e.delta.message.content.text or ""
            elif e.type == "tool-plan-delta":
                plan += e.delta.message.tool_plan
            elif e.type == "tool-call-start":
                calls.append(e.delta.message.tool_calls)
            elif e.type == "tool-call-delta":
                calls[e.index].function.arguments += e.delta.message.tool_calls.function.arguments
        return text, plan, calls

    def test_loop(self):
        tools = [tool(n) for n in ["read_file", "edit_file", "lint", "test"]]
        for turn in [self.whole, self.streamed]:
            with self.subTest(turn.__name__):
                messages, rounds = user(gateway.task()), []
                while True:
                    text, plan, calls = turn(messages, tools)
                    if not calls:
                        break
                    rounds.append([c.function.name for c in calls])
                    messages.append({"role": "assistant", "tool_plan": plan or text, "tool_calls": calls})
                    for c in calls:
                        content = gateway.result(c.function.name, json.loads(c.function.arguments))
                        messages.append({"role": "tool", "tool_call_id": c.id, "content": content})
                self.assertEqual(rounds, gateway.TASK_CALLS)
                self.assertIn("test of ./... is done", text)

    def test_choice(self):
        some = ask(gateway.unique("go"), tools=[tool("lint")], tool_choice="REQUIRED")
        self.assertEqual([c.function.name for c in some.message.tool_calls], ["lint"])
        self.assertEqual(some.finish_reason, "TOOL_CALL")


class Errors(unittest.TestCase):
    def test_errors(self):
        for kind, call in [
            (errors.UnauthorizedError, lambda: ask("Hi", client("client-nobody"))),
            (errors.NotFoundError, lambda: ask("Hi", model="no-such-model")),
            (errors.BadRequestError, lambda: ask("Hi", messages=[])),
            (errors.TooManyRequestsError, lambda: ask(gateway.unique("Hi", "status=429"))),
            (errors.ServiceUnavailableError, lambda: ask(gateway.unique("Hi", "status=503"))),
        ]:
            with self.subTest(kind.__name__):
                with self.assertRaises(kind) as caught:
                    call()
                self.assertTrue(caught.exception.body["message"])
