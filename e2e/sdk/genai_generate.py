"""generateContent by Google's own SDK, whoever serves the model."""

import asyncio
import functools
import unittest

import pydantic
from google import genai
from google.genai import errors, types

import gateway


@functools.cache  # a client that nobody keeps closes its connections, even under a request
def client(key=gateway.KEY, url=gateway.URL, **options):
    return genai.Client(api_key=key, http_options=types.HttpOptions(base_url=url, **options))


def config(case=None, **options):
    """How an answer is made; case names the request in the access log."""
    if case:
        options["http_options"] = types.HttpOptions(headers={"x-case": case})
    return types.GenerateContentConfig(**options)


def ask(prompt, sdk=None, model=gateway.MODEL, case=None, **options):
    return (sdk or client()).models.generate_content(model=model, contents=prompt, config=config(case, **options))


def stream(prompt, sdk=None, model=gateway.MODEL, case=None, **options):
    return (sdk or client()).models.generate_content_stream(model=model, contents=prompt, config=config(case, **options))


def tool(*names):
    return [
        types.Tool(
            function_declarations=[
                types.FunctionDeclaration(
                    name=n,
                    description=f"To {n}.",
                    parameters=types.Schema(
                        type="OBJECT",
                        properties={"path": types.Schema(type="STRING"), "text": types.Schema(type="STRING", nullable=True)},
                        required=["path"],
                    ),
                )
                for n in names
            ]
        )
    ]


def said(answer):
    """What an answer says, without what was thought."""
    parts = answer.candidates[0].content.parts or []
    return "".join(p.text for p in parts if p.text and not p.thought)


def charge(usage):
    """All input and output tokens of an answer."""
    return usage.prompt_token_count, (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)


class Answers(unittest.TestCase):
    def test_whole(self):
        case, prompt = gateway.case(), gateway.unique("Hi")
        answer = ask(prompt, case=case)
        self.assertEqual(answer.text, f'You said: "{prompt}".')
        self.assertEqual(answer.candidates[0].finish_reason, types.FinishReason.STOP)
        self.assertTrue(answer.response_id)
        self.assertIn(gateway.MODEL, answer.model_version)
        used, record = gateway.charged(prompt), gateway.record(case)
        self.assertEqual(charge(answer.usage_metadata), (used["input"], used["output"]))
        self.assertEqual(answer.usage_metadata.total_token_count, used["input"] + used["output"])
        self.assertEqual((record["input_tokens"], record["output_tokens"], record["model"]), (used["input"], used["output"], gateway.MODEL))

    def test_older_version_of_the_api(self):
        prompt = gateway.unique("Hi")
        self.assertIn(prompt, ask(prompt, client(api_version="v1beta")).text)

    def test_conversation_with_system_instruction(self):
        prompt = gateway.unique("and now")
        contents = [types.UserContent("one"), types.ModelContent("two"), types.UserContent(prompt)]
        self.assertIn(prompt, ask(contents, system_instruction="Be brief.").text)
        self.assertIn("Be brief.", gateway.received(prompt)[0]["body"])

    def test_chat_keeps_its_history(self):
        first, second, third = gateway.unique("one"), gateway.unique("two"), gateway.unique("three")
        chat = client().chats.create(model=gateway.MODEL)
        self.assertIn(first, chat.send_message(first).text)
        self.assertIn(gateway.mark(second), "".join(c.text or "" for c in chat.send_message_stream(second)))
        self.assertIn(third, chat.send_message(third).text)
        body = gateway.received(third)[0]["body"]
        self.assertEqual(body.count(gateway.mark(first)), 2)  # asked and answered
        self.assertIn(gateway.mark(second), body)  # its answer came in pieces

    def test_limit(self):
        answer = ask(gateway.unique("a long answer, please"), max_output_tokens=3, **gateway_without_thoughts())
        self.assertEqual(answer.candidates[0].finish_reason, types.FinishReason.MAX_TOKENS)
        self.assertEqual(charge(answer.usage_metadata)[1], 3)

    def test_stop_sequence(self):
        answer = ask(gateway.unique("one STOP two"), stop_sequences=["STOP"])
        self.assertEqual(answer.text.strip(), 'You said: "one')
        self.assertEqual(answer.candidates[0].finish_reason, types.FinishReason.STOP)

    def test_image(self):
        prompt = gateway.unique("What is this?")
        answer = ask([types.Part.from_bytes(data=gateway.png(), mime_type="image/png"), prompt])
        self.assertIn("2 x 3 pixels", answer.text)

    def test_thoughts_are_counted(self):
        case, prompt = gateway.case(), gateway.unique("think")
        options = {"max_output_tokens": 4000, "thinking_config": types.ThinkingConfig(thinking_budget=2000, include_thoughts=True)}
        answer = ask(prompt, model=gateway.REASONING_MODEL, case=case, **options)
        self.assertIn(gateway.mark(prompt), said(answer))
        used, record = gateway.charged(prompt), gateway.record(case)
        self.assertGreater(used["reasoning"], 0)
        self.assertEqual((charge(answer.usage_metadata)[1], record["output_tokens"]), (used["output"], used["output"]))

    def test_tokens_are_counted_beforehand(self):
        prompt = gateway.unique("count " + "these words " * 50)
        count = client().models.count_tokens(model=gateway.MODEL, contents=prompt).total_tokens
        charged = charge(ask(prompt).usage_metadata)[0]
        self.assertAlmostEqual(count, charged, delta=charged * 0.15)


