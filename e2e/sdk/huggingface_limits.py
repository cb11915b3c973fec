"""Limits and Hugging Face's SDK."""

import unittest

import huggingface_hub
from huggingface_hub import errors

import gateway
import limits


def ask(prompt, key, case, most, **more):
    sdk = huggingface_hub.InferenceClient(base_url=gateway.URL + "/v1", api_key=key, headers={"x-case": case})
    return sdk, sdk.chat_completion(model=gateway.MODEL, messages=[{"role": "user", "content": prompt}], max_tokens=most, **more)


class HuggingFaceLimits(limits.Limits, unittest.TestCase):
    LENGTH = "length"

    def whole(self, prompt, key, case, most):
        return ask(prompt, key, case, most)[1]

    def parts(self, prompt, key, case, most):
        kept, answer = ask(prompt, key, case, most, stream=True)
        for chunk in answer:
            for choice in chunk.choices:
                yield choice.delta.content, choice.finish_reason
        del kept  # which closes the connection

    def refused(self, call):
        with self.assertRaises(errors.HfHubHTTPError) as caught:
            call()
        self.assertEqual(caught.exception.response.status_code, 429)
        return caught.exception.response.headers
