// Redaction both ways by the SDKs of OpenAI and Anthropic, whoever serves the model: the
// provider never sees what the client gets back, whole, in streams and in calls of tools.

import assert from "node:assert/strict"
import { test } from "node:test"

import * as gateway from "./gateway.mjs"
import { Anthropic, OpenAI } from "./gateway.mjs"

const mail = "maria.lopez@example.com"
const card = "4111 1111 1111 1111"
const openai = new OpenAI({ baseURL: gateway.url + "/v1", apiKey: gateway.key, maxRetries: 0 })
const claude = new Anthropic({ baseURL: gateway.url, apiKey: gateway.key, maxRetries: 0 })

const secret = (text, ...directives) => gateway.unique(`${text}: ${mail} pays with ${card}, ${mail} again,`, ...directives)
const ask = (prompt, more) => ({ model: gateway.model, messages: [{ role: "user", content: prompt }], ...more })
const message = (prompt, more) => ask(prompt, { max_tokens: 1000, ...more })

// hidden checks what the provider got.
async function hidden(prompt) {
  const { body } = (await gateway.received(prompt)).at(-1)
  for (const value of [mail, "4111"]) {
    assert.ok(!body.includes(value), `the provider got ${value}`)
  }
  assert.ok(body.includes("EMAIL_ADDRESS_1") && body.includes("CREDIT_CARD_1") && !body.includes("EMAIL_ADDRESS_2"), body)
}

// recorded checks what the access log says, which is no value.
async function recorded(name) {
  const record = await gateway.record(name)
  assert.equal(record.found.EMAIL_ADDRESS, 2)
  assert.ok(!JSON.stringify(record).includes(mail))
}

test("openai, whole answer", async () => {
  const [name, prompt] = [gateway.newCase(), secret("Whole")]
  const { data, response } = await openai.chat.completions.create(ask(prompt), { headers: { "x-case": name } }).withResponse()
  assert.equal(data.choices[0].message.content, `You said: "${prompt}".`)
  assert.equal(response.headers.get("x-postern-redacted"), "EMAIL_ADDRESS=2, CREDIT_CARD=1")
  await hidden(prompt)
  await recorded(name)
})

test("openai, stream", async () => {
  const [name, prompt] = [gateway.newCase(), secret("Stream", "split=3")]
  const chunks = await gateway.collect(await openai.chat.completions.create(ask(prompt, { stream: true }), { headers: { "x-case": name } }))
  const text = chunks.map((c) => c.choices[0]?.delta.content ?? "").join("")
  assert.ok(text.includes(gateway.mark(prompt)) && text.includes(`${mail} pays with ${card}, ${mail} again`), text)
  await hidden(prompt)
  await recorded(name)
})

test("openai, arguments of a call", async () => {
  const tool = { type: "function", function: { name: "find", description: "To find.", parameters: gateway.parameters } }
  for (const stream of [false, true]) {
    const prompt = gateway.unique(`call find with {"path": "${mail}", "text": "${card}"}`, "split=5")
    const calls = stream
      ? (await openai.chat.completions.stream(ask(prompt, { tools: [tool] })).finalChatCompletion()).choices[0].message.tool_calls
      : (await openai.chat.completions.create(ask(prompt, { tools: [tool] }))).choices[0].message.tool_calls
    assert.deepEqual(JSON.parse(calls[0].function.arguments), { path: mail, text: card })
    await hidden(prompt)
  }
})

test("openai, what the model says itself", async () => {
  for (const stream of [false, true]) {
    await gateway.script("text=Ask jo.doe@example.org or +44 20 7946 0958 about it.")
    const answer = await openai.chat.completions.create(ask(gateway.unique("Who?"), { stream }))
    const text = stream
      ? (await gateway.collect(answer)).map((c) => c.choices[0]?.delta.content ?? "").join("")
      : answer.choices[0].message.content
    assert.ok(text.includes("Ask <EMAIL_ADDRESS> or <PHONE_NUMBER> about it."), text)
  }
})

test("openai, responses", async () => {
  const prompt = secret("Responses")
  assert.ok((await openai.responses.create({ model: gateway.model, input: prompt })).output_text.includes(prompt))
  await hidden(prompt)
  const other = secret("Responses")
  let text = ""
  for await (const event of await openai.responses.create({ model: gateway.model, input: other, stream: true })) {
    text += event.type === "response.output_text.delta" ? event.delta : ""
  }
  assert.ok(text.includes(other), text)
  await hidden(other)
})

test("anthropic, whole answer", async () => {
  const [name, prompt] = [gateway.newCase(), secret("Whole")]
  const answer = await claude.messages.create(message(prompt), { headers: { "x-case": name } })
  assert.equal(answer.content[0].text, `You said: "${prompt}".`)
  await hidden(prompt)
  await recorded(name)
})

test("anthropic, stream", async () => {
  const prompt = secret("Stream", "split=3")
  const stream = claude.messages.stream(message(prompt))
  let text = ""
  stream.on("text", (delta) => (text += delta))
  const final = await stream.finalMessage()
  assert.equal(text, final.content[0].text)
  assert.ok(text.includes(`${mail} pays with ${card}, ${mail} again`), text)
  await hidden(prompt)
})

test("anthropic, input of a call", async () => {
  const prompt = gateway.unique(`call find with {"path": "${mail}", "text": "${card}"}`, "split=5")
  const tool = { name: "find", description: "To find.", input_schema: gateway.parameters }
  const final = await claude.messages.stream(message(prompt, { tools: [tool] })).finalMessage()
  const call = final.content.find((b) => b.type === "tool_use")
  assert.deepEqual(call.input, { path: mail, text: card })
  await hidden(prompt)
})

test("anthropic, system prompt and result of a tool", async () => {
  const prompt = gateway.unique("Tools")
  await claude.messages.create({
    model: gateway.model,
    max_tokens: 1000,
    system: `You serve ${mail}.`,
    tools: [{ name: "find", description: "To find.", input_schema: gateway.parameters }],
    messages: [
      { role: "user", content: prompt },
      { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "find", input: { path: mail } }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: `${card} of ${mail}` }] },
    ],
  })
  await hidden(prompt)
})
