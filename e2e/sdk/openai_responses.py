"""Responses and completions by the OpenAI SDK, served by a provider that has neither."""

import json
import unittest

import openai
import pydantic

import gateway


def client(**options):
    return openai.OpenAI(**{"base_url": gateway.URL + "/v1", "api_key": gateway.KEY, "max_retries": 0, **options})


def ask(text, **options):
    return client().responses.create(**{"model": gateway.MODEL, "input": text, **options})


def tool(name):
    return {"type": "function", "name": name, "description": f"To {name}.", "parameters": gateway.parameters(), "strict": False}


class Step(pydantic.BaseModel):
    explanation: str
    number: int


class Plan(pydantic.BaseModel):
    title: str
    steps: list[Step]
    done: bool


class Answers(unittest.TestCase):
    def test_whole(self):
        case, prompt = gateway.case(), gateway.unique("Hi")
        answer = ask(prompt, instructions="Be brief.", temperature=0.5, extra_headers={"x-case": case})
        self.assertEqual((answer.object, answer.status), ("response", "completed"))
        self.assertEqual(answer.output_text, f'You said: "{prompt}".')
        self.assertEqual((answer.instructions, answer.temperature, answer.store), ("Be brief.", 0.5, False))
        self.assertIn("Be brief.", gateway.received(prompt)[0]["body"])
        used = gateway.charged(prompt)
        self.assertEqual((answer.usage.input_tokens, answer.usage.output_tokens), (used["input"], used["output"]))
        record = gateway.record(case)
        self.assertEqual((record["operation"], record["output_tokens"]), ("responses", used["output"]))

    def test_every_answer_is_as_the_types_say(self):
        """The SDK builds its models without checking them; pydantic is stricter."""
        prompt = gateway.unique("Hi")
        answer = ask(prompt, tools=[tool("lint")], tool_choice="auto", metadata={"a": "b"})
        type(answer).model_validate_json(answer.to_json())

    def test_limit(self):
        answer = ask(gateway.unique("a long answer, please"), max_output_tokens=3)
        self.assertEqual((answer.status, answer.incomplete_details.reason), ("incomplete", "max_output_tokens"))
        if answer.output:  # Gemini may have thought with all of them
            self.assertEqual(answer.output[-1].status, "incomplete")

    def test_image(self):
        prompt = gateway.unique("What is this?")
        picture = {"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64," + gateway.png_base64()}
        answer = ask([{"role": "user", "content": [{"type": "input_text", "text": prompt}, picture]}])
        self.assertIn("2 x 3 pixels", answer.output_text)

    def test_structured_output(self):
        prompt = gateway.unique("plan")
        answer = client().responses.parse(model=gateway.MODEL, input=prompt, text_format=Plan)
        self.assertIsInstance(answer.output_parsed, Plan)
        self.assertEqual(answer.output_parsed.title, prompt)


class Streams(unittest.TestCase):
    def test_events(self):
        prompt = gateway.unique("Tell me more", "split=7")
        events = list(ask(prompt, stream=True))
        for e in events:
            type(e).model_validate_json(e.to_json())
        self.assertEqual([e.sequence_number for e in events], list(range(len(events))))
        self.assertEqual([e.type for e in events[:3]], ["response.created", "response.in_progress", "response.output_item.added"])
        self.assertEqual(events[-1].type, "response.completed")
        text = "".join(e.delta for e in events if e.type == "response.output_text.delta")
        self.assertEqual(text, events[-1].response.output_text)
        self.assertIn(gateway.mark(prompt), text)

    def test_accumulated(self):
        case, prompt = gateway.case(), gateway.unique("Tell me more", "split=7")
        with client().responses.stream(model=gateway.MODEL, input=prompt, extra_headers={"x-case": case}) as stream:
            deltas = "".join(e.delta for e in stream if e.type == "response.output_text.delta")
            final = stream.get_final_response()
        self.assertEqual(deltas, final.output_text)
        used, record = gateway.charged(prompt), gateway.record(case)
        self.assertEqual((final.usage.input_tokens, final.usage.output_tokens), (used["input"], used["output"]))
        self.assertEqual((record["input_tokens"], record["output_tokens"]), (used["input"], used["output"]))

    def test_parsed(self):
        prompt = gateway.unique("plan")
        with client().responses.stream(model=gateway.MODEL, input=prompt, text_format=Plan) as stream:
            plan = stream.get_final_response().output_parsed
        self.assertEqual(plan.title, prompt)

    def test_error_in_mid_stream(self):
        case, prompt = gateway.case(), gateway.unique("Tell", "error-event=after:4")
        events = list(ask(prompt, stream=True, extra_headers={"x-case": case}))
        self.assertEqual([e.type for e in events[-2:]], ["error", "response.failed"])
        self.assertTrue(events[-1].response.error.message)
        self.assertEqual(events[-1].response.status, "failed")

    def test_stream_that_the_provider_breaks_off(self):
        prompt = gateway.unique("Tell", "eof=after:4")
        with client().responses.stream(model=gateway.MODEL, input=prompt) as stream:
            with self.assertRaises(RuntimeError):
                stream.get_final_response()


