// The OpenAI SDK against OpenAI's own API, through the gateway: what has no counterpart elsewhere.

import assert from "node:assert/strict"
import { test } from "node:test"

import * as gateway from "./gateway.mjs"
import { OpenAI } from "./gateway.mjs"

const client = (options) => new OpenAI({ baseURL: gateway.url + "/v1", apiKey: gateway.key, maxRetries: 0, ...options })

test("embeddings are base64 by default and become numbers", async () => {
  const prompt = gateway.unique("embed me")
  const answer = await client().embeddings.create({ model: "text-embedding-3-small", input: prompt })
  assert.equal(answer.data[0].embedding.length, 1536)
  assert.equal(typeof answer.data[0].embedding[0], "number")
  assert.match((await gateway.received(prompt))[0].body, /"base64"/)
  assert.equal(answer.usage.prompt_tokens, (await gateway.charged(prompt)).input)
})

test("response", async () => {
  const prompt = gateway.unique("respond")
  const answer = await client().responses.create({ model: "gpt-4o", input: prompt })
  assert.ok(answer.output_text.includes(prompt))
  assert.equal(answer.usage.output_tokens, (await gateway.charged(prompt)).output)
})

test("streamed response", async () => {
  const name = gateway.newCase()
  const prompt = gateway.unique("respond in pieces")
  const stream = client().responses.stream({ model: "gpt-4o", input: prompt }, { headers: { "x-case": name } })
  const final = await stream.finalResponse()
  assert.ok(final.output_text.includes(prompt))
  const used = await gateway.charged(prompt)
  const record = await gateway.record(name)
  assert.deepEqual([final.usage.input_tokens, final.usage.output_tokens], [used.input, used.output])
  assert.deepEqual([record.input_tokens, record.output_tokens], [used.input, used.output])
})

test("completion", async () => {
  const prompt = gateway.unique("complete")
  const answer = await client().completions.create({ model: "gpt-3.5-turbo-instruct", prompt, max_tokens: 100 })
  assert.ok(answer.choices[0].text.includes(prompt))
})

test("list of models", async () => {
  const names = (await gateway.collect(await client().models.list())).map((m) => m.id)
  assert.ok(names.includes("gpt-4o") && names.includes("claude-sonnet-4-5"), names.join())
  const narrow = await gateway.collect(await client({ apiKey: gateway.narrowKey }).models.list())
  assert.deepEqual(
    narrow.map((m) => m.id),
    [gateway.narrowModel],
  )
})
