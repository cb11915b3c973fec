package cloudflare

import (
	"bytes"
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// AppendRequest appends a request in OpenAI's format, with what models of Workers AI do
// not take in another form.
func (a *adapter) AppendRequest(dst []byte, r *chat.Request) ([]byte, *chat.Error) {
	if a.run && strings.Contains(r.Model, "..") {
		return dst, &chat.Error{Status: 404, Kind: chat.NotFound, Code: "model_not_found", Param: "model", Message: "model: no model has such a name"}
	}
	only, e := a.choose(r)
	if e != nil {
		return dst, e
	}
	if !a.run && only == nil && plain(r) {
		return a.Adapter.AppendRequest(dst, r)
	}
	sent, e := a.Adapter.AppendRequest(nil, r)
	if e != nil {
		return dst, e
	}
	var doc rawjson.Doc
	if err := doc.Parse(sent); err != nil {
		return dst, &chat.Error{Status: 400, Kind: chat.InvalidRequest, Message: err.Error()} // of what a client has in an extra member
	}
	var patch rawjson.Patch
	request := doc.Root()
	if a.run {
		patch.DeleteField(request, "model")
		patch.DeleteField(request, "stream_options") // streams of this form have their usage unasked
	}
	for it := request.Get("messages").Items(); it.Next(); {
		m := it.Value
		content(m, &patch)
	}
	if only != nil {
		tools := request.Get("tools")
		for it := tools.Items(); it.Next(); {
			i, t := it.Index, it.Value
			if !bytes.Equal(t.Find("function", "name").Raw(), only) {
				patch.DeleteElem(tools, i)
			}
		}
	}
	return patch.Apply(dst, &doc), nil
}

// plain reports whether there is nothing in a request that may have to be changed: the
// content of each message is one text, and no member is one that is not known.
func plain(r *chat.Request) bool {
	if len(r.Extra) > 0 {
		return false
	}
	for i := range r.Messages {
		if p := r.Messages[i].Parts; len(p) != 1 || p[0].Kind != chat.TextPart || p[0].CacheControl != nil {
			return false
		}
	}
	return true
}

// choose makes the choice of one tool that of any: only then is its name, as it is
// spelled in JSON, and the model sees no other.
func (a *adapter) choose(r *chat.Request) (only []byte, e *chat.Error) {
	if r.Choice.Kind != chat.ChoiceTool {
		return nil, nil
	}
	for i := range r.Tools {
		if bytes.Equal(r.Tools[i].Name, r.Choice.Name) {
			r.Choice.Kind = chat.ChoiceRequired
			return append(append([]byte{'"'}, r.Choice.Name...), '"'), nil
		}
	}
	return nil, &chat.Error{Status: 400, Kind: chat.InvalidRequest, Code: "unsupported_value", Param: "tool_choice",
		Message: "tool_choice: names a tool that is not among the tools"}
}

// content makes a message's content a string, if there is no more than text in it.
func content(m rawjson.Value, patch *rawjson.Patch) {
	c := m.Get("content")
	switch c.Kind() {
	case rawjson.Null:
		patch.Replace(c, []byte(`""`))
	case rawjson.Array:
		joined := []byte{'"'}
		for it := c.Items(); it.Next(); {
			i, p := it.Index, it.Value
			text := p.Get("text").Raw()
			if !p.Get("type").Is("text") || len(text) < 2 {
				return
			}
			if i > 0 {
				joined = put(joined, []byte(`\n\n`))
			}
			joined = put(joined, text[1:len(text)-1])
		}
		patch.Replace(c, put(joined, []byte{'"'}))
	}
}

// put is not inlined, for the module's size.
//
//go:noinline
func put(dst, p []byte) []byte { return append(dst, p...) }
