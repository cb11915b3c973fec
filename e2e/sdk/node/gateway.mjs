// What the tests know of the gateway under test, of the mock providers behind it and
// of the proxy's access log in front of it.

import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"

// The SDKs are installed apart from the sources.
const require = createRequire(join(process.env.POSTERN_TOOLS, "node", "package.json"))
export const OpenAI = require("openai")
export const openAIZod = require("openai/helpers/zod")
export const Anthropic = require("@anthropic-ai/sdk")
export const anthropicZod = require("@anthropic-ai/sdk/helpers/zod")
export const { z } = require("zod")

const env = (name) => process.env["POSTERN_" + name]
export const url = env("URL")
export const deadURL = env("DEAD_URL") // where nobody listens
export const key = env("KEY")
export const narrowKey = env("NARROW_KEY") // of a consumer who may use narrowModel only
export const narrowModel = env("NARROW_MODEL")
export const model = env("MODEL")
export const reasoningModel = env("REASONING_MODEL")
export const provider = env("PROVIDER") // who serves the models

const run = `${env("RUN")}-${process.pid}`
let number = 0

// unique is a prompt that no other test sends, with directives for the mock.
export function unique(text, ...directives) {
  return [`${text} #${run}-${++number}`, ...directives.map((d) => `[[mock:${d}]]`)].join(" ")
}

// mark is what is only in this prompt.
export function mark(prompt) {
  return prompt.split(" [[mock:")[0].replace(/^.*#/s, "#")
}

// newCase is a name for a request in the access log; sent as x-case.
export function newCase() {
  return `${run}-case-${++number}`
}

const journal = [] // what the mock has told so far; an entry is complete when its answer has arrived

// received is the requests that the provider got with a prompt, the oldest first.
export async function received(prompt) {
  const answer = await fetch(`${env("MOCK")}/mock/journal?since=${journal.at(-1)?.seq ?? 0}`)
  journal.push(...(await answer.json()).entries)
  const only = new RegExp(mark(prompt) + "(?![0-9])")
  return journal.filter((e) => only.test(e.body))
}

// charged is what the provider charged for the last request with a prompt.
export async function charged(prompt) {
  return (await received(prompt)).at(-1).usage
}

// script sets how the provider answers its next requests; an empty line is a good answer.
export async function script(...lines) {
  const answer = await fetch(env("MOCK") + "/mock/script", { method: "POST", body: lines.join("\n") + "\n" })
  assert.equal(answer.status, 204)
}

// record is what the gateway has told the proxy's access log about a request.
export async function record(name) {
  for (let tries = 0; tries < 500; tries++) {
    const log = await readFile(env("ACCESS_LOG"), "utf8")
    const line = log.split("\n").find((l) => l.startsWith(name + " ") && l.endsWith("}"))
    if (line) {
      return JSON.parse(line.slice(name.length + 1))
    }
    await pause(20)
  }
  assert.fail(`the access log has no line of ${name}`)
}

// collect reads a stream to its end.
export async function collect(stream) {
  const all = []
  for await (const item of stream) {
    all.push(item)
  }
  return all
}

// failure is the error that a call ends in.
export async function failure(kind, call) {
  try {
    await call()
  } catch (error) {
    assert.ok(error instanceof kind, `want ${kind.name}, got ${error?.constructor?.name}: ${error?.message}`)
    return error
  }
  assert.fail(`want ${kind.name}, got an answer`)
}

// A picture of 2 x 3 pixels, all black.
export const pngBase64 =
  "iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAAAAACcgYFdAAAAC0lEQVR4nGNggAIAAAkAAftSuKkAAAAASUVORK5CYII="

export const parameters = {
  type: "object",
  properties: { path: { type: "string" }, text: { type: "string" }, line: { type: "integer", minimum: 1 } },
  required: ["path"],
}

export const toolNames = [
  "read_file", "write_file", "edit_file", "list_directory", "search", "run", "fetch", "todo", "ask_user", "apply_patch",
  "rename_symbol", "find_references", "go_to_definition", "format_code", "lint", "test", "debug", "profile", "commit", "diff",
  "log", "blame", "branch", "merge", "open_url", "screenshot", "click", "type_text", "notebook_run", "finish",
]

export const system =
  "You are a careful engineer who works in a repository.\n" +
  Array.from({ length: 120 }, (_, i) => `Rule ${i}: read before you write, say what you change, and keep every change small.`).join("\n")

// task is a prompt that the mock answers with three rounds of tool calls, two of them parallel in the second.
export function task() {
  return unique(
    'Please call read_file with {"path": "a.go"} then call edit_file with {"path": "a.go", "text": "x := 1", "line": 3}' +
      ' and call lint with {"path": "b.go"} then call test with {"path": "./..."}',
  )
}

export const taskCalls = [["read_file"], ["edit_file", "lint"], ["test"]]

// result is what a tool answers.
export function result(name, args) {
  return `${name} of ${args.path} is done`
}
