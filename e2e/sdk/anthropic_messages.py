"""Messages by the Anthropic SDK, whoever serves the model."""

import asyncio
import unittest
from unittest import mock

import anthropic
import httpx2
import pydantic

import gateway

OPTIONS = {"base_url": gateway.URL, "api_key": gateway.KEY, "max_retries": 0}


def client(**options):
    return anthropic.Anthropic(**{**OPTIONS, **options})


def user(content):
    return [{"role": "user", "content": content}]


def tool(name):
    return {"name": name, "description": f"To {name}.", "input_schema": gateway.parameters()}


def message(prompt, **options):
    return {"model": gateway.MODEL, "max_tokens": 1000, "messages": user(prompt), **options}


def ask(prompt, sdk=None, **options):
    return (sdk or client()).messages.create(**message(prompt, **options))


def charge(usage):
    """All input and output tokens of an answer."""
    return usage.input_tokens + (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0), usage.output_tokens


class Answers(unittest.TestCase):
    def test_whole(self):
        prompt = gateway.unique("Hi")
        answer = ask(prompt)
        self.assertEqual([b.type for b in answer.content], ["text"])
        self.assertEqual(answer.content[0].text, f'You said: "{prompt}".')
        self.assertEqual(answer.stop_reason, "end_turn")
        used = gateway.charged(prompt)
        self.assertEqual(charge(answer.usage), (used["input"], used["output"]))

    def test_header_tells_the_usage(self):
        prompt = gateway.unique("Hi")
        raw = client().messages.with_raw_response.create(**message(prompt))
        used = gateway.charged(prompt)
        self.assertEqual(raw.headers["x-postern-usage"], gateway.usage_header(used))
        self.assertIn(prompt, raw.parse().content[0].text)

    def test_conversation_with_system_prompt(self):
        prompt = gateway.unique("and now")
        history = [*user("one"), {"role": "assistant", "content": "two"}, *user([{"type": "text", "text": prompt}])]
        self.assertIn(prompt, ask(prompt, messages=history, system="Be brief.").content[0].text)
        self.assertIn("Be brief.", gateway.received(prompt)[0]["body"])

    def test_limit(self):
        answer = ask(gateway.unique("a long answer, please"), max_tokens=3)
        self.assertEqual((answer.stop_reason, answer.usage.output_tokens), ("max_tokens", 3))

    def test_stop_sequence(self):
        answer = ask(gateway.unique("one STOP two"), stop_sequences=["STOP"])
        self.assertEqual(answer.content[0].text.strip(), 'You said: "one')
        self.assertIn(answer.stop_reason, ["stop_sequence", "end_turn"])  # OpenAI does not tell them apart

    def test_image(self):
        prompt = gateway.unique("What is this?")
        source = {"type": "base64", "media_type": "image/png", "data": gateway.png_base64()}
        answer = ask(prompt, messages=user([{"type": "image", "source": source}, {"type": "text", "text": prompt}]))
        self.assertIn("2 x 3 pixels", answer.content[0].text)

    def test_thinking_is_counted(self):
        case, prompt = gateway.case(), gateway.unique("think")
        options = {"max_tokens": 4000, "thinking": {"type": "enabled", "budget_tokens": 2000}}
        answer = ask(prompt, model=gateway.REASONING_MODEL, extra_headers={"x-case": case}, **options)
        self.assertEqual(answer.content[-1].type, "text")
        used, record = gateway.charged(prompt), gateway.record(case)
        self.assertGreater(used["reasoning"], 0)
        self.assertEqual((answer.usage.output_tokens, record["output_tokens"]), (used["output"], used["output"]))

    def test_tokens_are_counted_beforehand(self):
        prompt = gateway.unique("count " + "these words " * 50)
        raw = client().messages.with_raw_response.count_tokens(model=gateway.MODEL, messages=user(prompt))
        count = raw.parse()
        estimated = raw.headers.get("x-postern-usage", "").endswith("estimated")
        self.assertEqual(estimated, gateway.PROVIDER != "anthropic")  # OpenAI has no way to count beforehand
        charged = charge(ask(prompt).usage)[0]
        self.assertAlmostEqual(count.input_tokens, charged, delta=charged * 0.15)