def gateway_without_thoughts():
    """For Google's models, which think unasked and count it in the limit."""
    return {"thinking_config": types.ThinkingConfig(thinking_budget=0)} if gateway.PROVIDER == "gemini" else {}


class Streams(unittest.TestCase):
    def test_accumulated(self):
        case, prompt = gateway.case(), gateway.unique("Tell me more", "split=7")
        chunks = list(stream(prompt, case=case))
        self.assertIn(gateway.mark(prompt), "".join(c.text or "" for c in chunks))
        self.assertEqual(chunks[-1].candidates[0].finish_reason, types.FinishReason.STOP)
        self.assertFalse([c for c in chunks[:-1] if c.candidates[0].finish_reason])
        used, record = gateway.charged(prompt), gateway.record(case)
        self.assertEqual(charge(chunks[-1].usage_metadata), (used["input"], used["output"]))
        self.assertEqual((record["input_tokens"], record["output_tokens"], record["stream"]), (used["input"], used["output"], True))

    def test_calls_come_whole(self):
        prompt = gateway.unique('call search with {"path": "a", "text": "b"} and call lint with {"path": "c"}', "split=3")
        calls = [c for chunk in stream(prompt, tools=tool("search", "lint")) for c in chunk.function_calls or []]
        self.assertEqual([(c.name, c.args) for c in calls], [("search", {"path": "a", "text": "b"}), ("lint", {"path": "c"})])

    def test_closing_early_is_logged(self):
        case, prompt = gateway.case(), gateway.unique("Tell", "chunks=400;interval=5ms")
        chunks = stream(prompt, case=case)
        for _ in zip(chunks, range(20)):
            pass
        chunks.close()
        record = gateway.record(case)
        self.assertEqual(record["error"], "aborted")
        self.assertTrue(record["estimated"])
        self.assertLess(record["output_tokens"], 300)


