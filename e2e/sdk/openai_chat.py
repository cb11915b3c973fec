"""Chat by the OpenAI SDK, whoever serves the model."""

import asyncio
import json
import unittest
from unittest import mock

import httpx2
import openai
import pydantic

import gateway

OPTIONS = {"base_url": gateway.URL + "/v1", "api_key": gateway.KEY, "max_retries": 0}


def client(**options):
    return openai.OpenAI(**{**OPTIONS, **options})


def user(content):
    return [{"role": "user", "content": content}]


def tool(name):
    return {"type": "function", "function": {"name": name, "description": f"To {name}.", "parameters": gateway.parameters()}}


def ask(prompt, sdk=None, **options):
    return (sdk or client()).chat.completions.create(**{"model": gateway.MODEL, "messages": user(prompt), **options})


def sent_back(message):
    """An answer as the next turn's history has it; what the SDK has parsed is not a part of the API."""
    calls = [{"id": c.id, "type": c.type, "function": c.function.to_dict()} for c in message.tool_calls]
    for c in calls:
        c["function"].pop("parsed_arguments", None)
    return {"role": "assistant", "content": message.content, "tool_calls": calls}


def system():
    """A long system prompt with the hint for the cache that the provider takes: Anthropic caches what is marked only."""
    if gateway.PROVIDER in ("anthropic", "bedrock"):
        return [{"type": "text", "text": gateway.SYSTEM, "cache_control": {"type": "ephemeral"}}]
    return gateway.SYSTEM


class Answers(unittest.TestCase):
    def test_whole(self):
        prompt = gateway.unique("Hi")
        answer = ask(prompt)
        self.assertEqual(answer.object, "chat.completion")
        self.assertEqual(answer.choices[0].message.content, f'You said: "{prompt}".')
        self.assertEqual(answer.choices[0].finish_reason, "stop")
        used = gateway.charged(prompt)
        self.assertEqual((answer.usage.prompt_tokens, answer.usage.completion_tokens), (used["input"], used["output"]))
        self.assertEqual(answer.usage.total_tokens, used["input"] + used["output"])

    def test_header_tells_the_usage(self):
        prompt = gateway.unique("Hi")
        raw = client().chat.completions.with_raw_response.create(model=gateway.MODEL, messages=user(prompt))
        used = gateway.charged(prompt)
        self.assertEqual(raw.headers["x-postern-usage"], gateway.usage_header(used))
        self.assertIn(prompt, raw.parse().choices[0].message.content)

    def test_conversation_with_system_message(self):
        prompt = gateway.unique("and now")
        history = [{"role": "system", "content": "Be brief."}, *user("one"), {"role": "assistant", "content": "two"}, *user(prompt)]
        answer = ask(prompt, messages=history)
        self.assertIn(prompt, answer.choices[0].message.content)
        self.assertIn("Be brief.", gateway.received(prompt)[0]["body"])

    def test_limit(self):
        answer = ask(gateway.unique("a long answer, please"), max_tokens=3)
        self.assertEqual(answer.choices[0].finish_reason, "length")
        self.assertEqual(answer.usage.completion_tokens, 3)

    def test_stop_sequence(self):
        answer = ask(gateway.unique("one STOP two"), stop=["STOP"])
        self.assertEqual(answer.choices[0].finish_reason, "stop")
        self.assertEqual(answer.choices[0].message.content.strip(), 'You said: "one')

    def test_image(self):
        prompt = gateway.unique("What is this?")
        picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + gateway.png_base64()}}
        answer = ask(prompt, messages=user([{"type": "text", "text": prompt}, picture]))
        self.assertIn("2 x 3 pixels", answer.choices[0].message.content)

    def test_reasoning_is_counted(self):
        case, prompt = gateway.case(), gateway.unique("think")
        answer = ask(prompt, model=gateway.REASONING_MODEL, reasoning_effort="low", extra_headers={"x-case": case})
        used = gateway.charged(prompt)
        self.assertGreater(used["reasoning"], 0)
        told = 0 if gateway.BEDROCK else used["reasoning"]
        self.assertEqual(answer.usage.completion_tokens_details.reasoning_tokens, told)
        self.assertEqual(gateway.record(case).get("reasoning_tokens", 0), told)

    def test_refusal_or_filter_is_no_error(self):
        answer = ask(gateway.unique("no", "filter"), max_tokens=100)
        self.assertEqual(len(answer.choices), 1)


