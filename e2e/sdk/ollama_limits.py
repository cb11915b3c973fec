"""Limits and Ollama's SDK."""

import unittest

import ollama

import gateway
import limits


def ask(prompt, key, case, most, **more):
    sdk = ollama.Client(host=gateway.URL, headers={"Authorization": "Bearer " + key, "x-case": case})
    return sdk.chat(model=gateway.MODEL, messages=[{"role": "user", "content": prompt}], options={"num_predict": most}, **more)


class OllamaLimits(limits.Limits, unittest.TestCase):
    LENGTH = "length"

    def whole(self, prompt, key, case, most):
        return ask(prompt, key, case, most)

    def parts(self, prompt, key, case, most):
        for part in ask(prompt, key, case, most, stream=True):
            yield part.message.content, part.done_reason

    def refused(self, call):
        with self.assertRaises(ollama.ResponseError) as caught:
            call()
        self.assertEqual(caught.exception.status_code, 429)
