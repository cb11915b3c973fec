"""Limits and OpenAI's SDK."""

import unittest

import openai

import gateway
import limits


def ask(prompt, key, case, most, retries=2, **more):
    sdk = openai.OpenAI(base_url=gateway.URL + "/v1", api_key=key, max_retries=retries)
    messages = [{"role": "user", "content": prompt}]
    return sdk.chat.completions.with_raw_response.create(
        model=gateway.MODEL, messages=messages, max_tokens=most, extra_headers={"x-case": case}, **more
    )


class OpenAILimits(limits.Limits, unittest.TestCase):
    LENGTH = "length"
    RETRIES = True

    def whole(self, prompt, key, case, most):
        return ask(prompt, key, case, most).parse()

    def parts(self, prompt, key, case, most):
        for chunk in ask(prompt, key, case, most, stream=True).parse():
            for choice in chunk.choices:
                yield choice.delta.content, choice.finish_reason

    def refused(self, call):
        with self.assertRaises(openai.RateLimitError) as caught:
            call()
        self.assertEqual(caught.exception.code, "rate_limit_exceeded")
        return caught.exception.response.headers

    def test_headers_tell_how_a_limit_stands(self):
        headers = ask(gateway.unique("Hi"), limits.OUTRUN_KEY, gateway.case(), 50).headers
        self.assertEqual((headers["x-ratelimit-limit-tokens"], headers["x-ratelimit-remaining-tokens"]), ("9000", "8950"))
        headers = ask(gateway.unique("Hi"), limits.LATER_KEY, gateway.case(), 50).headers
        self.assertEqual((headers["x-ratelimit-limit-requests"], headers["x-ratelimit-remaining-requests"]), ("1", "0"))