class Streams(unittest.TestCase):
    def test_usage_is_there_when_asked_for(self):
        case, prompt = gateway.case(), gateway.unique("Tell")
        chunks = list(ask(prompt, stream=True, stream_options={"include_usage": True}, extra_headers={"x-case": case}))
        used = gateway.charged(prompt)
        self.assertEqual("".join(c.choices[0].delta.content or "" for c in chunks if c.choices), f'You said: "{prompt}".')
        self.assertEqual(chunks[-1].choices, [])
        self.assertEqual((chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens), (used["input"], used["output"]))
        self.assertFalse([c for c in chunks[:-1] if c.usage])
        self.assertEqual(len({c.id for c in chunks}), 1)
        record = gateway.record(case)
        self.assertEqual((record["input_tokens"], record["output_tokens"]), (used["input"], used["output"]))

    def test_usage_is_hidden_when_not_asked_for(self):
        case, prompt = gateway.case(), gateway.unique("Tell")
        chunks = list(ask(prompt, stream=True, extra_headers={"x-case": case}))
        self.assertFalse([c for c in chunks if c.usage or not c.choices])
        self.assertEqual([c.choices[0].finish_reason for c in chunks if c.choices[0].finish_reason], ["stop"])
        self.assertEqual(gateway.record(case)["output_tokens"], gateway.charged(prompt)["output"])

    def test_accumulated(self):
        prompt = gateway.unique("Tell me more", "split=7")
        with client().chat.completions.stream(model=gateway.MODEL, messages=user(prompt)) as stream:
            deltas = "".join(e.delta for e in stream if e.type == "content.delta")
            final = stream.get_final_completion()
        self.assertEqual(deltas, final.choices[0].message.content)
        self.assertEqual(final.choices[0].finish_reason, "stop")
        self.assertIn(gateway.mark(prompt), deltas)

    def test_accumulated_tool_calls(self):
        prompt = gateway.unique('call search with {"path": "a", "text": "b"} and call lint with {"path": "c"}', "split=3")
        tools = [tool("search"), tool("lint")]
        with client().chat.completions.stream(model=gateway.MODEL, messages=user(prompt), tools=tools) as stream:
            choice = stream.get_final_completion().choices[0]
        calls = [(c.function.name, json.loads(c.function.arguments)) for c in choice.message.tool_calls]
        self.assertEqual(calls, [("search", {"path": "a", "text": "b"}), ("lint", {"path": "c"})])
        self.assertEqual(choice.finish_reason, "tool_calls")
        self.assertEqual(len({c.id for c in choice.message.tool_calls}), 2)

    def test_closing_early_is_logged(self):
        case, prompt = gateway.case(), gateway.unique("Tell", "chunks=400;interval=5ms")
        with ask(prompt, stream=True, extra_headers={"x-case": case}) as stream:
            for chunk, _ in zip(stream, range(20)):
                self.assertTrue(chunk.choices)
        record = gateway.record(case)
        self.assertEqual(record["error"], "aborted")
        self.assertTrue(record["estimated"])
        self.assertLess(record["output_tokens"], 300)


class Tools(unittest.TestCase):
    def loop(self, turn, tools, messages, **options):
        """Plays the tools until the model has none to call, and returns the calls of each round and the last message."""
        rounds = []
        while True:
            message = turn(messages, tools, **options)
            if not message.tool_calls:
                return rounds, message
            rounds.append([c.function.name for c in message.tool_calls])
            messages.append(sent_back(message))
            for c in message.tool_calls:
                content = gateway.result(c.function.name, json.loads(c.function.arguments))
                messages.append({"role": "tool", "tool_call_id": c.id, "content": content})

    @staticmethod
    def whole(messages, tools, **options):
        return ask(None, messages=messages, tools=tools, **options).choices[0].message

    @staticmethod
    def streamed(messages, tools, **options):
        with client().chat.completions.stream(**{"model": gateway.MODEL, "messages": messages, "tools": tools, **options}) as stream:
            return stream.get_final_completion().choices[0].message

    def test_loop_of_three_turns(self):
        for turn in [self.whole, self.streamed]:
            with self.subTest(turn.__name__):
                tools = [tool(n) for n in ["read_file", "edit_file", "lint", "test"]]
                rounds, last = self.loop(turn, tools, user(gateway.task()))
                self.assertEqual(rounds, gateway.TASK_CALLS)
                self.assertIn("test of ./... is done", last.content)

    def test_agent(self):
        """A coding assistant: a long system prompt, thirty tools, hints for the cache, reasoning between calls."""
        for turn in [self.whole, self.streamed]:
            with self.subTest(turn.__name__):
                prompt = gateway.task()
                messages = [{"role": "system", "content": system()}, *user(prompt)]
                tools = [tool(n) for n in gateway.TOOL_NAMES]
                options = {"model": gateway.REASONING_MODEL, "reasoning_effort": "low", "prompt_cache_key": prompt}
                rounds, last = self.loop(turn, tools, messages, **options)
                self.assertEqual(rounds, gateway.TASK_CALLS)
                self.assertIn("test of ./... is done", last.content)
                requests = gateway.received(prompt)
                self.assertEqual(len(requests), 4)
                self.assertGreater(requests[0]["usage"]["reasoning"], 0)
                if gateway.PROVIDER != "gemini":  # whose mock has no cache
                    self.assertGreater(requests[-1]["usage"]["cache_read"], 1000)

    def test_choice(self):
        tools = [tool("lint"), tool("test")]
        named = ask(gateway.unique("go"), tools=tools, tool_choice={"type": "function", "function": {"name": "test"}})
        self.assertEqual([c.function.name for c in named.choices[0].message.tool_calls], ["test"])
        some = ask(gateway.unique("go"), tools=tools, tool_choice="required")
        self.assertEqual(some.choices[0].finish_reason, "tool_calls")
        none = ask(gateway.unique('call test with {"path": "x"}'), tools=tools, tool_choice="none")
        self.assertIsNone(none.choices[0].message.tool_calls)
        if gateway.PROVIDER == "gemini":
            return  # it cannot be told to make one call at a time, which is reported
        one = ask(gateway.unique('call test with {"path": "x"} and call lint with {"path": "y"}'), tools=tools, parallel_tool_calls=False)
        self.assertEqual(len(one.choices[0].message.tool_calls), 2 if gateway.BEDROCK else 1)


