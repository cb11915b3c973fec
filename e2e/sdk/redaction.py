"""Redaction both ways by the SDKs of OpenAI and Anthropic, whoever serves the model: the provider
never sees what the client gets back, whole and in streams."""

import json
import unittest

import anthropic
import openai

import gateway

MAIL, CARD = "maria.lopez@example.com", "4111 1111 1111 1111"
OPENAI = openai.OpenAI(base_url=gateway.URL + "/v1", api_key=gateway.KEY, max_retries=0)
CLAUDE = anthropic.Anthropic(base_url=gateway.URL, api_key=gateway.KEY, max_retries=0)


def secret(text):
    return gateway.unique(f"{text}: {MAIL} pays with {CARD}, {MAIL} again,")


def messages(prompt):
    return [{"role": "user", "content": prompt}]


class Redaction(unittest.TestCase):
    def check_upstream(self, prompt):
        body = gateway.received(prompt)[-1]["body"]
        self.assertNotIn(MAIL, body)
        self.assertNotIn("4111", body)
        self.assertIn("EMAIL_ADDRESS_1", body)
        self.assertIn("CREDIT_CARD_1", body)
        self.assertNotIn("EMAIL_ADDRESS_2", body)

    def check_log(self, case, mails):
        record = gateway.record(case)
        self.assertEqual(record["found"]["EMAIL_ADDRESS"], mails)
        self.assertNotIn(MAIL, json.dumps(record))


class OpenAI(Redaction):
    def test_whole(self):
        case, prompt = gateway.case(), secret("Whole")
        raw = OPENAI.chat.completions.with_raw_response.create(model=gateway.MODEL, messages=messages(prompt), extra_headers={"x-case": case})
        self.assertIn(prompt, raw.parse().choices[0].message.content)
        self.assertEqual(raw.headers["x-postern-redacted"], "EMAIL_ADDRESS=2, CREDIT_CARD=1")
        self.check_upstream(prompt)
        self.check_log(case, 2)

    def test_stream(self):
        case, prompt = gateway.case(), secret("Stream")
        stream = OPENAI.chat.completions.create(model=gateway.MODEL, messages=messages(prompt), stream=True, extra_headers={"x-case": case})
        text = "".join(c.choices[0].delta.content or "" for c in stream if c.choices)
        self.assertIn(prompt, text)
        self.check_upstream(prompt)
        self.check_log(case, 2)

    def test_what_the_model_says_itself(self):
        for stream in (False, True):
            with self.subTest(stream=stream):
                gateway.script("text=Ask jo.doe@example.org or +44 20 7946 0958 about it.")
                answer = OPENAI.chat.completions.create(model=gateway.MODEL, messages=messages(gateway.unique("Who?")), stream=stream)
                if stream:
                    text = "".join(c.choices[0].delta.content or "" for c in answer if c.choices)
                else:
                    text = answer.choices[0].message.content
                self.assertIn("Ask <EMAIL_ADDRESS> or <PHONE_NUMBER> about it.", text)

    def test_responses(self):
        for stream in (False, True):
            with self.subTest(stream=stream):
                prompt = secret("Responses")
                if stream:
                    with OPENAI.responses.stream(model=gateway.MODEL, input=prompt) as events:
                        text = "".join(e.delta for e in events if e.type == "response.output_text.delta")
                        self.assertEqual(events.get_final_response().output_text, text)
                else:
                    text = OPENAI.responses.create(model=gateway.MODEL, input=prompt).output_text
                self.assertIn(prompt, text)
                self.check_upstream(prompt)


class Anthropic(Redaction):
    def test_whole(self):
        case, prompt = gateway.case(), secret("Whole")
        answer = CLAUDE.messages.create(model=gateway.MODEL, max_tokens=1000, messages=messages(prompt), extra_headers={"x-case": case})
        self.assertIn(prompt, answer.content[0].text)
        self.check_upstream(prompt)
        self.check_log(case, 2)

    def test_stream(self):
        prompt = secret("Stream")
        with CLAUDE.messages.stream(model=gateway.MODEL, max_tokens=1000, messages=messages(prompt)) as stream:
            text = "".join(stream.text_stream)
            self.assertEqual(stream.get_final_message().content[0].text, text)
        self.assertIn(prompt, text)
        self.check_upstream(prompt)

    def test_what_the_model_says_itself(self):
        gateway.script("text=Ask jo.doe@example.org about it.")
        with CLAUDE.messages.stream(model=gateway.MODEL, max_tokens=1000, messages=messages(gateway.unique("Who?"))) as stream:
            self.assertIn("Ask <EMAIL_ADDRESS> about it.", "".join(stream.text_stream))

    def test_system_and_tool_results(self):
        prompt = gateway.unique("Tools")
        CLAUDE.messages.create(
            model=gateway.MODEL,
            max_tokens=1000,
            system=f"You serve {MAIL}.",
            tools=[{"name": "find", "description": "To find.", "input_schema": gateway.parameters()}],
            messages=[
                {"role": "user", "content": prompt},
                {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "find", "input": {"path": MAIL}}]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": f"{CARD} of {MAIL}"}]},
            ],
        )
        self.check_upstream(prompt)


