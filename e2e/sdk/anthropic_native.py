"""The Anthropic SDK against Anthropic's own API, through the gateway: what has no counterpart elsewhere."""

import unittest

import anthropic
import httpx2

import gateway


def client(**options):
    return anthropic.Anthropic(**{"base_url": gateway.URL, "api_key": gateway.KEY, "max_retries": 0, **options})


def ask(prompt, sdk=None, **options):
    defaults = {"model": gateway.MODEL, "max_tokens": 1000, "messages": [{"role": "user", "content": prompt}]}
    return (sdk or client()).messages.create(**{**defaults, **options})


class Keys(unittest.TestCase):
    def test_as_bearer_and_as_api_key(self):
        for headers in [{}, {"x-api-key": gateway.KEY, "Authorization": anthropic.omit}]:
            with self.subTest(list(headers)):
                prompt = gateway.unique("Hi")
                self.assertIn(prompt, ask(prompt, client(default_headers=headers)).content[0].text)
                sent = gateway.received(prompt)[0]
                self.assertNotIn("violations", sent)


class Models(unittest.TestCase):
    def test_list_has_what_the_caller_may_use(self):
        names = [m.id for m in client().models.list()]
        self.assertIn("claude-sonnet-4-5", names)
        narrow = client(api_key=gateway.NARROW_KEY)
        self.assertEqual([m.id for m in narrow.models.list()], [gateway.NARROW_MODEL])


class Counting(unittest.TestCase):
    def test_count_is_what_is_charged(self):
        prompt = gateway.unique("count me")
        message = {"model": gateway.MODEL, "messages": [{"role": "user", "content": prompt}], "system": "Be brief."}
        count = client().messages.count_tokens(**message)
        answer = client().messages.create(max_tokens=100, **message)
        self.assertEqual(count.input_tokens, answer.usage.input_tokens)


class Errors(unittest.TestCase):
    def test_overload_is_its_own_class(self):
        with self.assertRaises(anthropic.InternalServerError) as caught:
            ask(gateway.unique("Hi", "status=529"))
        self.assertEqual((type(caught.exception).__name__, caught.exception.status_code), ("OverloadedError", 529))
        self.assertEqual(caught.exception.type, "overloaded_error")

    def test_request_id_is_kept(self):
        with self.assertRaises(anthropic.RateLimitError) as caught:
            ask(gateway.unique("Hi", "status=429"))
        self.assertTrue(caught.exception.request_id)


class Caching(unittest.TestCase):
    def test_writes_and_reads_are_counted(self):
        prompt = gateway.unique("remember")
        system = [{"type": "text", "text": gateway.SYSTEM + prompt, "cache_control": {"type": "ephemeral"}}]
        first_case, second_case = gateway.case(), gateway.case()
        first = ask(prompt, system=system, extra_headers={"x-case": first_case})
        second = ask(prompt, system=system, extra_headers={"x-case": second_case})
        written = first.usage.cache_creation_input_tokens
        self.assertGreater(written, 1000)
        self.assertEqual(second.usage.cache_read_input_tokens, written)
        self.assertEqual(gateway.record(first_case)["cache_write_tokens"], written)
        record = gateway.record(second_case)
        self.assertEqual(record["cache_read_tokens"], written)
        self.assertEqual(record["input_tokens"], second.usage.input_tokens + written)


class Thinking(unittest.TestCase):
    def test_redacted_thinking_is_kept(self):
        prompt = gateway.unique('call lint with {"path": "a"}', "redact")
        options = {
            "max_tokens": 4000, "thinking": {"type": "enabled", "budget_tokens": 2000},
            "tools": [{"name": "lint", "input_schema": gateway.parameters()}],
        }  # fmt: skip
        first = ask(prompt, **options)
        self.assertEqual([b.type for b in first.content], ["redacted_thinking", "tool_use"])
        messages = [
            {"role": "user", "content": prompt},
            {"role": "assistant", "content": first.content},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": first.content[1].id, "content": "fine"}]},
        ]
        self.assertIn("fine", ask(prompt, messages=messages, **options).content[-1].text)


class Transport(unittest.TestCase):
    def test_http2_on_both_sides_and_tls_upstream(self):
        """The Go test looks into the secure mock's journal for the server's name and the protocol."""
        protocols = []
        http = httpx2.Client(http1=False, http2=True, event_hooks={"response": [lambda r: protocols.append(r.http_version)]})
        prompt = gateway.unique("over TLS")
        message = {"model": "secure-claude", "max_tokens": 100, "messages": [{"role": "user", "content": prompt}]}
        with http, client(http_client=http).messages.stream(**message) as stream:
            self.assertIn(prompt, stream.get_final_text())
        self.assertEqual(set(protocols), {"HTTP/2"})

    def test_path_of_the_provider(self):
        prompt = gateway.unique("by path")
        self.assertIn(prompt, ask(prompt, client(base_url=gateway.URL + "/anthropic")).content[0].text)