class Step(pydantic.BaseModel):
    explanation: str
    number: int


class Plan(pydantic.BaseModel):
    title: str
    steps: list[Step]
    done: bool


class StructuredOutput(unittest.TestCase):
    def test_parse(self):
        prompt = gateway.unique("plan")
        answer = client().chat.completions.parse(model=gateway.MODEL, messages=user(prompt), response_format=Plan)
        plan = answer.choices[0].message.parsed
        self.assertIsInstance(plan, Plan)
        self.assertEqual(plan.title, prompt)
        self.assertEqual(len(plan.steps), 1)

    def test_parse_stream(self):
        prompt = gateway.unique("plan")
        with client().chat.completions.stream(model=gateway.MODEL, messages=user(prompt), response_format=Plan) as stream:
            plan = stream.get_final_completion().choices[0].message.parsed
        self.assertEqual(plan.title, prompt)

    def test_strict_tool_is_parsed(self):
        prompt = gateway.unique("call Plan")
        answer = client().chat.completions.parse(model=gateway.MODEL, messages=user(prompt), tools=[openai.pydantic_function_tool(Plan)])
        call = answer.choices[0].message.tool_calls[0]
        self.assertIsInstance(call.function.parsed_arguments, Plan)


class Errors(unittest.TestCase):
    def wants(self, kind, status, call, code=None):
        with self.assertRaises(kind) as caught:
            call()
        e = caught.exception
        self.assertIs(type(e), kind)
        self.assertEqual(e.status_code, status)
        self.assertTrue(e.body["message"])
        if code:
            self.assertEqual(e.code, code)
        return e

    def test_key_that_nobody_has(self):
        sdk = client(api_key="client-nobody")
        self.wants(openai.AuthenticationError, 401, lambda: ask("Hi", sdk), "invalid_api_key")

    def test_model_that_the_consumer_may_not_use(self):
        sdk = client(api_key=gateway.NARROW_KEY)
        e = self.wants(openai.PermissionDeniedError, 403, lambda: ask("Hi", sdk), "model_not_allowed")
        self.assertEqual(e.param, "model")

    def test_model_that_does_not_exist(self):
        self.wants(openai.NotFoundError, 404, lambda: ask("Hi", model="no-such-model"), "model_not_found")

    def test_value_out_of_range(self):
        self.wants(openai.BadRequestError, 400, lambda: ask(gateway.unique("Hi"), temperature=9))

    def test_missing_messages(self):
        sdk = client()
        call = lambda: sdk.post("/chat/completions", body={"model": gateway.MODEL}, cast_to=object)  # noqa: E731
        self.wants(openai.BadRequestError, 400, call, "missing_required_parameter")

    def test_rate_limit_keeps_retry_after(self):
        e = self.wants(openai.RateLimitError, 429, lambda: ask(gateway.unique("Hi", "status=429;retry-after=7")))
        self.assertEqual(e.response.headers["retry-after"], "7")

    def test_failures_of_the_provider(self):
        for directive, status in [("status=500", 500), ("status=503", 503), ("html=502", 502), ("empty=503", 503)]:
            with self.subTest(directive):
                self.wants(openai.InternalServerError, status, lambda d=directive: ask(gateway.unique("Hi", d)))

    def test_overload(self):
        with self.assertRaises(openai.InternalServerError) as caught:
            ask(gateway.unique("Hi", "status=529"))
        self.assertGreaterEqual(caught.exception.status_code, 500)

    def test_provider_that_is_not_there(self):
        self.wants(openai.InternalServerError, 503, lambda: ask("Hi", model="dead"), "upstream_unavailable")

    def test_gateway_that_is_not_there(self):
        with self.assertRaises(openai.APIConnectionError):
            ask("Hi", client(base_url=gateway.DEAD_URL + "/v1"))

    def test_error_within_a_stream(self):
        case, prompt = gateway.case(), gateway.unique("Tell", "error-event=after:4")
        seen = []
        with self.assertRaises(openai.APIError) as caught:
            for chunk in ask(prompt, stream=True, extra_headers={"x-case": case}):
                seen.append(chunk)
        self.assertTrue(seen)
        self.assertTrue(caught.exception.message)
        self.assertEqual(gateway.record(case)["error"], "stream_error")

    def test_stream_that_the_provider_breaks_off(self):
        """It never ends as if it were complete: with no reason to stop, or with an error."""
        for directive in ["disconnect=after:4", "eof=after:4"]:
            with self.subTest(directive):
                reasons = []
                try:
                    for chunk in ask(gateway.unique("Tell", directive), stream=True):
                        reasons += [c.finish_reason for c in chunk.choices if c.finish_reason]
                except (openai.APIError, httpx2.HTTPError):
                    pass  # an error is as good as a missing end
                self.assertEqual(reasons, [])


