"""What the OpenAI SDK asks for beside chat, through the gateway: embeddings of a provider
with another API, moderations, images, audio, files, batches."""

import unittest

import openai

import gateway


def client(key=gateway.KEY):
    return openai.OpenAI(base_url=gateway.URL + "/v1", api_key=key, max_retries=0)


class EmbeddingsElsewhere(unittest.TestCase):
    def test_vectors_of_cohere(self):
        case = gateway.case()
        answer = client().embeddings.create(model="embed-v4.0", input=["a", "b"], extra_headers={"x-case": case})
        self.assertEqual([len(d.embedding) for d in answer.data], [8, 8])
        self.assertIsInstance(answer.data[0].embedding[0], float)
        record = gateway.record(case)
        self.assertEqual((record["provider"], record["input_tokens"]), ("cohere", answer.usage.prompt_tokens))

    def test_both_spellings_are_the_same_vectors(self):
        packed = client().embeddings.create(model="embed-v4.0", input="twice")
        plain = client().embeddings.create(model="embed-v4.0", input="twice", encoding_format="float")
        for x, y in zip(packed.data[0].embedding, plain.data[0].embedding):
            self.assertAlmostEqual(x, y, places=6)

    def test_tokens_are_refused(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            client().embeddings.create(model="embed-v4.0", input=[[1, 2]])
        self.assertEqual(caught.exception.param, "input[0]")


class Moderations(unittest.TestCase):
    def test_without_a_model(self):
        answer = client().moderations.create(input=["fine", "some violence"])
        self.assertEqual([r.flagged for r in answer.results], [False, True])


class Images(unittest.TestCase):
    def test_image(self):
        case = gateway.case()
        answer = client().images.with_raw_response.generate(model="gpt-image-1", prompt="a cat", extra_headers={"x-case": case})
        image = answer.parse()
        self.assertTrue(image.data[0].b64_json)
        self.assertEqual(answer.headers["x-postern-usage"], f"input={image.usage.input_tokens}, output={image.usage.output_tokens}, images=1")
        self.assertEqual(gateway.record(case)["operation"], "image_generation")

    def test_stream(self):
        case = gateway.case()
        events = list(client().images.generate(model="gpt-image-1", prompt="a cat", stream=True, partial_images=1, extra_headers={"x-case": case}))
        self.assertEqual([e.type for e in events], ["image_generation.partial_image", "image_generation.completed"])
        self.assertEqual(gateway.record(case)["output_tokens"], events[-1].usage.output_tokens)

    def test_edit_of_a_model_that_is_mapped(self):
        case = gateway.case()
        answer = client().images.edit(model="painter", prompt="a hat", image=("a.png", b"\x89PNG\r\n\x1a\n", "image/png"), extra_headers={"x-case": case})
        self.assertTrue(answer.data[0].b64_json)
        record = gateway.record(case)
        self.assertEqual((record["operation"], record["provider_model"]), ("image_edit", "gpt-image-1"))


class Audio(unittest.TestCase):
    def test_speech(self):
        sound = client().audio.speech.create(model="gpt-4o-mini-tts", voice="alloy", input="Hi")
        self.assertEqual(sound.read(), b"\xff\xfb\x00{Hi")

    def test_transcription_of_a_model_that_is_mapped(self):
        case = gateway.case()
        answer = client().audio.transcriptions.create(model="ears", file=("a.wav", b"Hello there"), extra_headers={"x-case": case})
        self.assertEqual(answer.text, "Hello there")
        record = gateway.record(case)
        self.assertEqual((record["operation"], record["provider_model"], record["audio_seconds"]), ("transcription", "whisper-1", 3))

    def test_transcription_as_text(self):
        answer = client().audio.transcriptions.create(model="whisper-1", file=("a.wav", b"Hello"), response_format="text")
        self.assertEqual(answer.strip(), "Hello")

    def test_transcription_stream(self):
        case = gateway.case()
        events = list(client().audio.transcriptions.create(model="gpt-4o-transcribe", file=("a.wav", b"Hello"), stream=True, extra_headers={"x-case": case}))
        self.assertEqual(events[-1].text, "Hello")
        self.assertEqual(gateway.record(case)["input_tokens"], events[-1].usage.input_tokens)

    def test_translation(self):
        self.assertEqual(client().audio.translations.create(model="whisper-1", file=("a.wav", b"Hello")).text, "Hello")

    def test_a_consumer_with_models_of_its_own(self):
        with self.assertRaises(openai.PermissionDeniedError):
            client(gateway.NARROW_KEY).audio.transcriptions.create(model="whisper-1", file=("a.wav", b"Hello"))


class Files(unittest.TestCase):
    def test_a_file_comes_and_goes(self):
        lines = b'{"custom_id":"1"}\n' * 20_000
        uploaded = client().files.create(file=("a.jsonl", lines), purpose="batch")
        self.assertEqual(uploaded.bytes, len(lines))
        self.assertIn(uploaded.id, [f.id for f in client().files.list().data])
        self.assertEqual(client().files.content(uploaded.id).read(), lines)
        batch = client().batches.create(input_file_id=uploaded.id, endpoint="/v1/chat/completions", completion_window="24h")
        self.assertEqual(client().batches.retrieve(batch.id).status, "in_progress")
        self.assertEqual(client().batches.cancel(batch.id).status, "cancelling")
        self.assertTrue(client().files.delete(uploaded.id).deleted)
        with self.assertRaises(openai.NotFoundError):
            client().files.retrieve(uploaded.id)

    def test_a_consumer_with_models_of_its_own(self):
        with self.assertRaises(openai.PermissionDeniedError):
            client(gateway.NARROW_KEY).files.list()
