package gateway

import (
	"strconv"
	"strings"
	"time"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/plugin/internal/identity"
)

// What the gateway itself refuses, in one place so that it speaks with one voice. What is
// said in many places is not inlined there, since the module's size counts.

//go:noinline
func invalid(code, param, message string) *chat.Error {
	return &chat.Error{Status: 400, Kind: chat.InvalidRequest, Code: code, Param: param, Message: message}
}

func unprovenHost() *chat.Error {
	return &chat.Error{Status: 500, Kind: chat.Internal, Code: "host_misconfigured", Message: "the request's body did not arrive within 2 seconds of its headers; " +
		"if this happens to every request, the proxy's Wasm filter lacks allow_on_headers_stop_iteration: true (Envoy 1.36 or later)"}
}

func needsBody() *chat.Error {
	return &chat.Error{Status: 404, Kind: chat.NotFound, Code: "path_needs_body", Message: "this proxy routes by path alone (hold_headers: never); use the path of a provider, such as /openai/v1/chat/completions"}
}

func cannotSign(provider string) *chat.Error {
	return &chat.Error{Status: 500, Kind: chat.Internal, Code: "host_misconfigured", Message: "requests to " + provider + " are signed with their bodies, which this proxy has not shown it can hold; " +
		"its Wasm filter needs allow_on_headers_stop_iteration: true (Envoy 1.36 or later) and the configuration hold_headers: always"}
}

//go:noinline
func bodyTimeout(after time.Duration) *chat.Error {
	return &chat.Error{Status: 408, Kind: chat.Timeout, Code: "request_timeout", Message: "the request's body was not complete after " + after.String()}
}

//go:noinline
func tooLarge(limit int) *chat.Error {
	return &chat.Error{Status: 413, Kind: chat.TooLarge, Code: "request_too_large", Message: "the request's body is larger than " + strconv.Itoa(limit) + " bytes"}
}

//go:noinline
func full() *chat.Error {
	return &chat.Error{Status: 503, Kind: chat.Overloaded, Code: "overloaded", RetryAfter: 1, Message: "the gateway holds as many bytes of requests and answers as it may; try again in a second"}
}

//go:noinline
func wrongMethod(want string) *chat.Error {
	if first, second, two := strings.Cut(want, " "); two {
		want = first + " and " + second
	}
	return &chat.Error{Status: 405, Kind: chat.InvalidRequest, Code: "method_not_allowed", Message: "this path takes " + want + " requests"}
}

//go:noinline
func wrongContentType(got string, form bool) *chat.Error {
	want := "application/json"
	if got == "" {
		got = "none"
	}
	if form {
		want = "multipart/form-data or " + want
	}
	return &chat.Error{Status: 415, Kind: chat.InvalidRequest, Code: "unsupported_media_type", Message: "content-type: want " + want + ", got " + brief(got)}
}

func noModel() *chat.Error {
	return invalid("missing_required_parameter", "model", "missing required parameter: 'model'")
}

//go:noinline
func forbidden(code, param, message string) *chat.Error {
	return &chat.Error{Status: 403, Kind: chat.PermissionDenied, Code: code, Param: param, Message: message}
}

func notStored() *chat.Error {
	return forbidden("operation_not_allowed", "", "this API key may use certain models only, or so many tokens; what files and batches ask for cannot be seen, so they are not for it")
}

func notApart(provider string) *chat.Error {
	return forbidden("operation_not_allowed", "", "files and batches at "+provider+" are not kept apart by tenant; they need a provider of the tenant's own")
}

func notRead() *chat.Error {
	return forbidden("operation_not_allowed", "", "guards cannot read this, so it does not pass: of files they read JSON lines and plain texts")
}

func strangeCaller(what, name string) *chat.Error {
	return forbidden("unknown_"+what, "", "the "+what+" '"+brief(name)+"' of this caller is not known here")
}

func tooManyToAnswer(most int64) *chat.Error {
	return forbidden("max_tokens_not_allowed", "max_tokens", "this API key may have answers of "+strconv.FormatInt(most, 10)+" tokens at most; the request has to say so, as this proxy cannot change it")
}

func unknownProvider(name string) *chat.Error {
	return &chat.Error{Status: 404, Kind: chat.NotFound, Code: "provider_not_found", Message: "the provider '" + brief(name) + "' does not exist here"}
}

func wrongEncoding(got string) *chat.Error {
	return &chat.Error{Status: 415, Kind: chat.InvalidRequest, Code: "unsupported_content_encoding", Message: "content-encoding: want identity or gzip, got " + brief(got)}
}

// noKey is for who presents nothing; keys says that a key or a token is what would do.
func noKey(keys bool) *chat.Error {
	message := "nothing in the request says who calls"
	if keys {
		message = "no API key was given; send it as Authorization: Bearer KEY, x-api-key or x-goog-api-key"
	}
	return &chat.Error{Status: 401, Kind: chat.Unauthenticated, Code: identity.Missing, Message: message}
}

func noOwnKey(provider string) *chat.Error {
	return &chat.Error{Status: 401, Kind: chat.Unauthenticated, Code: "missing_provider_key", Message: "the provider '" + provider + "' takes the client's own key: " +
		"send it where the provider's clients do, and the one for the gateway as cf-aig-authorization: Bearer KEY"}
}

func unknownKey() *chat.Error {
	return &chat.Error{Status: 401, Kind: chat.Unauthenticated, Code: "invalid_api_key", Message: "the API key is not known here"}
}

//go:noinline
func mayNot(model string) *chat.Error {
	return forbidden("model_not_allowed", "model", "this API key may not use the model '"+brief(model)+"'")
}

func unknownModel(model, hint string) *chat.Error {
	return &chat.Error{Status: 404, Kind: chat.NotFound, Code: "model_not_found", Param: "model",
		Message: "the model '" + brief(model) + "' does not exist here" + hint}
}

//go:noinline
func notOffered(model, provider, operation, dialect string) *chat.Error {
	return &chat.Error{Status: 400, Kind: chat.InvalidRequest, Code: "operation_not_supported", Param: "model",
		Message: "the model '" + brief(model) + "' is served by " + provider + ", which does not offer " + operation + " to " + dialect + " clients"}
}

//go:noinline
func tooManyTokens(model string, most, input, output int64) *chat.Error {
	message := "the model '" + brief(model) + "' takes " + strconv.FormatInt(most, 10) + " tokens; the request has about " + strconv.FormatInt(input, 10)
	if output > 0 {
		message += " and asks for up to " + strconv.FormatInt(output, 10) + " more"
	}
	return invalid("context_length_exceeded", "messages", message)
}

//go:noinline
func tooMuchOutput(model string, most, output int64) *chat.Error {
	return invalid("max_tokens_too_large", "max_tokens",
		"the model '"+brief(model)+"' answers with at most "+strconv.FormatInt(most, 10)+" tokens, got "+strconv.FormatInt(output, 10))
}

//go:noinline
func cannotRead(model, form, path string) *chat.Error {
	return invalid("unsupported_modality", path, "the model '"+brief(model)+"' does not read "+form)
}

func unreadableAnswer(encoding string) *chat.Error {
	return &chat.Error{Status: 502, Kind: chat.Internal, Code: "guard_cannot_read", Message: "the provider's answer is encoded as " + brief(encoding) + ", which guards cannot read"}
}

// brief keeps what a client wrote short and printable in a message.
func brief(s string) string {
	const most = 80
	if len(s) <= most && printable(s) {
		return s
	}
	if len(s) > most {
		s = s[:most] + "..."
	}
	return strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, s), "?")
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}
