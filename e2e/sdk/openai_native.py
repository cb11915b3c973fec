"""The OpenAI SDK against OpenAI's own API, through the gateway: what has no counterpart elsewhere."""

import unittest

import httpx2
import openai

import gateway


def client(**options):
    return openai.OpenAI(base_url=gateway.URL + "/v1", api_key=gateway.KEY, max_retries=0, **options)


class Embeddings(unittest.TestCase):
    def test_default_encoding_is_base64_and_becomes_numbers(self):
        prompt = gateway.unique("embed me")
        answer = client().embeddings.create(model="text-embedding-3-small", input=prompt)
        self.assertEqual(len(answer.data[0].embedding), 1536)
        self.assertIsInstance(answer.data[0].embedding[0], float)
        self.assertIn('"base64"', gateway.received(prompt)[0]["body"])
        self.assertEqual(answer.usage.prompt_tokens, gateway.charged(prompt)["input"])

    def test_base64_and_float_are_the_same_vectors(self):
        prompt = gateway.unique("twice")
        packed = client().embeddings.create(model="text-embedding-3-small", input=[prompt, "b"], dimensions=8)
        plain = client().embeddings.create(model="text-embedding-3-small", input=[prompt, "b"], dimensions=8, encoding_format="float")
        for a, b in zip(packed.data, plain.data):
            for x, y in zip(a.embedding, b.embedding):
                self.assertAlmostEqual(x, y, places=6)

    def test_the_log_has_the_usage(self):
        case, prompt = gateway.case(), gateway.unique("count me")
        client().embeddings.create(model="text-embedding-3-small", input=prompt, extra_headers={"x-case": case})
        record = gateway.record(case)
        self.assertEqual((record["operation"], record["input_tokens"]), ("embeddings", gateway.charged(prompt)["input"]))


class Responses(unittest.TestCase):
    def test_answer(self):
        prompt = gateway.unique("respond")
        answer = client().responses.create(model="gpt-4o", input=prompt)
        self.assertIn(prompt, answer.output_text)
        self.assertEqual(answer.usage.output_tokens, gateway.charged(prompt)["output"])

    def test_stream(self):
        case, prompt = gateway.case(), gateway.unique("respond in pieces")
        with client().responses.stream(model="gpt-4o", input=prompt, extra_headers={"x-case": case}) as stream:
            text = "".join(e.delta for e in stream if e.type == "response.output_text.delta")
            final = stream.get_final_response()
        self.assertEqual(text, final.output_text)
        self.assertIn(prompt, text)
        used = gateway.charged(prompt)
        record = gateway.record(case)
        self.assertEqual((final.usage.input_tokens, final.usage.output_tokens), (used["input"], used["output"]))
        self.assertEqual((record["input_tokens"], record["output_tokens"]), (used["input"], used["output"]))

    def test_conversation_by_previous_response(self):
        first = client().responses.create(model="gpt-4o", input=gateway.unique("one"))
        prompt = gateway.unique("two")
        second = client().responses.create(model="gpt-4o", input=prompt, previous_response_id=first.id)
        self.assertIn(prompt, second.output_text)

    def test_reasoning_is_counted(self):
        case, prompt = gateway.case(), gateway.unique("think")
        answer = client().responses.create(model="gpt-5", input=prompt, reasoning={"effort": "low"}, extra_headers={"x-case": case})
        self.assertGreater(answer.usage.output_tokens_details.reasoning_tokens, 0)
        self.assertEqual(gateway.record(case)["reasoning_tokens"], answer.usage.output_tokens_details.reasoning_tokens)


class Completions(unittest.TestCase):
    def test_answer(self):
        prompt = gateway.unique("complete")
        answer = client().completions.create(model="gpt-3.5-turbo-instruct", prompt=prompt, max_tokens=100)
        self.assertIn(prompt, answer.choices[0].text)
        self.assertEqual(answer.usage.completion_tokens, gateway.charged(prompt)["output"])

    def test_stream_hides_the_usage_that_nobody_asked_for(self):
        case, prompt = gateway.case(), gateway.unique("complete in pieces")
        stream = client().completions.create(
            model="gpt-3.5-turbo-instruct", prompt=prompt, max_tokens=100, stream=True, extra_headers={"x-case": case}
        )
        chunks = list(stream)
        self.assertIn(prompt, "".join(c.choices[0].text for c in chunks))
        self.assertFalse([c for c in chunks if c.usage])
        self.assertEqual(gateway.record(case)["output_tokens"], gateway.charged(prompt)["output"])


class Models(unittest.TestCase):
    def test_list_has_what_the_caller_may_use(self):
        names = [m.id for m in client().models.list()]
        self.assertIn("gpt-4o", names)
        self.assertIn("claude-sonnet-4-5", names)
        narrow = openai.OpenAI(base_url=gateway.URL + "/v1", api_key=gateway.NARROW_KEY)
        self.assertEqual([m.id for m in narrow.models.list()], [gateway.NARROW_MODEL])


class Transport(unittest.TestCase):
    def test_http2_on_both_sides_and_tls_upstream(self):
        """The Go test looks into the secure mock's journal for the server's name and the protocol."""
        protocols = []
        http = httpx2.Client(http1=False, http2=True, event_hooks={"response": [lambda r: protocols.append(r.http_version)]})
        with http:
            sdk = client(http_client=http)
            for prompt in [gateway.unique("over TLS, whole"), gateway.unique("over TLS, in pieces")]:
                with sdk.chat.completions.stream(model="secure-gpt-4o", messages=[{"role": "user", "content": prompt}]) as stream:
                    self.assertIn(prompt, stream.get_final_completion().choices[0].message.content)
        self.assertEqual(set(protocols), {"HTTP/2"})

    def test_path_of_the_provider(self):
        prompt = gateway.unique("by path")
        sdk = openai.OpenAI(base_url=gateway.URL + "/openai/v1", api_key=gateway.KEY)
        answer = sdk.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": prompt}])
        self.assertIn(prompt, answer.choices[0].message.content)

    def test_key_of_another_scheme(self):
        prompt = gateway.unique("by x-api-key")
        headers = {"x-api-key": gateway.KEY, "Authorization": openai.omit}
        message = {"model": "gpt-4o", "messages": [{"role": "user", "content": prompt}]}
        answer = client().chat.completions.create(**message, extra_headers=headers)
        self.assertIn(prompt, answer.choices[0].message.content)
