"""Answers that a gateway gives again, to clients of two APIs."""

import itertools
import unittest

import anthropic
import openai

import gateway

OPENAI = openai.OpenAI(base_url=gateway.CACHED_URL + "/v1", api_key=gateway.KEY, max_retries=0)
ANTHROPIC = anthropic.Anthropic(base_url=gateway.CACHED_URL, api_key=gateway.KEY, max_retries=0)
NARROW = openai.OpenAI(base_url=gateway.CACHED_URL + "/v1", api_key=gateway.NARROW_KEY, max_retries=0)


def question(prompt, case, **options):
    headers = {"x-case": case, **options.pop("extra_headers", {})}
    return {"model": gateway.MODEL, "max_tokens": 500, "messages": [{"role": "user", "content": prompt}], "extra_headers": headers, **options}


# Each asks in one form and returns the answer's id, its text, and its tokens of output.


def openai_whole(prompt, case):
    a = OPENAI.chat.completions.create(**question(prompt, case))
    return a.id, a.choices[0].message.content, a.usage.completion_tokens


def openai_stream(prompt, case):
    chunks = list(OPENAI.chat.completions.create(**question(prompt, case), stream=True, stream_options={"include_usage": True}))
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    return chunks[0].id, text, chunks[-1].usage.completion_tokens


def anthropic_whole(prompt, case):
    a = ANTHROPIC.messages.create(**question(prompt, case))
    assert a.stop_reason == "end_turn"
    return a.id, a.content[0].text, a.usage.output_tokens


def anthropic_stream(prompt, case):
    with ANTHROPIC.messages.stream(**question(prompt, case)) as stream:
        text = "".join(stream.text_stream)
        a = stream.get_final_message()
    assert a.stop_reason == "end_turn"
    return a.id, text, a.usage.output_tokens


FORMS = [openai_whole, openai_stream, anthropic_whole, anthropic_stream]


class Cached(unittest.TestCase):
    def ask(self, form, prompt, status):
        """Asks, and waits until the gateway is done with it."""
        case = gateway.case()
        answer = form(prompt, case)
        self.assertEqual(gateway.record(case)["cache"], status, form.__name__)
        return answer

    def test_every_form_serves_every_form(self):
        for first in FORMS:
            prompt = gateway.unique("Tell me \"more\", Zoë 😀\n")
            one = self.ask(first, prompt, "miss")
            ids = {one[0]}
            for second in FORMS:
                with self.subTest(first=first.__name__, second=second.__name__):
                    two = self.ask(second, prompt, "hit")
                    self.assertEqual(one[1:], two[1:])
                    ids.add(two[0])
            self.assertEqual(len(ids), 5, "ids are not fresh")
            self.assertEqual(len(gateway.received(prompt)), 1, "the provider was asked again")

    def test_headers(self):
        prompt = gateway.unique("Hi")
        for want in "miss", "hit":
            case = gateway.case()
            answer = OPENAI.chat.completions.with_raw_response.create(**question(prompt, case))
            self.assertEqual(answer.headers["x-postern-cache"], want)
            self.assertEqual("age" in answer.headers, want == "hit")
            gateway.record(case)

    def test_client_says_no(self):
        prompt = gateway.unique("Hi")
        for control, status in ("no-store", "bypass"), ("no-cache", "miss"), ("max-age=60", "hit"), ("no-store", "bypass"), ("no-cache", "miss"):
            case = gateway.case()
            OPENAI.chat.completions.create(**question(prompt, case, extra_headers={"cache-control": control}))
            self.assertEqual(gateway.record(case)["cache"], status, control)

    def test_another_consumer(self):
        prompt, names = gateway.unique("Hi"), itertools.cycle(["x-postern-tenant", "x-postern-cache-key", "cf-aig-cache-key"])
        self.ask(openai_whole, prompt, "miss")
        for _ in range(3):
            case = gateway.case()
            with self.assertRaises(openai.PermissionDeniedError):
                NARROW.chat.completions.create(**question(prompt, case, extra_headers={next(names): "sdk"}))

    def test_calls_of_tools_are_not_kept(self):
        prompt = gateway.unique("Use it")
        tool = {"type": "function", "function": {"name": "search", "parameters": gateway.parameters()}}
        for _ in range(2):
            case = gateway.case()
            answer = OPENAI.chat.completions.create(**question(prompt, case, tools=[tool], tool_choice="required"))
            self.assertEqual(answer.choices[0].finish_reason, "tool_calls")
            self.assertEqual((gateway.record(case)["cache"], gateway.record(case)["cache_reason"]), ("miss", "tools"))
