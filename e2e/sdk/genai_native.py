"""What only Google's own API has, by its SDK."""

import json
import unittest
import urllib.error
import urllib.request

from google.genai import types

import gateway
from genai_generate import ask, client, stream


class Native(unittest.TestCase):
    def test_embeddings(self):
        for contents in ["one", ["one", "two"]]:
            answer = client().models.embed_content(model="gemini-embedding-001", contents=contents, config={"output_dimensionality": 8})
            self.assertEqual([len(e.values) for e in answer.embeddings], [8] * len(contents) if isinstance(contents, list) else [8])

    def test_what_the_gateway_does_not_know_goes_on(self):
        prompt = gateway.unique("Hi")
        ask(prompt, safety_settings=[types.SafetySetting(category="HARM_CATEGORY_HARASSMENT", threshold="BLOCK_NONE")], labels={"a": "b"})
        self.assertIn("BLOCK_NONE", gateway.received(prompt)[0]["body"])

    def test_path_of_the_provider(self):
        prompt = gateway.unique("by path")
        self.assertIn(prompt, ask(prompt, client(url=gateway.URL + "/google-ai-studio")).text)
        self.assertIn(gateway.mark(prompt), "".join(c.text or "" for c in stream(prompt, client(url=gateway.URL + "/google-ai-studio"))))

    def test_name_of_the_gateway_s_own(self):
        case, prompt = gateway.case(), gateway.unique("by another name")
        self.assertIn(prompt, ask(prompt, model="my-flash", case=case).text)
        self.assertEqual(gateway.record(case)["provider_model"], gateway.MODEL)

    def test_plain_http_with_the_key_in_the_query(self):
        for model, provider in [(gateway.MODEL, "gemini"), ("gpt-4o", "openai")]:
            for form in ["", "&alt=sse"]:
                with self.subTest(provider + form):
                    prompt = gateway.unique("plain")
                    url = f"{gateway.URL}/v1beta/models/{model}:streamGenerateContent?key={gateway.KEY}{form}"
                    body = json.dumps({"contents": [{"parts": [{"text": prompt}]}]}).encode()
                    request = urllib.request.Request(url, body, {"content-type": "application/json"})
                    with urllib.request.urlopen(request) as answer:
                        text = answer.read().decode()
                    if form:
                        events = [json.loads(e.removeprefix("data: ")) for e in text.replace("\r\n", "\n").strip().split("\n\n")]
                    else:
                        events = json.loads(text)
                    parts = [p for e in events for p in e["candidates"][0]["content"].get("parts", [])]
                    self.assertIn(gateway.mark(prompt), "".join(p.get("text", "") for p in parts))
                    self.assertEqual(events[-1]["candidates"][0]["finishReason"], "STOP")

    def test_errors_of_streams_that_are_arrays_come_in_a_list(self):
        url = f"{gateway.URL}/v1beta/models/no-such-model:streamGenerateContent?key={gateway.KEY}"
        body = json.dumps({"contents": [{"parts": [{"text": "Hi"}]}]}).encode()
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(urllib.request.Request(url, body, {"content-type": "application/json"}))
        self.assertEqual(json.load(caught.exception)[0]["error"]["status"], "NOT_FOUND")
