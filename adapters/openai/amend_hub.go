package openai

import "github.com/postern-gateway/postern/adapters/rawjson"

// ofHub makes a request of Hugging Face's SDK, which is in the form of its own servers
// (https://huggingface.co/docs/text-generation-inference/reference/api_reference), what
// OpenAI takes: a schema stands beside the type of the format, and messages that an
// answer had are sent back with members that are null.
func (m *amendment) ofHub() {
	for c := m.request.Cursor(); c.Next(); {
		switch v := c.Value; string(c.Key.Bytes()) {
		case "response_format":
			if schema := v.Get("value"); schema.Kind() == rawjson.Object {
				form := append([]byte(`{"type":"json_schema","json_schema":{"name":"response","schema":`), schema.Raw()...)
				m.patch.Replace(v, append(form, `}}`...))
			}
		case "messages":
			for e := v.Cursor(); e.Next(); {
				m.nulls(e.Value)
			}
		}
	}
}

// nulls leaves out what a message says nothing with, but for its content.
func (m *amendment) nulls(message rawjson.Value) {
	for c := message.Cursor(); c.Next(); {
		switch k := string(c.Key.Bytes()); {
		case k == "tool_calls":
			for e := c.Value.Cursor(); e.Next(); {
				if f := e.Value.Get("function"); f.Get("description").IsNull() {
					m.patch.DeleteField(f, "description")
				}
			}
		case (k == "reasoning" || k == "tool_call_id") && c.Value.IsNull():
			m.patch.DeleteField(message, k)
		}
	}
}
