"""Limits and Google's SDK."""

import functools
import unittest

from google import genai
from google.genai import errors, types

import gateway
import limits


@functools.cache
def client(key):
    return genai.Client(api_key=key, http_options=types.HttpOptions(base_url=gateway.URL))


def options(case, most):
    return types.GenerateContentConfig(max_output_tokens=most, http_options=types.HttpOptions(headers={"x-case": case}))


class GeminiLimits(limits.Limits, unittest.TestCase):
    LENGTH = types.FinishReason.MAX_TOKENS

    def whole(self, prompt, key, case, most):
        return client(key).models.generate_content(model=gateway.MODEL, contents=prompt, config=options(case, most))

    def parts(self, prompt, key, case, most):
        for part in client(key).models.generate_content_stream(model=gateway.MODEL, contents=prompt, config=options(case, most)):
            for candidate in part.candidates or []:
                yield "".join(p.text or "" for p in (candidate.content.parts if candidate.content else None) or []), candidate.finish_reason

    def refused(self, call):
        with self.assertRaises(errors.ClientError) as caught:
            call()
        self.assertEqual((caught.exception.code, caught.exception.status), (429, "RESOURCE_EXHAUSTED"))
        return caught.exception.response.headers

    def test_headers_tell_how_a_limit_stands(self):
        headers = self.whole(gateway.unique("Hi"), limits.OUTRUN_KEY, gateway.case(), 50).sdk_http_response.headers
        self.assertEqual(headers["x-ratelimit-remaining-tokens"], "8950")