class Streams(unittest.TestCase):
    def test_accumulated(self):
        case, prompt = gateway.case(), gateway.unique("Tell me more", "split=7")
        with client().messages.stream(**message(prompt), extra_headers={"x-case": case}) as stream:
            text = "".join(stream.text_stream)
            final = stream.get_final_message()
        self.assertEqual([b.type for b in final.content], ["text"])
        self.assertEqual(text, final.content[0].text)
        self.assertIn(gateway.mark(prompt), text)
        self.assertEqual(final.stop_reason, "end_turn")
        used, record = gateway.charged(prompt), gateway.record(case)
        self.assertEqual(charge(final.usage), (used["input"], used["output"]))
        self.assertEqual((record["input_tokens"], record["output_tokens"]), (used["input"], used["output"]))

    def test_events_in_order(self):
        kinds = [e.type for e in ask(gateway.unique("Tell"), stream=True)]
        self.assertEqual(kinds[0], "message_start")
        self.assertEqual(kinds[-2:], ["message_delta", "message_stop"])
        self.assertEqual((kinds.count("content_block_start"), kinds.count("content_block_stop")), (1, 1))

    def test_accumulated_tool_calls(self):
        prompt = gateway.unique('call search with {"path": "a", "text": "b"} and call lint with {"path": "c"}', "split=3")
        with client().messages.stream(**message(prompt, tools=[tool("search"), tool("lint")])) as stream:
            final = stream.get_final_message()
        calls = [(b.name, b.input) for b in final.content if b.type == "tool_use"]
        self.assertEqual(calls, [("search", {"path": "a", "text": "b"}), ("lint", {"path": "c"})])
        self.assertEqual(final.stop_reason, "tool_use")

    def test_closing_early_is_logged(self):
        case, prompt = gateway.case(), gateway.unique("Tell", "chunks=400;interval=5ms")
        with ask(prompt, stream=True, extra_headers={"x-case": case}) as stream:
            for _ in zip(stream, range(20)):
                pass
        record = gateway.record(case)
        self.assertEqual(record["error"], "aborted")
        self.assertTrue(record["estimated"])
        self.assertLess(record["output_tokens"], 300)


class Tools(unittest.TestCase):
    def loop(self, turn, messages, **options):
        """Plays the tools until the model has none to call, and returns the calls of each round and the last message."""
        rounds = []
        while True:
            answer = turn(messages=messages, **options)
            calls = [b for b in answer.content if b.type == "tool_use"]
            if not calls:
                return rounds, answer
            rounds.append([c.name for c in calls])
            results = [{"type": "tool_result", "tool_use_id": c.id, "content": gateway.result(c.name, c.input)} for c in calls]
            messages += [{"role": "assistant", "content": answer.content}, {"role": "user", "content": results}]

    @staticmethod
    def whole(**options):
        return ask(None, **options)

    @staticmethod
    def streamed(**options):
        with client().messages.stream(**message(None, **options)) as stream:
            return stream.get_final_message()

    def test_loop_of_three_turns(self):
        for turn in [self.whole, self.streamed]:
            with self.subTest(turn.__name__):
                tools = [tool(n) for n in ["read_file", "edit_file", "lint", "test"]]
                rounds, last = self.loop(turn, user(gateway.task()), tools=tools)
                self.assertEqual(rounds, gateway.TASK_CALLS)
                self.assertIn("test of ./... is done", last.content[-1].text)

    def test_agent(self):
        """A coding assistant: a long system prompt, thirty tools, hints for the cache, thinking between calls."""
        for turn in [self.whole, self.streamed]:
            with self.subTest(turn.__name__):
                prompt = gateway.task()
                tools = [tool(n) for n in gateway.TOOL_NAMES]
                tools[-1]["cache_control"] = {"type": "ephemeral"}
                options = {
                    "model": gateway.REASONING_MODEL, "max_tokens": 8000, "tools": tools,
                    "thinking": {"type": "enabled", "budget_tokens": 2000},
                    "system": [{"type": "text", "text": gateway.SYSTEM, "cache_control": {"type": "ephemeral"}}],
                    "extra_headers": {"anthropic-beta": "interleaved-thinking-2025-05-14"},
                }  # fmt: skip
                rounds, last = self.loop(turn, user(prompt), **options)
                self.assertEqual(rounds, gateway.TASK_CALLS)
                self.assertIn("test of ./... is done", last.content[-1].text)
                requests = gateway.received(prompt)
                self.assertEqual(len(requests), 4)
                self.assertGreater(requests[0]["usage"]["reasoning"], 0)
                self.assertGreater(requests[-1]["usage"]["reasoning"], 0)
                if gateway.PROVIDER != "gemini":  # whose mock has no cache
                    self.assertGreater(requests[-1]["usage"]["cache_read"], 1000)

    def test_failed_result(self):
        prompt = gateway.unique('call lint with {"path": "a"}')
        content = ask(prompt, tools=[tool("lint")]).content
        result = {"type": "tool_result", "tool_use_id": content[-1].id, "is_error": True, "content": [{"type": "text", "text": "no disk"}]}
        messages = [*user(prompt), {"role": "assistant", "content": content}, *user([result])]
        self.assertIn("no disk", ask(prompt, messages=messages, tools=[tool("lint")]).content[0].text)

    def test_choice(self):
        tools = [tool("lint"), tool("test")]
        names = lambda answer: [b.name for b in answer.content if b.type == "tool_use"]  # noqa: E731
        self.assertEqual(names(ask(gateway.unique("go"), tools=tools, tool_choice={"type": "tool", "name": "test"})), ["test"])
        self.assertEqual(len(names(ask(gateway.unique("go"), tools=tools, tool_choice={"type": "any"}))), 1)
        both = 'call test with {"path": "x"} and call lint with {"path": "y"}'
        self.assertEqual(names(ask(gateway.unique(both), tools=tools, tool_choice={"type": "none"})), [])
        if gateway.PROVIDER == "gemini":
            return  # it cannot be told to make one call at a time, which is reported
        one = ask(gateway.unique(both), tools=tools, tool_choice={"type": "auto", "disable_parallel_tool_use": True})
        self.assertEqual(names(one), ["test", "lint"] if gateway.BEDROCK else ["test"])


