package mistral

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// mostMessage bounds what is told of what the API says.
const mostMessage = 1000

// ReadError reads an error. What is wrong with a request comes as a list of details, in
// the body itself or in the place of its message; anything else has a message, as in
// OpenAI's format.
func (a *adapter) ReadError(status int, body []byte) *chat.Error {
	e := a.Adapter.ReadError(status, body)
	doc := rawjson.Doc{LoneSurrogates: true}
	if doc.Parse(body) != nil {
		return e
	}
	list := doc.Root().Get("detail")
	if list.Kind() != rawjson.Array {
		list = doc.Root().Find("message", "detail")
	}
	first := list.At(0)
	said := first.Get("msg").Str()
	if said == "" || len(said) > mostMessage {
		return e
	}
	e.Message = said
	if loc := first.Get("loc"); loc.Len() > 1 {
		// Behind "body" stands the member; what is deeper has names of types in between.
		if name := loc.At(1).Str(); name != "" && len(name) <= 64 {
			e.Message = name + ": " + said
			if loc.Len() == 2 {
				e.Param = name
			}
		}
	}
	return e
}
