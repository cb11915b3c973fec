"""Limits and Anthropic's SDK."""

import unittest

import anthropic

import gateway
import limits


def ask(prompt, key, case, most, **more):
    sdk = anthropic.Anthropic(base_url=gateway.URL, api_key=key)
    messages = [{"role": "user", "content": prompt}]
    return sdk.messages.with_raw_response.create(
        model=gateway.MODEL, messages=messages, max_tokens=most, extra_headers={"x-case": case}, **more
    )


class AnthropicLimits(limits.Limits, unittest.TestCase):
    LENGTH = "max_tokens"
    RETRIES = True

    def whole(self, prompt, key, case, most):
        return ask(prompt, key, case, most).parse()

    def parts(self, prompt, key, case, most):
        for event in ask(prompt, key, case, most, stream=True).parse():
            if event.type == "content_block_delta":
                yield event.delta.text, None
            elif event.type == "message_delta":
                yield None, event.delta.stop_reason

    def refused(self, call):
        with self.assertRaises(anthropic.RateLimitError) as caught:
            call()
        self.assertEqual(caught.exception.body["error"]["type"], "rate_limit_error")
        return caught.exception.response.headers

    def test_headers_tell_how_a_limit_stands(self):
        headers = ask(gateway.unique("Hi"), limits.OUTRUN_KEY, gateway.case(), 50).headers
        self.assertEqual(headers["anthropic-ratelimit-output-tokens-limit"], "9000")
        self.assertEqual(headers["anthropic-ratelimit-output-tokens-remaining"], "8950")
        self.assertRegex(headers["anthropic-ratelimit-output-tokens-reset"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
