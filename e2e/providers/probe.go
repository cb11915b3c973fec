package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/embed"
	"github.com/postern-gateway/postern/adapters/rank"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// What can come of a probe.
const (
	yes      = "yes"
	refused  = "refused"  // before it is sent
	dropped  = "left out" // and reported
	partly   = "in part"  // something of it is, and what is not is reported
	none     = "–"        // there is no such thing
	notTried = "not tried"
)

// A feature is one column: what is asked, and what has to be in the answer.
type feature struct {
	name    string
	prompt  string
	members string // of the request, that the feature is
	beside  string // others that it needs, beside model, messages and stream
	media   string // a part beside the prompt
	carried string // the member that must not be dropped
	model   func(s setup) string
	want    func(h *heard) error
}

const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

// features are the columns that a conversation shows. That chat streams is the streamed
// half of the first.
func features() []feature {
	usual := func(s setup) string { return s.model }
	return []feature{
		{name: "chat", prompt: "Say hello", model: usual, want: said},
		{name: "tools", prompt: "call get", model: usual, want: called,
			members: `,"tools":[{"type":"function","function":{"name":"get","description":"Gets it","parameters":{"type":"object","properties":{"q":{"type":"string"}}}}}],"tool_choice":"auto"`, carried: "tools"},
		{name: "images", prompt: "What is this?", model: func(s setup) string { return or(s.sees, s.model) }, want: said,
			media: `,{"type":"image_url","image_url":{"url":"data:image/png;base64,` + pixel + `"}}`, carried: "messages[0]"},
		{name: "structured output", prompt: "Name a city", model: usual, want: structured, carried: "response_format",
			members: `,"response_format":{"type":"json_schema","json_schema":{"name":"city","strict":true,"schema":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}}}`},
		{name: "reasoning", prompt: "Think first", model: func(s setup) string { return or(s.thinks, s.model) }, want: said,
			beside: `,"max_completion_tokens":30000`, members: `,"reasoning_effort":"high"`, carried: "reasoning_effort"},
	}
}

func said(h *heard) error {
	if h.text == "" || h.finish != chat.FinishStop || !h.counted {
		return fmt.Errorf("got the text %q, finish %d, counted %v, want a text that ends with its usage", h.text, h.finish, h.counted)
	}
	return nil
}

func called(h *heard) error {
	if h.calls != 1 || h.finish != chat.FinishTools {
		return fmt.Errorf("got %d calls, finish %d, want one", h.calls, h.finish)
	}
	return nil
}

func structured(h *heard) error {
	var o struct{ City *string }
	if err := json.Unmarshal([]byte(h.text), &o); err != nil || o.City == nil {
		return fmt.Errorf("got %q (%v), want an object with a city", h.text, err)
	}
	return nil
}

// heard is what an answer says.
type heard struct {
	text    string
	calls   int
	finish  chat.Finish
	counted bool
}

// request is the feature in the words of OpenAI's clients.
func (f *feature) request(model string, stream bool) string {
	name, _ := json.Marshal(model)
	return fmt.Sprintf(`{"model":%s,"stream":%v,"messages":[{"role":"user","content":[{"type":"text","text":%q}%s]}]%s%s}`, name, stream, f.prompt, f.media, f.beside, f.members)
}

// try asks for the feature, whole or as a stream. An error says that the provider was
// asked for something that it did not take, or that its answer was not what it had to be.
func (f *feature) try(u *upstream, stream bool) (string, error) {
	t, ok := u.adapter.(adapters.Translator)
	if !ok || t.ChatPath(u.setup.model, false) == "" {
		return none, nil
	}
	model := f.model(u.setup)
	body, drops, err := f.translate(t, model, stream)
	if errors.Is(err, errRefused) {
		return refused, nil
	}
	if err != nil {
		return "", err
	}
	outcome := yes
	for _, d := range drops {
		if f.carried == "" || !strings.HasPrefix(d, f.carried) {
			continue
		}
		plain := *f
		plain.members, plain.media = "", ""
		without, _, err := plain.translate(t, model, stream)
		if err != nil || bytes.Equal(without, body) {
			return dropped, err
		}
		outcome = partly
	}
	status, answer, err := u.send("POST", t.ChatPath(model, stream), body)
	switch {
	case err != nil:
		return "", err
	case status != 200:
		return "", fmt.Errorf("the mock answers %d %s to %s", status, answer, body)
	}
	h := &heard{}
	if stream {
		err = h.stream(u.adapter, answer)
	} else {
		err = h.whole(t, answer)
	}
	if err == nil {
		err = f.want(h)
	}
	return outcome, err
}

var errRefused = errors.New("refused before it is sent")

// translate is what the provider gets, and what it does not.
func (f *feature) translate(t adapters.Translator, model string, stream bool) (body []byte, drops []string, err error) {
	var doc rawjson.Doc
	if err := doc.Parse([]byte(f.request(model, stream))); err != nil {
		return nil, nil, err
	}
	r := &chat.Request{}
	if e := dialect.OpenAI().Reader.ReadRequest(doc.Root(), r); e != nil {
		return nil, nil, errors.New(e.Message)
	}
	r.Model, r.Stream = model, stream
	body, e := t.AppendRequest(nil, r)
	if e != nil {
		return nil, nil, fmt.Errorf("%w: %s", errRefused, e.Message)
	}
	return body, r.Drops(), nil
}

