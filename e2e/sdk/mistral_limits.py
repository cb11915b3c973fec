"""Limits and Mistral's SDK."""

import functools
import unittest

import mistralai.client
from mistralai.client import errors

import gateway
import limits


def options(prompt, case, most):
    return {"model": gateway.MODEL, "messages": [{"role": "user", "content": prompt}], "max_tokens": most, "http_headers": {"x-case": case}}


@functools.cache
def client(key):
    return mistralai.client.Mistral(api_key=key, server_url=gateway.URL)


class MistralLimits(limits.Limits, unittest.TestCase):
    LENGTH = "length"

    def whole(self, prompt, key, case, most):
        return client(key).chat.complete(**options(prompt, case, most))

    def parts(self, prompt, key, case, most):
        for event in client(key).chat.stream(**options(prompt, case, most)):
            for choice in event.data.choices:
                yield choice.delta.content, choice.finish_reason

    def refused(self, call):
        with self.assertRaises(errors.SDKError) as caught:
            call()
        self.assertEqual(caught.exception.status_code, 429)
        return caught.exception.headers