class Tools(unittest.TestCase):
    def loop(self, turn, contents, with_ids=True):
        """Plays the tools until the model has none to call, and returns the calls of each round and the last answer."""
        rounds = []
        while True:
            parts = turn(contents)
            calls = [p.function_call for p in parts if p.function_call]
            if not calls:
                return rounds, "".join(p.text or "" for p in parts if not p.thought)
            rounds.append([c.name for c in calls])
            results = []
            for c in calls:
                response = {"output": gateway.result(c.name, c.args)}
                results.append(types.Part(function_response=types.FunctionResponse(id=c.id if with_ids else None, name=c.name, response=response)))
            contents += [types.Content(role="model", parts=parts), types.Content(role="user", parts=results)]

    @staticmethod
    def whole(contents):
        return ask(contents, tools=tool("read_file", "edit_file", "lint", "test")).candidates[0].content.parts

    @staticmethod
    def streamed(contents):
        chunks = stream(contents, tools=tool("read_file", "edit_file", "lint", "test"))
        return [p for c in chunks for p in c.candidates[0].content.parts or []]

    def test_loop_of_three_turns(self):
        for turn in [self.whole, self.streamed]:
            with self.subTest(turn.__name__):
                rounds, last = self.loop(turn, [types.UserContent(gateway.task())])
                self.assertEqual(rounds, gateway.TASK_CALLS)
                self.assertIn("test of ./... is done", last)

    def test_results_without_ids(self):
        if gateway.PROVIDER == "gemini":
            return  # its newest models want them, and what their own clients send passes as it is
        rounds, last = self.loop(self.whole, [types.UserContent(gateway.task())], with_ids=False)
        self.assertEqual(rounds, gateway.TASK_CALLS)
        self.assertIn("test of ./... is done", last)

    def test_thoughts_go_through_the_loop(self):
        """Signatures come back as the SDK spells them, in another alphabet of base64."""
        options = {"max_output_tokens": 8000, "thinking_config": types.ThinkingConfig(thinking_budget=2000, include_thoughts=True)}

        def whole(contents):
            answer = ask(contents, model=gateway.REASONING_MODEL, tools=tool("read_file", "edit_file", "lint", "test"), **options)
            return answer.candidates[0].content.parts

        def streamed(contents):
            chunks = stream(contents, model=gateway.REASONING_MODEL, tools=tool("read_file", "edit_file", "lint", "test"), **options)
            return [p for c in chunks for p in c.candidates[0].content.parts or []]

        for turn in [whole, streamed]:
            with self.subTest(turn.__name__):
                rounds, last = self.loop(turn, [types.UserContent(gateway.task())])
                self.assertEqual(rounds, gateway.TASK_CALLS)
                self.assertIn("test of ./... is done", last)

    def test_python_functions_are_called(self):
        called = []

        def read_file(path: str) -> str:
            """Reads a file."""
            called.append(path)
            return "the text"

        # The SDK leaves out the ids of results, which Google's newest models want.
        answer = ask(gateway.unique('call read_file with {"path": "a.go"}'), model=gateway.REASONING_MODEL, tools=[read_file])
        self.assertEqual(called, ["a.go"])
        self.assertIn("the text", answer.text)

    def test_call_that_has_to_be_made(self):
        calling = types.FunctionCallingConfig(mode="ANY", allowed_function_names=["lint"])
        answer = ask(gateway.unique("Hi"), tools=tool("lint", "test"), tool_config=types.ToolConfig(function_calling_config=calling))
        self.assertEqual([c.name for c in answer.function_calls], ["lint"])


class Plan(pydantic.BaseModel):
    title: str
    steps: list[str]


class StructuredOutput(unittest.TestCase):
    def test_schema(self):
        for ask_for in [{"response_schema": Plan}, {"response_json_schema": Plan.model_json_schema()}]:
            with self.subTest(*ask_for):
                answer = ask(gateway.unique("plan"), response_mime_type="application/json", **ask_for)
                self.assertIsInstance(Plan.model_validate_json(answer.text), Plan)

    def test_parsed_from_a_stream(self):
        chunks = stream(gateway.unique("plan"), response_mime_type="application/json", response_schema=Plan)
        self.assertTrue(Plan.model_validate_json("".join(c.text or "" for c in chunks)).title)