func (h *heard) whole(t adapters.Translator, answer []byte) error {
	doc := rawjson.Doc{LoneSurrogates: true}
	if err := doc.Parse(answer); err != nil {
		return err
	}
	var out chat.Response
	if err := t.ReadResponse(doc.Root(), &out); err != nil {
		return err
	}
	if len(out.Choices) != 1 {
		return fmt.Errorf("got %d answers, want one", len(out.Choices))
	}
	c := out.Choices[0]
	h.finish, h.counted = c.Finish, out.Counted
	for _, p := range c.Parts {
		h.part(p.Kind, p.Text)
	}
	return nil
}

func (h *heard) part(kind chat.PartKind, text chat.Text) {
	switch kind {
	case chat.TextPart:
		var s string
		if json.Unmarshal(slices.Concat([]byte(`"`), text, []byte(`"`)), &s) == nil {
			h.text += s
		}
	case chat.ToolCallPart:
		h.calls++
	}
}

func (h *heard) stream(a adapters.Adapter, answer []byte) error {
	frames, d := framesOf(a), a.(adapters.Translator).NewDecoder()
	ended := false
	emit := func(e *chat.Event) {
		switch e.Kind {
		case chat.BlockStart:
			if e.Block == chat.ToolCallPart {
				h.calls++
			}
		case chat.TextDelta:
			if e.Block == chat.TextPart {
				h.part(chat.TextPart, e.Text)
			}
		case chat.FinishEvent:
			h.finish = e.Finish
			h.counted = h.counted || e.Counted
		case chat.End:
			ended = true
			h.counted = h.counted || e.Counted
		}
	}
	for {
		ev, n, ok, err := frames.Next(answer)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		answer = answer[n:]
		if !ev.Message {
			continue
		}
		if err := d.Event(ev.Type, ev.Data, emit); err != nil {
			return err
		}
	}
	if err := d.Close(emit); err != nil {
		return err
	}
	if !ended {
		return errors.New("got a stream without an end")
	}
	return nil
}

// embeddings tries them, as they pass or translated.
func (u *upstream) embeddings() (string, error) {
	path, native := u.adapter.Native(adapters.Call{Dialect: dialect.OpenAI().Name, Op: adapters.Embeddings, Model: u.setup.embeds})
	e, ok := u.adapter.(adapters.Embedder)
	if !native && (!ok || e.EmbedPath(or(u.setup.embeds, u.setup.model)) == "") {
		return none, nil
	}
	if u.setup.embeds == "" {
		return yes, nil // its cases have to show it
	}
	name, _ := json.Marshal(u.setup.embeds)
	body := []byte(fmt.Sprintf(`{"model":%s,"input":["a","b"]}`, name))
	var doc rawjson.Doc
	if err := doc.Parse(body); err != nil {
		return "", err
	}
	if native {
		return u.passes(path, &doc)
	}
	r := &embed.Request{}
	if e := dialect.OpenAI().Embeddings.ReadEmbed(doc.Root(), r); e != nil {
		return "", errors.New(e.Message)
	}
	r.Model = u.setup.embeds
	body, failure := e.AppendEmbed(nil, r)
	if failure != nil {
		return "", errors.New(failure.Message)
	}
	status, answer, err := u.send("POST", e.EmbedPath(r.Model), body)
	if err != nil || status != 200 {
		return "", fmt.Errorf("the mock answers %d %s to %s (%w)", status, answer, body, err)
	}
	var got rawjson.Doc
	if err := got.Parse(answer); err != nil {
		return "", err
	}
	return yes, e.ReadEmbedding(got.Root(), r.Wanted(), &embed.Response{})
}

// passes sends a request for embeddings that passes through.
func (u *upstream) passes(path string, request *rawjson.Doc) (string, error) {
	var patch rawjson.Patch
	if a, ok := u.adapter.(adapters.Amender); ok {
		if _, e := a.Amend(adapters.Call{Dialect: dialect.OpenAI().Name, Op: adapters.Embeddings, Model: u.setup.embeds}, request.Root(), &patch); e != nil {
			return "", errors.New(e.Message)
		}
	}
	body := patch.Apply(nil, request)
	status, answer, err := u.send("POST", path, body)
	if err != nil || status != 200 {
		return "", fmt.Errorf("the mock answers %d %s to %s (%w)", status, answer, body, err)
	}
	return yes, nil
}

// ranking asks for an order of texts; false if there are no rerankers whose requests are
// translated. A service that has no mock of its own for them has cases.
func (u *upstream) ranking() (bool, error) {
	a, ok := u.adapter.(adapters.Ranker)
	if !ok {
		return false, nil
	}
	f := a.RankForm(or(u.setup.ranks, u.setup.model))
	if f == nil || u.setup.ranks == "" {
		return f != nil, nil
	}
	r := rank.Request{Model: u.setup.ranks, Query: chat.Text("b"), Documents: []chat.Text{chat.Text("a"), chat.Text("b")}, Top: 1}
	body := r.Append(nil, f)
	status, answer, err := u.send("POST", f.Path, body)
	if err != nil || status != 200 {
		return false, fmt.Errorf("the mock answers %d %s to %s (%w)", status, answer, body, err)
	}
	var doc rawjson.Doc
	if err := doc.Parse(answer); err != nil {
		return false, err
	}
	var out rank.Response
	w := r.Wanted()
	if err := out.Read(doc.Root(), f, &w); err != nil {
		return false, err
	}
	if len(out.Results) != 1 || out.Results[0].Index != 1 {
		return false, fmt.Errorf("got %v of %s, want the second text first and alone", out.Results, answer)
	}
	return true, nil
}
