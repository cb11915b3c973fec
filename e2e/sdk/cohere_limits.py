"""Limits and Cohere's SDK."""

import functools
import unittest

import cohere
from cohere import errors

import gateway
import limits


def options(prompt, case, most):
    return {
        "model": gateway.MODEL,
        "messages": [{"role": "user", "content": prompt}],
        "max_tokens": most,
        "request_options": {"additional_headers": {"x-case": case}, "max_retries": 2},
    }


@functools.cache
def client(key):
    return cohere.ClientV2(api_key=key, base_url=gateway.URL)


class CohereLimits(limits.Limits, unittest.TestCase):
    LENGTH = "MAX_TOKENS"
    RETRIES = True
    LONG_RETRIES = 2  # it knows nothing of x-should-retry, and waits a minute

    def whole(self, prompt, key, case, most):
        return client(key).chat(**options(prompt, case, most))

    def parts(self, prompt, key, case, most):
        for event in client(key).chat_stream(**options(prompt, case, most)):
            if event.type == "content-delta":
                yield event.delta.message.content.text, None
            elif event.type == "message-end":
                yield None, event.delta.finish_reason

    def refused(self, call):
        with self.assertRaises(errors.TooManyRequestsError) as caught:
            call()
        return caught.exception.headers
