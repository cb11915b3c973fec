"""Batches by the SDKs of OpenAI and Anthropic through guards: the provider sees no address in any line,
and the results come through the gateway."""

import json
import unittest

import anthropic
import openai

import gateway

MAIL, OTHER = "maria.lopez@example.com", "jo.doe@example.org"


class OpenAI(unittest.TestCase):
    def setUp(self):
        self.client = openai.OpenAI(base_url=gateway.URL + "/v1", api_key=gateway.KEY, max_retries=0)

    def line(self, name, text):
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}
        return json.dumps({"custom_id": name, "method": "POST", "url": "/v1/chat/completions", "body": body}) + "\n"

    def upload(self, content, purpose="batch", name="a.jsonl", **more):
        return self.client.files.create(file=(name, content.encode()), purpose=purpose, **more)

    def test_lines(self):
        case, plain = gateway.case(), self.line("b", "caf\u00e9")
        uploaded = self.upload(self.line("a", f"Ask {MAIL} and {OTHER}") + plain + self.line("c", f"Ask {OTHER}"), extra_headers={"x-case": case})
        got = self.client.files.content(uploaded.id).text
        self.assertEqual(got, self.line("a", "Ask <EMAIL_ADDRESS_1> and <EMAIL_ADDRESS_2>") + plain + self.line("c", "Ask <EMAIL_ADDRESS_1>"))
        self.assertEqual(uploaded.bytes, len(got))
        self.assertEqual(gateway.record(case)["found"], {"EMAIL_ADDRESS": 3})
        batch = self.client.batches.create(input_file_id=uploaded.id, endpoint="/v1/chat/completions", completion_window="24h", metadata={"for": MAIL})
        self.assertEqual(batch.input_file_id, uploaded.id)

    def test_many_lines(self):
        lines = "".join(self.line(f"r{i}", f"Ask {MAIL} about {i}. " + "The quick brown fox jumps. " * 20) for i in range(2000))
        got = self.client.files.content(self.upload(lines).id).text
        self.assertEqual(got, lines.replace(MAIL, "<EMAIL_ADDRESS_1>"))

    def test_a_line_that_is_none(self):
        with self.assertRaises(openai.BadRequestError) as refused:
            self.upload(self.line("a", "Hi") + "{")
        self.assertEqual((refused.exception.param, refused.exception.code), ("line 2", "invalid_json"))

    def test_a_text_and_a_document(self):
        uploaded = self.upload(f"Mail {MAIL}", "user_data", "notes.txt")
        self.assertEqual(self.client.files.content(uploaded.id).text, "Mail <EMAIL_ADDRESS_1>")
        with self.assertRaises(openai.PermissionDeniedError):
            self.upload("%PDF-1.7", "user_data", "notes.pdf")


class Anthropic(unittest.TestCase):
    def test_results(self):
        client = anthropic.Anthropic(base_url=gateway.URL, api_key=gateway.KEY, max_retries=0)
        ask = {"model": "claude-sonnet-4-5", "max_tokens": 9}
        batch = client.messages.batches.create(
            requests=[
                {"custom_id": "a", "params": {**ask, "messages": [{"role": "user", "content": f"Ask {MAIL} and {OTHER}"}]}},
                {"custom_id": "b", "params": {**ask, "messages": [{"role": "user", "content": f"Ask {OTHER}"}]}},
            ]
        )
        self.assertEqual(batch.results_url, f"/v1/messages/batches/{batch.id}/results")
        results = {r.custom_id: r.result.message.content[0].text for r in client.messages.batches.results(batch.id)}
        self.assertEqual(results, {"a": "Ask <EMAIL_ADDRESS_1> and <EMAIL_ADDRESS_2>", "b": "Ask <EMAIL_ADDRESS_1>"})
        self.assertIn(batch.id, [b.id for b in client.messages.batches.list().data])
        self.assertEqual(client.messages.batches.delete(batch.id).id, batch.id)


if __name__ == "__main__":
    unittest.main()
