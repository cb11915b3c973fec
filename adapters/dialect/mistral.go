package dialect

import (
	"github.com/postern-gateway/postern/adapters/dialect/openaichat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Mistral is the dialect of https://docs.mistral.ai/api as Mistral's SDKs speak it: its
// requests are nearly OpenAI's and have the same paths, but what the SDKs make of
// answers differs. No provider is native in it, so that all answers have that form.
func Mistral() *Dialect {
	d := OpenAI()
	d.Name = "mistral"
	d.Models = mistralModels
	d.Writer = openaichat.Writer{Chunks: true}
	return d
}

func mistralModels(dst []byte, names []string) []byte {
	dst = rawjson.Add(dst, `{"object":"list","data":[`)
	for i, n := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = rawjson.Add(dst, `{"id":`)
		dst = rawjson.AppendString(dst, n)
		dst = rawjson.Add(dst, `,"object":"model","created":0,"owned_by":"postern","type":"base","capabilities":{}}`)
	}
	return rawjson.Add(dst, `]}`)
}