class Plan(pydantic.BaseModel):
    title: str
    steps: list[str]
    done: bool


class StructuredOutput(unittest.TestCase):
    def test_parse(self):
        prompt = gateway.unique("plan")
        plan = client().messages.parse(**message(prompt), output_format=Plan).parsed_output
        self.assertIsInstance(plan, Plan)
        self.assertEqual(plan.title, prompt)

    def test_parse_stream(self):
        prompt = gateway.unique("plan")
        with client().messages.stream(**message(prompt), output_format=Plan) as stream:
            self.assertEqual(stream.get_final_message().parsed_output.title, prompt)


class Errors(unittest.TestCase):
    def wants(self, kind, status, call, error_type):
        with self.assertRaises(kind) as caught:
            call()
        e = caught.exception
        self.assertEqual((e.status_code, e.type), (status, error_type))
        self.assertTrue(e.api_message)
        return e

    def test_key_that_nobody_has(self):
        sdk = client(api_key="client-nobody")
        self.wants(anthropic.AuthenticationError, 401, lambda: ask("Hi", sdk), "authentication_error")

    def test_model_that_the_consumer_may_not_use(self):
        sdk = client(api_key=gateway.NARROW_KEY)
        self.wants(anthropic.PermissionDeniedError, 403, lambda: ask("Hi", sdk), "permission_error")

    def test_model_that_does_not_exist(self):
        self.wants(anthropic.NotFoundError, 404, lambda: ask("Hi", model="no-such-model"), "not_found_error")

    def test_value_out_of_range(self):
        self.wants(anthropic.BadRequestError, 400, lambda: ask(gateway.unique("Hi"), extra_body={"temperature": 9}), "invalid_request_error")

    def test_rate_limit_keeps_retry_after(self):
        call = lambda: ask(gateway.unique("Hi", "status=429;retry-after=7"))  # noqa: E731
        e = self.wants(anthropic.RateLimitError, 429, call, "rate_limit_error")
        self.assertEqual(e.response.headers["retry-after"], "7")

    def test_failures_of_the_provider(self):
        for directive, status in [("status=500", 500), ("html=502", 502), ("empty=500", 500)]:
            with self.subTest(directive):
                self.wants(anthropic.InternalServerError, status, lambda d=directive: ask(gateway.unique("Hi", d)), "api_error")

    def test_overload(self):
        directive = {"anthropic": "status=529"}.get(gateway.PROVIDER, "status=503")
        with self.assertRaises(anthropic.InternalServerError) as caught:
            ask(gateway.unique("Hi", directive))
        self.assertEqual(caught.exception.type, "overloaded_error")

    def test_provider_that_is_not_there(self):
        with self.assertRaises(anthropic.InternalServerError) as caught:
            ask("Hi", model="dead-claude")
        self.assertEqual(caught.exception.status_code, 503)

    def test_gateway_that_is_not_there(self):
        with self.assertRaises(anthropic.APIConnectionError):
            ask("Hi", client(base_url=gateway.DEAD_URL))

    def test_error_within_a_stream(self):
        case, prompt = gateway.case(), gateway.unique("Tell", "error-event=after:4")
        seen = []
        with self.assertRaises(anthropic.APIStatusError) as caught:
            for event in ask(prompt, stream=True, extra_headers={"x-case": case}):
                seen.append(event)
        self.assertTrue(seen)
        self.assertTrue(caught.exception.api_message)
        self.assertEqual(gateway.record(case)["error"], "stream_error")

    def test_stream_that_the_provider_breaks_off(self):
        """It never ends as if it were complete."""
        for directive in ["disconnect=after:5", "eof=after:5"]:
            with self.subTest(directive):
                kinds = []
                try:
                    for event in ask(gateway.unique("Tell", directive), stream=True):
                        kinds.append(event.type)
                except (anthropic.APIError, httpx2.HTTPError):
                    pass  # an error is as good as a missing end
                self.assertIn("message_start", kinds)
                self.assertNotIn("message_stop", kinds)


