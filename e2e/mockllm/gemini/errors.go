package gemini

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/ordered"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

const rpc = "type.googleapis.com/google.rpc."

// ErrorBody is a google.rpc.Status in JSON, in a list where a stream was asked for
// without alt=sse. Type is its status, Code the reason of an ErrorInfo.
func (a *api) ErrorBody(x *provider.Exchange, f provider.Failure) any {
	body := errorObject(f)
	if strings.HasSuffix(x.R.URL.Path, ":streamGenerateContent") && x.R.URL.Query().Get("alt") != "sse" {
		return []any{body}
	}
	return body
}

func errorObject(f provider.Failure) any {
	var details []any
	if f.Type == "invalid_request_error" { // in the words that all mocks share
		f.Type = "INVALID_ARGUMENT"
	}
	if f.Code != "" {
		details = append(details, ordered.Of("@type", rpc+"ErrorInfo", "reason", f.Code, "domain", "googleapis.com",
			"metadata", map[string]string{"service": "generativelanguage.googleapis.com"}))
	}
	if f.Param != "" {
		details = append(details, ordered.Of("@type", rpc+"BadRequest", "fieldViolations",
			[]any{ordered.Of("field", f.Param, "description", f.Message)}))
	}
	if f.Retry != "" {
		details = append(details, ordered.Of("@type", rpc+"RetryInfo", "retryDelay", f.Retry+"s"))
	}
	e := ordered.Of("code", f.Status, "message", f.Message, "status", f.Type)
	if details != nil {
		e = e.With("details", details)
	}
	return ordered.Of("error", e)
}

// Usual follows https://ai.google.dev/gemini-api/docs/troubleshooting. A bad key is a 400.
func (a *api) Usual(status int) provider.Failure {
	f := provider.Failure{Status: status, Type: "INVALID_ARGUMENT", Message: "Request contains an invalid argument."}
	switch status {
	case http.StatusUnauthorized:
		f.Status, f.Code, f.Message = http.StatusBadRequest, "API_KEY_INVALID", "API key not valid. Please pass a valid API key."
	case http.StatusForbidden:
		f.Type, f.Message = "PERMISSION_DENIED", "The caller does not have permission"
	case http.StatusNotFound:
		f.Type, f.Message = "NOT_FOUND", "Requested entity was not found."
	case http.StatusRequestEntityTooLarge:
		f.Message = "Request payload size exceeds the limit: 104857600 bytes."
	case http.StatusTooManyRequests:
		f.Type, f.Message = "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan and billing details."
	case http.StatusServiceUnavailable:
		f.Type, f.Message = "UNAVAILABLE", "The model is overloaded. Please try again later."
	case http.StatusGatewayTimeout:
		f.Type, f.Message = "DEADLINE_EXCEEDED", "Deadline expired before operation could complete."
	default:
		if status >= 500 {
			f.Type, f.Message = "INTERNAL", "An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting"
		}
	}
	return f
}

func invalid(message string) *provider.Failure {
	return &provider.Failure{Status: http.StatusBadRequest, Type: "INVALID_ARGUMENT", Message: message}
}

// unknown refuses a field that the API does not have.
func unknown(name, at string) *provider.Failure {
	where := ""
	if at != "" {
		where = " at '" + at + "'"
	}
	f := invalid("Invalid JSON payload received. Unknown name \"" + name + "\"" + where + ": Cannot find field.")
	f.Param = at
	return f
}

// proto is the name of a JSON type in errors.
func proto(kind string) string {
	switch kind {
	case check.TString:
		return "TYPE_STRING"
	case check.TInteger:
		return "TYPE_INT32"
	case check.TNumber:
		return "TYPE_FLOAT"
	case check.TBool:
		return "TYPE_BOOL"
	default:
		return "TYPE_MESSAGE"
	}
}

// reword says a problem as the API does, which names fields as its protocol buffers do.
func reword(p *check.Problem) *provider.Failure {
	path := snake(p.Path.Bracketed())
	switch p.Kind {
	case check.Unknown:
		parent := snake(p.Path[:len(p.Path)-1].Bracketed())
		return unknown(p.Path[len(p.Path)-1].Key, parent)
	case check.Missing:
		return invalid("* GenerateContentRequest." + path + ": " + p.Path[len(p.Path)-1].Key + " is not specified\n")
	case check.TooShort:
		return invalid("* GenerateContentRequest." + path + ": must not be empty\n")
	case check.TooSmall, check.TooLarge, check.TooLong, check.Pattern:
		return invalid("* GenerateContentRequest." + path + ": out of supported range or form (" + p.Limit + ")\n")
	}
	got, err := json.Marshal(p.Got)
	if err != nil {
		got = []byte("?")
	}
	kind := proto(p.Want[0])
	if p.Kind == check.BadValue {
		kind = "TYPE_ENUM"
	}
	f := invalid("Invalid value at '" + path + "' (" + kind + "), " + string(got))
	f.Param = path
	return f
}

// snake turns generationConfig.topP into generation_config.top_p.
func snake(path string) string {
	var b strings.Builder
	for _, c := range path {
		if c >= 'A' && c <= 'Z' {
			b.WriteByte('_')
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}
