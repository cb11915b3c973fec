// Messages by the Anthropic SDK, whoever serves the model.

import assert from "node:assert/strict"
import { test } from "node:test"

import * as gateway from "./gateway.mjs"
import { Anthropic, z } from "./gateway.mjs"

const client = (options) => new Anthropic({ baseURL: gateway.url, apiKey: gateway.key, maxRetries: 0, ...options })
const message = (prompt, more) => ({ model: gateway.model, max_tokens: 1000, messages: [{ role: "user", content: prompt }], ...more })
const ask = (prompt, more, options, sdk = client()) => sdk.messages.create(message(prompt, more), options)
const tool = (name) => ({ name, description: `To ${name}.`, input_schema: gateway.parameters })
const charge = (u) => [u.input_tokens + (u.cache_read_input_tokens ?? 0) + (u.cache_creation_input_tokens ?? 0), u.output_tokens]

test("whole answer", async () => {
  const prompt = gateway.unique("Hi")
  const answer = await ask(prompt)
  assert.deepEqual(
    answer.content.map((b) => b.text),
    [`You said: "${prompt}".`],
  )
  assert.equal(answer.stop_reason, "end_turn")
  const used = await gateway.charged(prompt)
  assert.deepEqual(charge(answer.usage), [used.input, used.output])
})

test("key as x-api-key", async () => {
  const prompt = gateway.unique("Hi")
  const answer = await ask(prompt, {}, { headers: { "x-api-key": gateway.key, Authorization: null } })
  assert.ok(answer.content[0].text.includes(prompt))
})

test("header with the usage", async () => {
  const prompt = gateway.unique("Hi")
  const { response } = await ask(prompt).withResponse()
  const used = await gateway.charged(prompt)
  assert.equal(response.headers.get("x-postern-usage"), `input=${used.input}, output=${used.output}`)
})

test("accumulated stream", async () => {
  const name = gateway.newCase()
  const prompt = gateway.unique("Tell me more", "split=7")
  const stream = client().messages.stream(message(prompt), { headers: { "x-case": name } })
  let text = ""
  stream.on("text", (delta) => (text += delta))
  const final = await stream.finalMessage()
  assert.equal(text, final.content[0].text)
  assert.ok(text.includes(gateway.mark(prompt)))
  const used = await gateway.charged(prompt)
  const record = await gateway.record(name)
  assert.deepEqual(charge(final.usage), [used.input, used.output])
  assert.deepEqual([record.input_tokens, record.output_tokens], [used.input, used.output])
})

test("accumulated tool calls", async () => {
  const prompt = gateway.unique('call search with {"path": "a", "text": "b"} and call lint with {"path": "c"}', "split=3")
  const final = await client().messages.stream(message(prompt, { tools: [tool("search"), tool("lint")] })).finalMessage()
  const calls = final.content.filter((b) => b.type === "tool_use").map((b) => [b.name, b.input])
  assert.deepEqual(calls, [
    ["search", { path: "a", text: "b" }],
    ["lint", { path: "c" }],
  ])
  assert.equal(final.stop_reason, "tool_use")
})

// loop plays the tools until the model has none to call.
async function loop(turn, messages, options) {
  const rounds = []
  for (;;) {
    const { content } = await turn({ messages, ...options })
    const calls = content.filter((b) => b.type === "tool_use")
    if (calls.length === 0) {
      return { rounds, text: content.at(-1).text }
    }
    rounds.push(calls.map((c) => c.name))
    const results = calls.map((c) => ({ type: "tool_result", tool_use_id: c.id, content: gateway.result(c.name, c.input) }))
    messages.push({ role: "assistant", content }, { role: "user", content: results })
  }
}

const interleaved = { headers: { "anthropic-beta": "interleaved-thinking-2025-05-14" } }
const turns = {
  whole: (more) => ask("", more, interleaved),
  streamed: (more) => client().messages.stream(message("", more), interleaved).finalMessage(),
}

for (const [how, turn] of Object.entries(turns)) {
  test(`tool loop of three turns, ${how}`, async () => {
    const tools = ["read_file", "edit_file", "lint", "test"].map(tool)
    const { rounds, text } = await loop(turn, [{ role: "user", content: gateway.task() }], { tools })
    assert.deepEqual(rounds, gateway.taskCalls)
    assert.match(text, /test of \.\/\.\.\. is done/)
  })

  test(`agent with a long prompt, thirty tools and thinking between them, ${how}`, async () => {
    const prompt = gateway.task()
    const mark = { cache_control: { type: "ephemeral" } }
    const tools = gateway.toolNames.map(tool)
    Object.assign(tools.at(-1), mark)
    const options = {
      model: gateway.reasoningModel, max_tokens: 8000, tools,
      thinking: { type: "enabled", budget_tokens: 2000 },
      system: [{ type: "text", text: gateway.system, ...mark }],
    }
    const { rounds } = await loop(turn, [{ role: "user", content: prompt }], options)
    assert.deepEqual(rounds, gateway.taskCalls)
    const requests = await gateway.received(prompt)
    assert.equal(requests.length, 4)
    assert.ok(requests.every((r) => r.usage.reasoning > 0))
    assert.ok(requests.at(-1).usage.cache_read > 1000)
  })
}

