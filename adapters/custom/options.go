package custom

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/openai"
	"github.com/postern-gateway/postern/adapters/strict"
)

const bearer = "Bearer "

func options(o *strict.Object) (adapters.Adapter, error) {
	a := &adapter{}
	o.Require("path", "request", "response")
	a.paths[0] = readPath(o, "path", "Path of requests, with {model} where the model's name belongs. Secrets belong in keys alone.")
	if a.paths[1] = readPath(o, "stream_path", "Path of requests for streams, where it is another."); a.paths[1] == "" {
		a.paths[1] = a.paths[0]
	}
	a.header = o.Str("key_header", "Header that has the key, in lower case.", "authorization")
	a.prefix = o.Str("key_prefix", "What stands before the key, if that is not \"Bearer \" in authorization and nothing elsewhere.", "")
	if a.header == "authorization" && !o.Has("key_prefix") {
		a.prefix = bearer
	}
	checkHeader(o, "key_header", a.header, a.prefix)
	for _, h := range o.Pairs("headers", "Further headers of every request, in lower case.") {
		checkHeader(o, "headers", h.Key, h.Value)
		a.headers = append(a.headers, adapters.Header{Name: h.Key, Value: h.Value})
	}
	a.readTemplates(o)
	o.Section("response", "Where in an answer is what. A path is such as choices[0].text, items[-1] (the last), items[*].text (all), items[type=text].text (of those of which it holds) or a.b|c (the first that is there).", func(o *strict.Object) {
		a.whole.read(o, &fields{})
		o.Require("text")
		a.readFinishes(o)
	})
	o.Section("stream", "How streams are read. Paths that are left out are those of response; one that is empty is none.", func(o *strict.Object) {
		a.stream.read(o)
		a.events.read(o, &a.whole)
		a.stream.check(o, a.events[atFinish])
	})
	if a.streams = a.stream.framing != noFraming; !a.streams {
		a.events, a.stream.cumulative = a.whole, false
	}
	o.Section("error", "How errors are read, also in good answers and in streams.", a.errors.read)
	return a, nil
}

func (a *adapter) readTemplates(o *strict.Object) {
	c, t := compiler{o: o}, compiler{o: o}
	c.extra = o.Strings("extra_names", "Members of clients' own requests in OpenAI's API that are no names otherwise, such as repetition_penalty.")
	a.request = c.template("request", "Template of requests: JSON in which {{messages}}, {{prompt}}, {{max_tokens}} and more stand for what a client asked; {{max_tokens|1024}} says what holds otherwise. A member whose value was not asked for is left out.", inRequest)
	a.tool = t.template("tool", "Template of an element of {{tools}}; none: as OpenAI has it.", inTool)
	a.system, a.history = c.uses("system"), c.uses("history")
	list := c.uses("messages") || a.history
	a.plain, a.calls, a.results = list, list, list
	lacks := lackJSON | lackSchema | lackStrict | lackNames | lackNull
	if a.tool == nil {
		lacks &^= lackStrict
	}
	o.Object("messages", "Templates of the elements of {{messages}} and {{history}}; none: as OpenAI has them. A role without one is refused.", func(o *strict.Object) {
		lacks &^= a.readMessages(o)
		a.calls, a.results = a.calls && list, a.results && list
	})
	if a.plain {
		lacks &^= lackNames | lackNull
	}
	a.media = a.plain && !c.uses("last") && !c.uses("prompt")
	a.readPrompt(o)
	if a.request != nil && a.request.kind != object {
		o.Fail("request", "want an object")
	}
	if a.request != nil && !list && !c.uses("prompt") && !c.uses("last") || a.history && !c.uses("last") {
		o.Fail("request", "want {{messages}}, {{prompt}} or {{last}} in it, and {{last}} beside {{history}}, or nobody is asked anything")
	}
	p := openai.Profile{Takes: "messages", Usage: openai.UsageAlways, Stops: mostStops, Marks: true}
	for _, n := range c.names {
		head := n[:nameEnd(n)]
		p.Takes += " " + head
		if head == "stop" && n != head {
			p.Stops = 1
		}
		switch {
		case n == "response_format":
			lacks &^= lackJSON | lackSchema
		case n == "response_format.type":
			lacks &^= lackJSON
		case strings.HasPrefix(n, "response_format.json_schema"):
			lacks &^= lackSchema
		}
	}
	for i, lack := range lackWords {
		if lacks&(1<<i) != 0 {
			p.Lacks += lack
		}
	}
	p.Also = p.Takes
	p.Tags = o.Bool("think_tags", "The model writes its thinking into its text, between <think> and </think>.", false)
	a.to = openai.New(p)
}

const mostStops = 1 << 20

// What a server may lack of OpenAI's requests, in package openai's words for it.
const (
	lackJSON = 1 << iota
	lackSchema
	lackNames
	lackNull
	lackStrict
)

var lackWords = [...]string{" json_object", " json_schema", " messages[].name", " messages[].content", " tools[].function.strict"}

// readMessages reads the templates of messages, and returns what they do not lack.
func (a *adapter) readMessages(o *strict.Object) (named int) {
	a.plain, a.calls = false, false
	c := compiler{o: o}
	for i, role := range roles {
		c.names = nil
		if a.message[i] = c.template(role, "Of role "+role+".", inMessage); a.message[i] != nil && !c.uses("content") {
			o.Fail(role, "want {{content}} in it")
		}
		a.calls = a.calls || c.uses("tool_calls")
		if c.uses("name") {
			named = lackNames
		}
	}
	a.call = c.template("tool_call", "Of an element of {{tool_calls}}; none: as OpenAI has it.", inCall)
	a.results = a.message[byTool] != nil
	return named
}

func (a *adapter) readPrompt(o *strict.Object) {
	o.Section("prompt", "How {{prompt}} is written: a text for each message, in which {{content}} is what it says.", func(o *strict.Object) {
		for i, key := range [countRoles]string{"system", "user", "assistant", "end"} {
			c := compiler{o: o, scope: inMessage}
			a.prompt[i] = c.str(o.Str(key, "Text of "+key+".", usualPrompt[i]), o.Value(key))
		}
	})
}

var usualPrompt = [countRoles]string{"{{content}}\n\n", "User: {{content}}\n", "Assistant: {{content}}\n", "Assistant:"}

func readPath(o *strict.Object, key, doc string) string {
	s := o.Str(key, doc, "")
	before, after, _ := strings.Cut(s, modelMark)
	if s != "" && s[0] != '/' || strings.ContainsAny(before+after, "#{} ") || !printable(s) {
		o.Fail(key, "want a path that begins with a slash, with {model} once at most")
	}
	return s
}

// checkHeader refuses headers that are not a configuration's to set.
func checkHeader(o *strict.Object, key, name, value string) {
	good := printable(value) && name != "" && !strings.HasPrefix(name, "x-postern-")
	for i := range len(name) {
		c := name[i]
		good = good && (c-'a' < 26 || c-'0' < 10 || c == '-' || c == '_')
	}
	for _, reserved := range strings.Fields("host connection content-length content-type transfer-encoding te upgrade accept-encoding") {
		good = good && name != reserved
	}
	if !good {
		o.Fail(key, strict.Quote(name)+": want the name of a header in lower case that is not the proxy's own, and printable characters")
	}
}

func printable(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' {
			return false
		}
	}
	return true
}
