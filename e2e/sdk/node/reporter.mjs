// Reports what became of each test, one JSON object a line, as run.py does for Python.

function problem(error) {
  const cause = error?.cause ?? error
  return String(cause?.stack ?? cause)
}

export default async function* reporter(source) {
  for await (const { type, data } of source) {
    if (type === "test:stderr" || type === "test:stdout") {
      yield data.message
    }
    if (type !== "test:pass" && type !== "test:fail") {
      continue
    }
    if (data.details?.type === "suite" || data.name === data.file) {
      continue
    }
    const problems = []
    if (type === "test:fail") {
      problems.push(problem(data.details.error))
    }
    if (data.skip !== undefined || data.todo !== undefined) {
      problems.push("skipped")
    }
    yield JSON.stringify({ test: data.name, problems, seconds: data.details.duration_ms / 1000 }) + "\n"
  }
}
