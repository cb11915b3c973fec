// Chat by the OpenAI SDK, whoever serves the model.

import assert from "node:assert/strict"
import { test } from "node:test"

import * as gateway from "./gateway.mjs"
import { OpenAI, z } from "./gateway.mjs"

const client = (options) => new OpenAI({ baseURL: gateway.url + "/v1", apiKey: gateway.key, maxRetries: 0, ...options })
const message = (prompt, more) => ({ model: gateway.model, messages: [{ role: "user", content: prompt }], ...more })
const ask = (prompt, more, options, sdk = client()) => sdk.chat.completions.create(message(prompt, more), options)
const tool = (name) => ({ type: "function", function: { name, description: `To ${name}.`, parameters: gateway.parameters } })

test("whole answer", async () => {
  const prompt = gateway.unique("Hi")
  const answer = await ask(prompt)
  assert.equal(answer.choices[0].message.content, `You said: "${prompt}".`)
  assert.equal(answer.choices[0].finish_reason, "stop")
  const used = await gateway.charged(prompt)
  assert.deepEqual([answer.usage.prompt_tokens, answer.usage.completion_tokens], [used.input, used.output])
})

test("header with the usage", async () => {
  const prompt = gateway.unique("Hi")
  const { data, response } = await ask(prompt).withResponse()
  const used = await gateway.charged(prompt)
  assert.equal(response.headers.get("x-postern-usage"), `input=${used.input}, output=${used.output}`)
  assert.ok(data.choices[0].message.content.includes(prompt))
})

test("stream with usage", async () => {
  const name = gateway.newCase()
  const prompt = gateway.unique("Tell")
  const chunks = await gateway.collect(
    await ask(prompt, { stream: true, stream_options: { include_usage: true } }, { headers: { "x-case": name } }),
  )
  const used = await gateway.charged(prompt)
  assert.equal(chunks.map((c) => c.choices[0]?.delta.content ?? "").join(""), `You said: "${prompt}".`)
  const { usage } = chunks.at(-1)
  assert.deepEqual([usage.prompt_tokens, usage.completion_tokens], [used.input, used.output])
  const record = await gateway.record(name)
  assert.deepEqual([record.input_tokens, record.output_tokens], [used.input, used.output])
})

test("stream without usage", async () => {
  const prompt = gateway.unique("Tell")
  const chunks = await gateway.collect(await ask(prompt, { stream: true }))
  assert.deepEqual(
    chunks.filter((c) => c.usage || c.choices.length === 0),
    [],
  )
})

test("accumulated stream", async () => {
  const prompt = gateway.unique("Tell me more", "split=7")
  const stream = client().chat.completions.stream(message(prompt))
  let text = ""
  stream.on("content", (delta) => (text += delta))
  const final = await stream.finalChatCompletion()
  assert.equal(text, final.choices[0].message.content)
  assert.ok(text.includes(gateway.mark(prompt)))
})

test("accumulated tool calls", async () => {
  const prompt = gateway.unique('call search with {"path": "a", "text": "b"} and call lint with {"path": "c"}', "split=3")
  const stream = client().chat.completions.stream(message(prompt, { tools: [tool("search"), tool("lint")] }))
  const [choice] = (await stream.finalChatCompletion()).choices
  const calls = choice.message.tool_calls.map((c) => [c.function.name, JSON.parse(c.function.arguments)])
  assert.deepEqual(calls, [
    ["search", { path: "a", text: "b" }],
    ["lint", { path: "c" }],
  ])
  assert.equal(choice.finish_reason, "tool_calls")
})

// system is a long prompt with the hint for the cache that the provider takes: Anthropic caches what is marked only.
function system() {
  if (gateway.provider === "anthropic") {
    return [{ type: "text", text: gateway.system, cache_control: { type: "ephemeral" } }]
  }
  return gateway.system
}

// loop plays the tools until the model has none to call.
async function loop(turn, messages, options) {
  const rounds = []
  for (;;) {
    const { content, tool_calls } = await turn({ messages, ...options })
    if (!tool_calls?.length) {
      return { rounds, content }
    }
    rounds.push(tool_calls.map((c) => c.function.name))
    const calls = tool_calls.map(({ id, type, function: { name, arguments: args } }) => ({ id, type, function: { name, arguments: args } }))
    messages.push({ role: "assistant", content, tool_calls: calls })
    for (const c of calls) {
      const content = gateway.result(c.function.name, JSON.parse(c.function.arguments))
      messages.push({ role: "tool", tool_call_id: c.id, content })
    }
  }
}

const turns = {
  whole: async (more) => (await ask("", more)).choices[0].message,
  streamed: async (more) => (await client().chat.completions.stream(message("", more)).finalChatCompletion()).choices[0].message,
}

for (const [how, turn] of Object.entries(turns)) {
  test(`tool loop of three turns, ${how}`, async () => {
    const tools = ["read_file", "edit_file", "lint", "test"].map(tool)
    const { rounds, content } = await loop(turn, [{ role: "user", content: gateway.task() }], { tools })
    assert.deepEqual(rounds, gateway.taskCalls)
    assert.match(content, /test of \.\/\.\.\. is done/)
  })

  test(`agent with a long prompt and thirty tools, ${how}`, async () => {
    const prompt = gateway.task()
    const messages = [
      { role: "system", content: system() },
      { role: "user", content: prompt },
    ]
    const options = { model: gateway.reasoningModel, reasoning_effort: "low", tools: gateway.toolNames.map(tool) }
    const { rounds } = await loop(turn, messages, options)
    assert.deepEqual(rounds, gateway.taskCalls)
    const requests = await gateway.received(prompt)
    assert.equal(requests.length, 4)
    assert.ok(requests[0].usage.reasoning > 0)
    assert.ok(requests.at(-1).usage.cache_read > 1000)
  })
}