class Patience(unittest.TestCase):
    def test_timeout(self):
        with self.assertRaises(anthropic.APITimeoutError):
            ask(gateway.unique("Hi", "latency=20s"), client(timeout=0.3))

    def test_retry_waits_as_long_as_the_provider_said(self):
        prompt = gateway.unique("Hi", "status=429;retry-after=7")
        with mock.patch("time.sleep") as sleep, self.assertRaises(anthropic.RateLimitError):
            ask(prompt, client(max_retries=2))
        self.assertEqual([c.args[0] for c in sleep.call_args_list], [7, 7])
        self.assertEqual(len(gateway.received(prompt)), 3)

    def test_retry_succeeds(self):
        gateway.script("status=503", "status=429;retry-after=1", "")
        prompt = gateway.unique("Hi")
        with mock.patch("time.sleep"):
            answer = ask(prompt, client(max_retries=2))
        self.assertIn(prompt, answer.content[0].text)
        self.assertEqual([e["status"] for e in gateway.received(prompt)], [503, 429, 200])


class Together(unittest.TestCase):
    """Many at once, by the asynchronous client."""

    def test_streams_keep_their_usage_apart(self):
        asyncio.run(self.streams())

    async def streams(self):
        async with anthropic.AsyncAnthropic(**OPTIONS) as sdk:
            # Of different lengths, so that mixed-up counts show.
            prompts = [(gateway.case(), gateway.unique("word " * (2 * i + 1), "interval=2ms")) for i in range(16)]
            finals = await asyncio.gather(*(self.stream(sdk, *p) for p in prompts))
        for (case, prompt), final in zip(prompts, finals):
            used, record = gateway.charged(prompt), gateway.record(case)
            self.assertIn(gateway.mark(prompt), final.content[0].text)
            self.assertEqual(charge(final.usage), (used["input"], used["output"]))
            self.assertEqual((record["input_tokens"], record["output_tokens"]), (used["input"], used["output"]))

    async def stream(self, sdk, case, prompt):
        async with sdk.messages.stream(**message(prompt), extra_headers={"x-case": case}) as stream:
            return await stream.get_final_message()

    def test_answers_and_errors(self):
        asyncio.run(self.answers())

    async def answers(self):
        async with anthropic.AsyncAnthropic(**OPTIONS) as sdk:
            prompts = [gateway.unique("Hi", *(["status=500"] if i % 2 else [])) for i in range(8)]
            results = await asyncio.gather(*(sdk.messages.create(**message(p)) for p in prompts), return_exceptions=True)
        for i, (prompt, got) in enumerate(zip(prompts, results)):
            if i % 2:
                self.assertIsInstance(got, anthropic.InternalServerError)
            else:
                self.assertIn(prompt, got.content[0].text)