class Patience(unittest.TestCase):
    def test_timeout(self):
        with self.assertRaises(openai.APITimeoutError):
            ask(gateway.unique("Hi", "latency=20s"), client(timeout=0.3))

    def test_timeout_within_a_stream(self):
        with self.assertRaises(openai.APIConnectionError):
            list(ask(gateway.unique("Hi", "interval=20s"), client(timeout=0.3), stream=True))

    def test_retry_waits_as_long_as_the_provider_said(self):
        prompt = gateway.unique("Hi", "status=429;retry-after=7")
        with mock.patch("time.sleep") as sleep, self.assertRaises(openai.RateLimitError):
            ask(prompt, client(max_retries=2))
        self.assertEqual([c.args[0] for c in sleep.call_args_list], [7, 7])
        self.assertEqual(len(gateway.received(prompt)), 3)

    def test_retry_succeeds(self):
        gateway.script("status=503", "status=429;retry-after=1", "")
        prompt = gateway.unique("Hi")
        with mock.patch("time.sleep"):
            answer = ask(prompt, client(max_retries=2))
        self.assertIn(prompt, answer.choices[0].message.content)
        self.assertEqual([e["status"] for e in gateway.received(prompt)], [503, 429, 200])


class Together(unittest.TestCase):
    """Many at once, by the asynchronous client."""

    def test_streams_keep_their_usage_apart(self):
        asyncio.run(self.streams())

    async def streams(self):
        async with openai.AsyncOpenAI(**OPTIONS) as sdk:
            # Of different lengths, so that mixed-up counts show.
            prompts = [(gateway.case(), gateway.unique("word " * (2 * i + 1), "interval=2ms")) for i in range(16)]
            usages = await asyncio.gather(*(self.stream(sdk, *p) for p in prompts))
        for (case, prompt), usage in zip(prompts, usages):
            used, record = gateway.charged(prompt), gateway.record(case)
            self.assertEqual((usage.prompt_tokens, usage.completion_tokens), (used["input"], used["output"]))
            self.assertEqual((record["input_tokens"], record["output_tokens"]), (used["input"], used["output"]))

    async def stream(self, sdk, case, prompt):
        options = {"model": gateway.MODEL, "messages": user(prompt), "stream_options": {"include_usage": True}}
        async with sdk.chat.completions.stream(**options, extra_headers={"x-case": case}) as stream:
            final = await stream.get_final_completion()
        self.assertIn(gateway.mark(prompt), final.choices[0].message.content)
        return final.usage

    def test_answers_and_errors(self):
        asyncio.run(self.answers())

    async def answers(self):
        async with openai.AsyncOpenAI(**OPTIONS) as sdk:
            prompts = [gateway.unique("Hi", *(["status=500"] if i % 2 else [])) for i in range(8)]
            calls = [sdk.chat.completions.create(model=gateway.MODEL, messages=user(p)) for p in prompts]
            results = await asyncio.gather(*calls, return_exceptions=True)
        for i, (prompt, got) in enumerate(zip(prompts, results)):
            if i % 2:
                self.assertIsInstance(got, openai.InternalServerError)
            else:
                self.assertIn(prompt, got.choices[0].message.content)