class Tools(unittest.TestCase):
    def loop(self, turn, tools, items, **options):
        """Plays the tools until the model has none to call. All of an answer goes back, as a client without a store has to send it."""
        rounds = []
        while True:
            answer = turn(items, tools, **options)
            calls = [o for o in answer.output if o.type == "function_call"]
            if not calls:
                return rounds, answer
            rounds.append([c.name for c in calls])
            items += [o.to_dict() for o in answer.output]
            for o in items:
                o.pop("parsed_arguments", None)
            items += [{"type": "function_call_output", "call_id": c.call_id, "output": gateway.result(c.name, json.loads(c.arguments))} for c in calls]

    @staticmethod
    def whole(items, tools, **options):
        return ask(items, tools=tools, **options)

    @staticmethod
    def streamed(items, tools, **options):
        with client().responses.stream(**{"model": gateway.MODEL, "input": items, "tools": tools, **options}) as stream:
            return stream.get_final_response()

    def test_loop_of_three_turns(self):
        for turn in [self.whole, self.streamed]:
            with self.subTest(turn.__name__):
                tools = [tool(n) for n in ["read_file", "edit_file", "lint", "test"]]
                rounds, last = self.loop(turn, tools, [{"role": "user", "content": gateway.task()}])
                self.assertEqual(rounds, gateway.TASK_CALLS)
                self.assertIn("test of ./... is done", last.output_text)

    def test_agent(self):
        """As Codex asks: long instructions, thirty tools, nothing stored, sealed reasoning between the calls."""
        for turn in [self.whole, self.streamed]:
            with self.subTest(turn.__name__):
                prompt = gateway.task()
                items = [
                    {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Work in the sandbox."}]},
                    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": prompt}]},
                ]
                options = {
                    "model": gateway.REASONING_MODEL, "instructions": gateway.SYSTEM, "reasoning": {"effort": "low", "summary": "auto"},
                    "include": ["reasoning.encrypted_content"], "store": False, "parallel_tool_calls": True, "prompt_cache_key": prompt,
                }  # fmt: skip
                rounds, last = self.loop(turn, [tool(n) for n in gateway.TOOL_NAMES], items, **options)
                self.assertEqual(rounds, gateway.TASK_CALLS)
                self.assertIn("test of ./... is done", last.output_text)
                self.assertEqual(len(gateway.received(prompt)), 4)
                if gateway.PROVIDER == "anthropic":
                    self.assertTrue([o for o in items if o.get("type") == "reasoning" and o["encrypted_content"].startswith("signature:")])

    def test_choice(self):
        tools = [tool("lint"), tool("test")]
        named = ask(gateway.unique("go"), tools=tools, tool_choice={"type": "function", "name": "test"})
        self.assertEqual([o.name for o in named.output if o.type == "function_call"], ["test"])
        none = ask(gateway.unique('call test with {"path": "x"}'), tools=tools, tool_choice="none")
        self.assertFalse([o for o in none.output if o.type == "function_call"])

    def test_tool_that_takes_a_text(self):
        """As Codex's apply_patch: its text comes back as it is, and goes to the provider and back in a conversation."""
        tools = [{"type": "custom", "name": "apply_patch", "description": "Edits files.", "format": {"type": "text"}}, tool("lint")]
        text = '*** Begin "é😀"\n\\d\t+\n'
        for turn in [self.whole, self.streamed]:
            with self.subTest(turn.__name__):
                items = [{"role": "user", "content": gateway.unique("call apply_patch with " + json.dumps({"input": text}, ensure_ascii=False))}]
                answer = turn(items, tools)
                (call,) = [o for o in answer.output if o.type == "custom_tool_call"]
                self.assertEqual((call.name, call.input), ("apply_patch", text))
                items += [o.to_dict() for o in answer.output]
                items.append({"type": "custom_tool_call_output", "call_id": call.call_id, "output": "patched"})
                self.assertIn('apply_patch says "patched"', turn(items, tools).output_text)

    def test_strict_tool_is_parsed(self):
        answer = client().responses.parse(model=gateway.MODEL, input=gateway.unique("call Plan"), tools=[openai.pydantic_function_tool(Plan)["function"] | {"type": "function"}])
        self.assertEqual(json.loads([o for o in answer.output if o.type == "function_call"][0].arguments).keys(), {"title", "steps", "done"})


class Refusals(unittest.TestCase):
    def test_what_needs_a_store_or_openai_itself(self):
        for param, options in [
            ("previous_response_id", {"previous_response_id": "resp_1"}),
            ("conversation", {"conversation": "conv_1"}),
            ("background", {"background": True}),
            ("prompt", {"prompt": {"id": "pmpt_1"}}),
            ("tools[0].type", {"tools": [{"type": "web_search"}]}),
            ("input[0]", {"input": [{"type": "item_reference", "id": "msg_1"}]}),
        ]:
            with self.subTest(param), self.assertRaises(openai.BadRequestError) as caught:
                ask(gateway.unique("Hi"), **options)
            self.assertEqual((caught.exception.param, caught.exception.code), (param, "unsupported_value"))

    def test_rate_limit(self):
        with self.assertRaises(openai.RateLimitError):
            ask(gateway.unique("Hi", "status=429;retry-after=7"))


class Completions(unittest.TestCase):
    def test_whole(self):
        prompt = gateway.unique("Once")
        answer = client().completions.create(model=gateway.MODEL, prompt=prompt, max_tokens=200)
        self.assertEqual((answer.object, answer.choices[0].finish_reason), ("text_completion", "stop"))
        self.assertIn(prompt, answer.choices[0].text)
        self.assertEqual(answer.usage.completion_tokens, gateway.charged(prompt)["output"])

    def test_stream(self):
        prompt = gateway.unique("Once")
        chunks = list(client().completions.create(model=gateway.MODEL, prompt=prompt, max_tokens=200, stream=True, stream_options={"include_usage": True}))
        self.assertIn(prompt, "".join(c.choices[0].text for c in chunks if c.choices))
        self.assertEqual([c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason], ["stop"])
        self.assertEqual(chunks[-1].usage.completion_tokens, gateway.charged(prompt)["output"])

    def test_echo_is_refused(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            client().completions.create(model=gateway.MODEL, prompt="Once", echo=True)
        self.assertEqual(caught.exception.param, "echo")
