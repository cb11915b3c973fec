// Package custom speaks to a model server whose API nobody but its owner knows, by what
// the configuration says of it.
//
// A request is a JSON template in which names between braces stand for what the client
// asked; whole answers, events of streams and errors are read by paths. Both are compiled
// once, strictly: a request runs no expressions and no regular ones. What a template has
// no place for is refused if the answer would be another, and reported as dropped if not.
//
// It is no language: there are no conditions, loops or functions. A server of OpenAI's or
// Anthropic's own format is better served by the types compatible and anthropic, which
// pass on what nobody here knows. Keys go into a header, never into a path, where every
// proxy on the way would log them.
package custom

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/adapters/sigv4"
	"github.com/postern-gateway/postern/adapters/strict"
)

// Provider is any server.
func Provider() adapters.Provider {
	return adapters.Provider{
		Name:     "custom",
		Doc:      "Any server of a format of its own, described by templates and paths: chat.",
		Semantic: "custom",
		Options:  options,
	}
}

type adapter struct {
	path, streamPath [2]string // before and behind the model; the latter is empty without
	modelled         [2]bool   // whether each has one
	header, prefix   string    // of the key
	headers          []adapters.Header

	request *node
	used    uses
	talk    conversation
	whole   fields // of whole answers
	events  fields // of streams
	finish  []finishWord
	stream  streaming
	streams bool // the server can
	errors  errorPaths
}

var (
	_ adapters.Adapter    = (*adapter)(nil)
	_ adapters.Translator = (*adapter)(nil)
	_ adapters.Framer     = (*adapter)(nil)
)

const bearer = "Bearer "

func options(o *strict.Object) (adapters.Adapter, error) {
	a := &adapter{}
	o.Require("path", "request", "response")
	a.path, a.modelled[0] = readPath(o, "path", "Path of requests, with {model} where the model's name belongs. Headers and paths are no place for secrets.")
	a.streamPath, a.modelled[1] = readPath(o, "stream_path", "Path of requests for streams, where it is another.")
	if !o.Has("stream_path") {
		a.streamPath, a.modelled[1] = a.path, a.modelled[0]
	}
	a.header = strings.ToLower(o.Str("key_header", "Header that has the key.", "authorization"))
	a.prefix = o.Str("key_prefix", `What stands before the key; empty, it is "Bearer " in authorization and nothing elsewhere.`, "")
	if a.prefix == "" && a.header == "authorization" && !o.Has("key_prefix") {
		a.prefix = bearer
	}
	if !isHeader(a.header) || !printable(a.prefix) {
		o.Fail("key_header", noHeader)
	}
	for _, h := range o.Pairs("headers", "Further headers of every request.") {
		name := strings.ToLower(h.Key)
		if !isHeader(name) || !printable(h.Value) {
			o.Fail("headers", strict.Quote(h.Key)+": "+noHeader)
		}
		a.headers = append(a.headers, adapters.Header{Name: name, Value: h.Value})
	}
	a.request, a.used = template(o, "request", "Template of requests: JSON in which {{messages}}, {{prompt}}, {{model}}, {{max_tokens}}, {{temperature}} and more stand for what a client asked; {{max_tokens|1024}} says what holds otherwise. A member whose value was not asked for is left out.", inRequest)
	o.Section("messages", "How conversations are written.", a.talk.read)
	o.Section("prompt", "How {{prompt}} is written, message by message.", a.talk.readPrompt)
	a.talk.system = a.used.has(nSystem)
	a.complete(o)
	o.Section("response", "Where in an answer is what. A path is such as choices[0].text, usage.tokens, items[-1] (the last), items[*].text (all), items[type=text].text (those of which it holds) or a|b (the first that is there).", func(o *strict.Object) {
		a.whole.read(o, &fields{}, false)
		a.finish = readFinish(o)
	})
	o.Section("stream", "How streams are read. Paths that are left out are those of response; one that is empty is none.", func(o *strict.Object) {
		a.stream.read(o)
		a.events.read(o, &a.whole, true)
		a.stream.check(o, &a.events)
	})
	a.streams = a.stream.framing != noFraming
	o.Section("error", "How errors are read, also in good answers and streams.", a.errors.read)
	return a, nil
}

// complete checks that the template of requests has a place for what is asked.
func (a *adapter) complete(o *strict.Object) {
	if a.request == nil {
		return
	}
	u := a.used
	switch {
	case !u.has(nMessages) && !u.has(nPrompt) && !u.has(nLast):
		o.Fail("request", "want {{messages}}, {{prompt}} or {{last}} in it, or nobody is asked anything")
	case u.has(nHistory) && !u.has(nLast):
		o.Fail("request", "want {{last}} beside {{history}}")
	case (u.has(nMessages) || u.has(nHistory)) && a.talk.message == nil:
		o.Fail("messages", "want a message, of which {{messages}} and {{history}} are made")
	case u.has(nTools) && a.talk.tool == nil:
		o.Fail("messages", "want a tool, of which {{tools}} is made")
	}
}

// modelMark stands for the model in a path.
const modelMark = "{model}"

func readPath(o *strict.Object, key, doc string) (parts [2]string, model bool) {
	s := o.Str(key, doc, "")
	parts[0], parts[1], model = strings.Cut(s, modelMark)
	if s != "" && s[0] != '/' || !printable(s) || strings.ContainsAny(s, "# ") || strings.ContainsAny(parts[0]+parts[1], "{}") {
		o.Fail(key, "want a path that begins with a slash, with {model} once at most")
	}
	return parts, model
}

const noHeader = "want the name of a header that is not the proxy's own, and printable characters"

// isHeader reports whether a header may be set by a configuration.
func isHeader(name string) bool {
	for i := range len(name) {
		if c := name[i]; c-'a' > 25 && c-'0' > 9 && c != '-' && c != '_' {
			return false
		}
	}
	for _, reserved := range [...]string{"", "host", "connection", "content-length", "content-type", "transfer-encoding", "te", "upgrade", "accept-encoding"} {
		if name == reserved {
			return false
		}
	}
	return !strings.HasPrefix(name, "x-postern-")
}

func printable(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// Native is false for all: every request is translated.
func (a *adapter) Native(adapters.Call) (string, bool) { return "", false }

func (a *adapter) Credential(key secret.String) []adapters.Header {
	return []adapters.Header{{Name: a.header, Value: a.prefix + key.Reveal()}}
}

func (a *adapter) Defaults() []adapters.Header { return a.headers }

func (a *adapter) AskUsage(adapters.Operation) *adapters.Ask { return nil }

// Watch is nil: only native answers are watched, and there are none.
func (a *adapter) Watch(adapters.Operation) adapters.Watch { return nil }

// ChatPath names the model as one segment of the path.
func (a *adapter) ChatPath(model string, stream bool) string {
	parts, modelled := a.path, a.modelled[0]
	if stream && a.streams {
		parts, modelled = a.streamPath, a.modelled[1]
	}
	if !modelled {
		return parts[0]
	}
	path := []byte(parts[0])
	for i := range len(model) {
		if model == "." || model == ".." { // or the segment would not stay one
			path = append(path, "%2E"...)
			continue
		}
		path = sigv4.AppendEncoded(path, model[i])
	}
	return string(append(path, parts[1]...))
}
