// Package bedrock speaks to Amazon Bedrock's Converse API, whoever made the model, and invokes
// those that make embeddings or rank.
//
// The format is that of
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and
// API_runtime_ConverseStream.html; what those pages leave open is in the service model
// that AWS's SDKs are made from (botocore's bedrock-runtime, 2023-09-30). Conversations,
// event streams and errors are translated. Claude models are asked as package anthropic
// asks them, with their parameters where this API has them.
//
// A key with a colon is an access key and signs each request; any other is a key of
// Bedrock's own (https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html) and
// goes along. Nothing is fetched: an image or a document is in the request, or in S3
// where the model can read it.
package bedrock

import (
	"errors"
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/eventstream"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/adapters/sigv4"
	"github.com/postern-gateway/postern/adapters/strict"
)

// Provider is Amazon Bedrock.
func Provider() adapters.Provider {
	return adapters.Provider{
		Name:     "bedrock",
		Doc:      "Amazon Bedrock: chat by Converse; embeddings of Titan, Nova and Cohere; rerankers.",
		Semantic: "aws.bedrock",
		Options:  options,
	}
}

func options(o *strict.Object) (adapters.Adapter, error) {
	a := &adapter{region: o.Str("region", "AWS region, such as us-east-1: where the public host is, and what signatures are for.", "")}
	for _, c := range []byte(a.region) {
		if c-'a' > 25 && c-'0' > 9 && c != '-' {
			o.Fail("region", "want a region such as us-east-1")
			break
		}
	}
	o.Object("guardrail", "A guardrail that every request passes.", func(o *strict.Object) {
		a.guardrail = rawjson.AppendEscaped(nil, o.Str("id", "Its id or ARN.", ""))
		a.version = rawjson.AppendEscaped(nil, o.Str("version", "Its version, a number or DRAFT.", "DRAFT"))
		o.Require("id")
	})
	return a, nil
}

type adapter struct {
	region             string
	guardrail, version []byte // as they stand in requests; nil for no guardrail
}

var (
	_ adapters.Adapter    = (*adapter)(nil)
	_ adapters.Translator = (*adapter)(nil)
	_ adapters.Prefiller  = (*adapter)(nil)
	_ adapters.Framer     = (*adapter)(nil)
	_ adapters.Signer     = (*adapter)(nil)
	_ adapters.Located    = (*adapter)(nil)
	_ adapters.Amender    = (*adapter)(nil)
)

// dialectName is that of the clients of this very API.
const dialectName = "bedrock"

// Native is true for clients of this API: a request is signed anew, not translated.
func (a *adapter) Native(c adapters.Call) (string, bool) {
	if c.Dialect != dialectName || c.Op != adapters.Chat {
		return "", false
	}
	return a.ChatPath(c.Model, c.Stream), true
}

// Amend has a request pass the configuration's guardrail, whatever it says itself.
func (a *adapter) Amend(_ adapters.Call, request rawjson.Value, patch *rawjson.Patch) ([]string, *chat.Error) {
	if a.guardrail != nil {
		b := builder{Builder: chat.NewBuilder([]byte(`{`), nil), a: a}
		b.guard()
		b.Raw(`}`)
		var doc rawjson.Doc
		if doc.Parse(b.Dst) == nil {
			patch.SetField(request, "guardrailConfig", doc.Root().Get("guardrailConfig").Raw())
		}
	}
	return nil, nil
}

// Credential is a key of Bedrock's own; an access key has none.
func (a *adapter) Credential(key secret.String) []adapters.Header {
	if strings.Contains(key.Reveal(), ":") {
		return nil
	}
	return []adapters.Header{{Name: "authorization", Value: "Bearer " + key.Reveal()}}
}

var (
	errNoRegion = errors.New("an access key signs for a region: options.region is missing")
	errKey      = errors.New("want an access key's id, its secret and perhaps a session token, joined by colons")
)

// Sign signs a request with an access key.
func (a *adapter) Sign(key secret.String, r *adapters.Outgoing, now int64) ([]adapters.Header, error) {
	if a.region == "" {
		return nil, errNoRegion
	}
	var k sigv4.Key
	var ok bool
	if k.ID, k.Secret, ok = strings.Cut(key.Reveal(), ":"); !ok {
		return nil, errKey
	}
	k.Secret, k.Token, ok = strings.Cut(k.Secret, ":")
	if k.ID == "" || k.Secret == "" || ok && k.Token == "" || strings.Contains(k.Token, ":") {
		return nil, errKey
	}
	return sigv4.Sign(k, sigv4.Scope{Region: a.region, Service: "bedrock"}, r, now), nil
}

// Host is the public endpoint of the region
// (https://docs.aws.amazon.com/general/latest/gr/bedrock.html).
func (a *adapter) Host() string {
	switch {
	case a.region == "":
		return ""
	case strings.HasPrefix(a.region, "cn-"):
		return "bedrock-runtime." + a.region + ".amazonaws.com.cn"
	}
	return "bedrock-runtime." + a.region + ".amazonaws.com"
}

func (a *adapter) Defaults() []adapters.Header { return nil }

func (a *adapter) AskUsage(adapters.Operation) *adapters.Ask { return nil }

// Watch reads answers to clients of this API.
func (a *adapter) Watch(adapters.Operation) adapters.Watch { return newWatch() }

func (a *adapter) StreamType() string { return eventstream.ContentType }

func (a *adapter) NewFrames() adapters.Frames { return &eventstream.Decoder{} }

// ChatPath names the model, whose id may have colons and, if it is an ARN, slashes.
func (a *adapter) ChatPath(model string, stream bool) string {
	if stream {
		return modelPath(model, "/converse-stream")
	}
	return modelPath(model, "/converse")
}

// modelPath is where a model does something.
func modelPath(model, what string) string {
	path := sigv4.AppendSegment(append(make([]byte, 0, 128), "/model/"...), model)
	return string(append(path, what...))
}
