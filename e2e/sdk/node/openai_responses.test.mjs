// Responses and completions by the OpenAI SDK, served by a provider that has neither.

import assert from "node:assert/strict"
import { test } from "node:test"

import * as gateway from "./gateway.mjs"
import { OpenAI, openAIZod, z } from "./gateway.mjs"

const client = (options) => new OpenAI({ baseURL: gateway.url + "/v1", apiKey: gateway.key, maxRetries: 0, ...options })
const tool = (name) => ({ type: "function", name, description: `To ${name}.`, parameters: gateway.parameters, strict: false })

test("whole answer", async () => {
  const prompt = gateway.unique("Hi")
  const answer = await client().responses.create({ model: gateway.model, input: prompt })
  assert.equal(answer.output_text, `You said: "${prompt}".`)
  assert.equal(answer.status, "completed")
  const used = await gateway.charged(prompt)
  assert.deepEqual([answer.usage.input_tokens, answer.usage.output_tokens], [used.input, used.output])
})

test("accumulated stream", async () => {
  const prompt = gateway.unique("Tell me more", "split=7")
  const stream = client().responses.stream({ model: gateway.model, input: prompt })
  let text = ""
  stream.on("response.output_text.delta", (e) => (text += e.delta))
  const final = await stream.finalResponse()
  assert.equal(text, final.output_text)
  assert.ok(text.includes(gateway.mark(prompt)))
})

test("events are counted without gaps and end with the response", async () => {
  const prompt = gateway.unique("Tell", "split=5")
  const events = await gateway.collect(await client().responses.create({ model: gateway.model, input: prompt, stream: true }))
  assert.deepEqual(
    events.map((e) => e.sequence_number),
    events.map((_, i) => i),
  )
  assert.equal(events.at(-1).type, "response.completed")
})

test("loop of three turns", async () => {
  const input = [{ role: "user", content: gateway.task() }]
  const tools = ["read_file", "edit_file", "lint", "test"].map(tool)
  const rounds = []
  for (;;) {
    const answer = await client().responses.stream({ model: gateway.model, input, tools, store: false }).finalResponse()
    const calls = answer.output.filter((o) => o.type === "function_call")
    if (calls.length === 0) {
      assert.ok(answer.output_text.includes("test of ./... is done"))
      break
    }
    rounds.push(calls.map((c) => c.name))
    input.push(...answer.output.map(({ parsed_arguments, ...o }) => o))
    for (const c of calls) {
      input.push({ type: "function_call_output", call_id: c.call_id, output: gateway.result(c.name, JSON.parse(c.arguments)) })
    }
  }
  assert.deepEqual(rounds, gateway.taskCalls)
})

test("parsed answer", async () => {
  const prompt = gateway.unique("plan")
  const plan = z.object({ title: z.string(), steps: z.array(z.string()), done: z.boolean() })
  const format = openAIZod.zodTextFormat(plan, "plan")
  const answer = await client().responses.parse({ model: gateway.model, input: prompt, text: { format } })
  assert.equal(answer.output_parsed.title, prompt)
})

test("error in mid-stream", async () => {
  const prompt = gateway.unique("Tell", "error-event=after:4")
  let last
  try {
    for await (const e of await client().responses.create({ model: gateway.model, input: prompt, stream: true })) last = e.type
    assert.equal(last, "response.failed")
  } catch (e) {
    assert.ok(e instanceof OpenAI.APIError, String(e)) // newer SDKs throw at the error event
  }
})

test("previous response is refused", async () => {
  const e = await gateway.failure(OpenAI.BadRequestError, () =>
    client().responses.create({ model: gateway.model, input: "Hi", previous_response_id: "resp_1" }),
  )
  assert.equal(e.param, "previous_response_id")
})

test("completion", async () => {
  const prompt = gateway.unique("Once")
  const answer = await client().completions.create({ model: gateway.model, prompt, max_tokens: 200 })
  assert.ok(answer.choices[0].text.includes(prompt))
})