class Errors(unittest.TestCase):
    def wants(self, kind, code, status, call):
        with self.assertRaises(kind) as caught:
            call()
        e = caught.exception
        self.assertEqual((e.code, e.status), (code, status))
        self.assertTrue(e.message)
        return e

    def test_key_that_nobody_has(self):
        self.wants(errors.ClientError, 401, "UNAUTHENTICATED", lambda: ask("Hi", client("client-nobody")))

    def test_model_that_the_consumer_may_not_use(self):
        self.wants(errors.ClientError, 403, "PERMISSION_DENIED", lambda: ask("Hi", client(gateway.NARROW_KEY)))

    def test_model_that_does_not_exist(self):
        for call in [ask, lambda *a, **k: list(stream(*a, **k))]:
            self.wants(errors.ClientError, 404, "NOT_FOUND", lambda c=call: c("Hi", model="no-such-model"))

    def test_value_out_of_range(self):
        self.wants(errors.ClientError, 400, "INVALID_ARGUMENT", lambda: ask(gateway.unique("Hi"), temperature=9))

    def test_rate_limit(self):
        e = self.wants(errors.ClientError, 429, "RESOURCE_EXHAUSTED", lambda: ask(gateway.unique("Hi", "status=429;retry-after=7")))
        if gateway.PROVIDER == "gemini":
            self.assertIn("'retryDelay': '7s'", str(e.details))
        else:
            self.assertEqual(e.response.headers["retry-after"], "7")

    def test_failures_of_the_provider(self):
        for directive, code in [("status=500", 500), ("html=502", 502), ("empty=500", 500)]:
            with self.subTest(directive):
                self.wants(errors.ServerError, code, "INTERNAL", lambda d=directive: ask(gateway.unique("Hi", d)))

    def test_overload(self):
        directive = {"anthropic": "status=529"}.get(gateway.PROVIDER, "status=503")
        self.wants(errors.ServerError, 503, "UNAVAILABLE", lambda: ask(gateway.unique("Hi", directive)))

    def test_provider_that_is_not_there(self):
        self.wants(errors.ServerError, 503, "UNAVAILABLE", lambda: ask("Hi", model="dead"))

    def test_tool_that_only_google_runs(self):
        if gateway.PROVIDER == "gemini":
            return
        tools = [types.Tool(google_search=types.GoogleSearch())]
        e = self.wants(errors.ClientError, 400, "INVALID_ARGUMENT", lambda: ask("Hi", tools=tools))
        self.assertIn("tools[0].googleSearch", e.message)

    def test_error_within_a_stream(self):
        case, prompt = gateway.case(), gateway.unique("Tell", "error-event=after:4")
        seen = []
        with self.assertRaises(errors.APIError) as caught:
            for chunk in stream(prompt, case=case):
                seen.append(chunk)
        self.assertTrue(seen)
        self.assertTrue(caught.exception.message)
        self.assertEqual(gateway.record(case)["error"], "stream_error")

    def test_stream_that_the_provider_breaks_off(self):
        """It never ends as if it were complete."""
        for directive in ["disconnect=after:5", "eof=after:5"]:
            with self.subTest(directive):
                reasons = []
                try:
                    for chunk in stream(gateway.unique("Tell", directive)):
                        reasons.append(chunk.candidates[0].finish_reason)
                except Exception:  # noqa: BLE001: an error is as good as a missing end, whichever the SDK makes of it
                    pass
                self.assertFalse([r for r in reasons if r])


class Models(unittest.TestCase):
    def test_list(self):
        names = [m.name for m in client().models.list()]
        self.assertIn("models/" + gateway.MODEL, names)
        self.assertEqual([m.name for m in client(gateway.NARROW_KEY).models.list()], ["models/" + gateway.NARROW_MODEL])


class Together(unittest.TestCase):
    """Many at once, by the asynchronous client."""

    def test_streams_keep_their_usage_apart(self):
        asyncio.run(self.streams())

    async def streams(self):
        sdk = client(timeout=60_000).aio  # of its own, for its loop ends with it
        # Of different lengths, so that mixed-up counts show.
        prompts = [(gateway.case(), gateway.unique("word " * (2 * i + 1), "interval=2ms")) for i in range(16)]
        finals = await asyncio.gather(*(self.stream(sdk, *p) for p in prompts))
        for (case, prompt), (text, usage) in zip(prompts, finals):
            used, record = gateway.charged(prompt), gateway.record(case)
            self.assertIn(gateway.mark(prompt), text)
            self.assertEqual(charge(usage), (used["input"], used["output"]))
            self.assertEqual((record["input_tokens"], record["output_tokens"]), (used["input"], used["output"]))

    async def stream(self, sdk, case, prompt):
        text, usage = "", None
        async for chunk in await sdk.models.generate_content_stream(model=gateway.MODEL, contents=prompt, config=config(case)):
            text, usage = text + (chunk.text or ""), chunk.usage_metadata
        return text, usage