test("parsed structured output", async () => {
  const Plan = z.object({ title: z.string(), steps: z.array(z.string()), done: z.boolean() })
  const prompt = gateway.unique("plan")
  const format = gateway.anthropicZod.zodOutputFormat(Plan)
  const answer = await client().messages.parse(message(prompt, { output_config: { format } }))
  assert.equal(answer.parsed_output.title, prompt)
})

test("image", async () => {
  const prompt = gateway.unique("What is this?")
  const source = { type: "base64", media_type: "image/png", data: gateway.pngBase64 }
  const content = [{ type: "image", source }, { type: "text", text: prompt }]
  const answer = await ask(prompt, { messages: [{ role: "user", content }] })
  assert.match(answer.content[0].text, /2 x 3 pixels/)
})

test("tokens counted beforehand", async () => {
  const prompt = gateway.unique("count " + "these words ".repeat(50))
  const { model, messages } = message(prompt)
  const count = await client().messages.countTokens({ model, messages })
  const [input] = charge((await ask(prompt)).usage)
  assert.ok(Math.abs(count.input_tokens - input) <= input * 0.15, `got ${count.input_tokens}, charged ${input}`)
})

test("list of models", async () => {
  const names = (await gateway.collect(await client().models.list())).map((m) => m.id)
  assert.ok(names.includes("claude-sonnet-4-5"), names.join())
})

test("errors by class", async () => {
  const overload = gateway.provider === "anthropic" ? "status=529" : "status=503"
  for (const [kind, type, call] of [
    [Anthropic.AuthenticationError, "authentication_error", () => ask("Hi", {}, {}, client({ apiKey: "client-nobody" }))],
    [Anthropic.PermissionDeniedError, "permission_error", () => ask("Hi", {}, {}, client({ apiKey: gateway.narrowKey }))],
    [Anthropic.NotFoundError, "not_found_error", () => ask("Hi", { model: "no-such-model" })],
    [Anthropic.BadRequestError, "invalid_request_error", () => ask(gateway.unique("Hi"), { temperature: 9 })],
    [Anthropic.RateLimitError, "rate_limit_error", () => ask(gateway.unique("Hi", "status=429;retry-after=7"))],
    [Anthropic.InternalServerError, "api_error", () => ask(gateway.unique("Hi", "status=500"))],
    [Anthropic.InternalServerError, "api_error", () => ask(gateway.unique("Hi", "html=502"))],
    [Anthropic.InternalServerError, "overloaded_error", () => ask(gateway.unique("Hi", overload))],
  ]) {
    const error = await gateway.failure(kind, call)
    assert.equal(error.error?.error?.type, type)
    assert.ok(error.error.error.message)
    if (type === "rate_limit_error") {
      assert.equal(error.headers.get("retry-after"), "7")
    }
  }
})

test("no gateway", async () => {
  await gateway.failure(Anthropic.APIConnectionError, () => ask("Hi", {}, {}, client({ baseURL: gateway.deadURL })))
})

test("error within a stream", async () => {
  const prompt = gateway.unique("Tell", "error-event=after:4")
  await gateway.failure(Anthropic.APIError, async () => gateway.collect(await ask(prompt, { stream: true })))
})

test("stream that the provider breaks off", async () => {
  for (const directive of ["disconnect=after:5", "eof=after:5"]) {
    const kinds = []
    try {
      for await (const event of await ask(gateway.unique("Tell", directive), { stream: true })) {
        kinds.push(event.type)
      }
    } catch (error) {
      assert.ok(!(error instanceof assert.AssertionError), error)
    }
    assert.ok(kinds.includes("message_start") && !kinds.includes("message_stop"), kinds.join())
  }
})

test("timeout", async () => {
  const slow = client({ timeout: 300 })
  await gateway.failure(Anthropic.APIConnectionTimeoutError, () => ask(gateway.unique("Hi", "latency=20s"), {}, {}, slow))
})

test("retry succeeds", async () => {
  await gateway.script("status=503;retry-after=0.01", "status=429;retry-after=0.01", "")
  const prompt = gateway.unique("Hi")
  const answer = await ask(prompt, {}, {}, client({ maxRetries: 2 }))
  assert.ok(answer.content[0].text.includes(prompt))
  assert.deepEqual(
    (await gateway.received(prompt)).map((e) => e.status),
    [503, 429, 200],
  )
})

test("many streams keep their usage apart", async () => {
  const prompts = Array.from({ length: 16 }, (_, i) => gateway.unique("word ".repeat(2 * i + 1), "interval=2ms"))
  const finals = await Promise.all(prompts.map((prompt) => client().messages.stream(message(prompt)).finalMessage()))
  for (const [i, prompt] of prompts.entries()) {
    const used = await gateway.charged(prompt)
    assert.ok(finals[i].content[0].text.includes(gateway.mark(prompt)))
    assert.deepEqual(charge(finals[i].usage), [used.input, used.output])
  }
})
