// Package custom speaks to a model server whose API nobody but its owner knows, by what
// the configuration says of it.
//
// A request is a JSON template in which names between braces stand for what the client
// asked, as OpenAI's API would have it: package openai writes that, refuses and drops, and
// marks where is what, so that no more of it is read than a path leads into. Whole answers,
// events of streams and errors are read by paths; package openai takes what they say, for it
// knows how calls come in pieces. Templates and paths are compiled once, strictly: a request
// runs no expressions. What a template has no
// place for is refused if the answer would be another, and reported as dropped if not.
//
// It is no language: there are no conditions, loops or functions. A server of OpenAI's or
// Anthropic's own format is better served by the types compatible and anthropic, which
// pass on what nobody here knows. Keys go into a header, never into a path, where every
// proxy on the way would log them.
package custom

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/openai"
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
	paths          [2]string // of requests, and of those for streams
	header, prefix string    // of the key
	headers        []adapters.Header

	to       *openai.Adapter // whose form requests come from and answers go into
	request  *node
	message  [countRoles]*node // by who speaks; nil where such messages have no place
	prompt   [countRoles]*node // likewise, but for the last, which ends a prompt
	call     *node
	tool     *node // nil: as OpenAI has it
	plain    bool  // messages are as OpenAI has them
	media    bool  // and all that is in them gets there
	calls    bool  // messages have a place for calls
	results  bool  // and for their results
	system   bool  // the system's messages stand apart
	history  bool  // so do all but the last
	whole    fields
	events   fields // of streams
	finishes []strict.Pair
	stream   streaming
	streams  bool // the server can
	errors   errorPaths
}

var (
	_ adapters.Adapter    = (*adapter)(nil)
	_ adapters.Translator = (*adapter)(nil)
	_ adapters.Framer     = (*adapter)(nil)
)

// Native is false for all: every request is translated.
func (a *adapter) Native(adapters.Call) (string, bool) { return "", false }

func (a *adapter) Credential(key secret.String) []adapters.Header {
	return []adapters.Header{{Name: a.header, Value: a.prefix + key.Reveal()}}
}

func (a *adapter) Defaults() []adapters.Header { return a.headers }

func (a *adapter) AskUsage(adapters.Operation) *adapters.Ask { return nil }

// Watch is nil: only native answers are watched, and there are none.
func (a *adapter) Watch(adapters.Operation) adapters.Watch { return nil }

// modelMark stands for the model in a path.
const modelMark = "{model}"

// ChatPath names the model as one segment of the path.
func (a *adapter) ChatPath(model string, stream bool) string {
	path := a.paths[0]
	if stream && a.streams {
		path = a.paths[1]
	}
	before, after, ok := strings.Cut(path, modelMark)
	if !ok {
		return path
	}
	return string(append(sigv4.AppendSegment([]byte(before), model), after...))
}