test("tools that the SDK runs by itself", async () => {
  const prompt = gateway.unique('call lint with {"path": "a"} then call lint with {"path": "b"}')
  const asked = []
  const lint = { ...tool("lint").function, parse: JSON.parse, function: ({ path }) => (asked.push(path), `${path} is fine`) }
  const runner = client().chat.completions.runTools(message(prompt, { tools: [{ type: "function", function: lint }] }))
  assert.match(await runner.finalContent(), /b is fine/)
  assert.deepEqual(asked, ["a", "b"])
})

test("parsed structured output", async () => {
  const Plan = z.object({ title: z.string(), steps: z.array(z.object({ number: z.number().int() })), done: z.boolean() })
  const prompt = gateway.unique("plan")
  const format = gateway.openAIZod.zodResponseFormat(Plan, "plan")
  const answer = await client().chat.completions.parse(message(prompt, { response_format: format }))
  assert.equal(answer.choices[0].message.parsed.title, prompt)
})

test("image", async () => {
  const prompt = gateway.unique("What is this?")
  const picture = { type: "image_url", image_url: { url: "data:image/png;base64," + gateway.pngBase64 } }
  const answer = await ask(prompt, { messages: [{ role: "user", content: [{ type: "text", text: prompt }, picture] }] })
  assert.match(answer.choices[0].message.content, /2 x 3 pixels/)
})

test("errors by class", async () => {
  for (const [kind, status, call] of [
    [OpenAI.AuthenticationError, 401, () => ask("Hi", {}, {}, client({ apiKey: "client-nobody" }))],
    [OpenAI.PermissionDeniedError, 403, () => ask("Hi", {}, {}, client({ apiKey: gateway.narrowKey }))],
    [OpenAI.NotFoundError, 404, () => ask("Hi", { model: "no-such-model" })],
    [OpenAI.BadRequestError, 400, () => ask(gateway.unique("Hi"), { temperature: 9 })],
    [OpenAI.RateLimitError, 429, () => ask(gateway.unique("Hi", "status=429;retry-after=7"))],
    [OpenAI.InternalServerError, 500, () => ask(gateway.unique("Hi", "status=500"))],
    [OpenAI.InternalServerError, 502, () => ask(gateway.unique("Hi", "html=502"))],
    [OpenAI.InternalServerError, 503, () => ask("Hi", { model: "dead" })],
  ]) {
    const error = await gateway.failure(kind, call)
    assert.equal(error.status, status)
    assert.ok(error.error?.message, `${status} without a message`)
    if (status === 429) {
      assert.equal(error.headers.get("retry-after"), "7")
    }
  }
})

test("no gateway", async () => {
  await gateway.failure(OpenAI.APIConnectionError, () => ask("Hi", {}, {}, client({ baseURL: gateway.deadURL + "/v1" })))
})

test("error within a stream", async () => {
  const prompt = gateway.unique("Tell", "error-event=after:4")
  const error = await gateway.failure(OpenAI.APIError, async () => gateway.collect(await ask(prompt, { stream: true })))
  assert.ok(error.message)
})

test("stream that the provider breaks off", async () => {
  for (const directive of ["disconnect=after:4", "eof=after:4"]) {
    const reasons = []
    try {
      for await (const chunk of await ask(gateway.unique("Tell", directive), { stream: true })) {
        reasons.push(...chunk.choices.map((c) => c.finish_reason).filter(Boolean))
      }
    } catch (error) {
      assert.ok(!(error instanceof assert.AssertionError), error)
    }
    assert.deepEqual(reasons, [], directive)
  }
})

test("timeout", async () => {
  const slow = client({ timeout: 300 })
  await gateway.failure(OpenAI.APIConnectionTimeoutError, () => ask(gateway.unique("Hi", "latency=20s"), {}, {}, slow))
})

test("retry succeeds", async () => {
  await gateway.script("status=503;retry-after=0.01", "status=429;retry-after=0.01", "")
  const prompt = gateway.unique("Hi")
  const answer = await ask(prompt, {}, {}, client({ maxRetries: 2 }))
  assert.ok(answer.choices[0].message.content.includes(prompt))
  assert.deepEqual(
    (await gateway.received(prompt)).map((e) => e.status),
    [503, 429, 200],
  )
})

test("many streams keep their usage apart", async () => {
  const prompts = Array.from({ length: 16 }, (_, i) => gateway.unique("word ".repeat(2 * i + 1), "interval=2ms"))
  const usages = await Promise.all(
    prompts.map(async (prompt) => {
      const stream = client().chat.completions.stream(message(prompt, { stream_options: { include_usage: true } }))
      const final = await stream.finalChatCompletion()
      assert.ok(final.choices[0].message.content.includes(gateway.mark(prompt)))
      return final.usage
    }),
  )
  for (const [i, prompt] of prompts.entries()) {
    const used = await gateway.charged(prompt)
    assert.deepEqual([usages[i].prompt_tokens, usages[i].completion_tokens], [used.input, used.output])
  }
})
