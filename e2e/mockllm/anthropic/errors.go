package anthropic

import (
	"net/http"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

type errorBody struct {
	Type      string      `json:"type"`
	Error     errorObject `json:"error"`
	RequestID string      `json:"request_id"`
}

type errorObject struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

// ErrorBody is the form of all errors.
func (a *api) ErrorBody(x *provider.Exchange, f provider.Failure) any {
	return errorBody{"error", errorObject{f.Type, f.Message}, x.RequestID()}
}

// statusOverloaded is Anthropic's own.
const statusOverloaded = 529

// Usual follows https://platform.claude.com/docs/en/api/errors.
func (a *api) Usual(status int) provider.Failure {
	f := provider.Failure{Status: status, Type: "invalid_request_error", Message: "There was an issue with the format or content of your request."}
	switch status {
	case http.StatusUnauthorized:
		f.Type, f.Message = "authentication_error", "invalid x-api-key"
	case http.StatusPaymentRequired:
		f.Type, f.Message = "billing_error", "Your credit balance is too low to access the Anthropic API."
	case http.StatusForbidden:
		f.Type, f.Message = "permission_error", "Your API key does not have permission to use the specified resource."
	case http.StatusNotFound:
		f.Type, f.Message = "not_found_error", "Not Found"
	case http.StatusRequestEntityTooLarge:
		f.Type, f.Message = "request_too_large", "Request exceeds the maximum size"
	case http.StatusTooManyRequests:
		f.Type, f.Message = "rate_limit_error", "This request would exceed your organization's rate limit."
	case http.StatusGatewayTimeout:
		f.Type, f.Message = "timeout_error", "Request timed out."
	case statusOverloaded:
		f.Type, f.Message = "overloaded_error", "Overloaded"
	default:
		if status >= 500 {
			f.Type, f.Message = "api_error", "Internal server error"
		}
	}
	return f
}

func invalid(message string) *provider.Failure {
	return &provider.Failure{Status: http.StatusBadRequest, Type: "invalid_request_error", Message: message}
}

// reword says a problem as the API does, whose checks are pydantic's.
func reword(p *check.Problem) *provider.Failure {
	path := p.Path.Dotted()
	switch p.Kind {
	case check.Unknown:
		return invalid(path + ": Extra inputs are not permitted")
	case check.Missing:
		return invalid(path + ": Field required")
	case check.Type:
		return invalid(path + ": Input should be a valid " + valid(p.Want))
	case check.BadValue:
		return invalid(path + ": Input should be " + either(p.Want))
	case check.Tag:
		parent := p.Path[:len(p.Path)-1].Dotted()
		return invalid(parent + ": Input tag '" + text(p.Got) + "' found using '" + p.Path[len(p.Path)-1].Key + "' does not match any of the expected tags: '" + strings.Join(p.Want, "', '") + "'")
	case check.TooSmall:
		return invalid(path + ": Input should be greater than or equal to " + p.Limit)
	case check.TooLarge:
		return invalid(path + ": Input should be less than or equal to " + p.Limit)
	case check.TooShort:
		return invalid(path + ": " + thing(p) + " should have at least " + p.Limit + " " + unit(p))
	case check.TooLong:
		return invalid(path + ": " + thing(p) + " should have at most " + p.Limit + " " + unit(p))
	default:
		return invalid(path + ": String should match pattern '" + p.Limit + "'")
	}
}

// valid names a type as pydantic does; of several it names the last, as the API reports the last of a union.
func valid(want []string) string {
	switch t := want[len(want)-1]; t {
	case check.TArray:
		return "list"
	case check.TObject:
		return "dictionary"
	default:
		return t
	}
}

// either lists 'a', 'b' or 'c'.
func either(values []string) string {
	n := len(values)
	if n == 1 {
		return "'" + values[0] + "'"
	}
	return "'" + strings.Join(values[:n-1], "', '") + "' or '" + values[n-1] + "'"
}

func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return check.TypeOf(v)
}

func thing(p *check.Problem) string {
	if p.Want[0] == check.TArray {
		return "List"
	}
	return "String"
}

func unit(p *check.Problem) string {
	switch {
	case p.Want[0] == check.TArray && p.Limit == "1":
		return "item after validation, not 0"
	case p.Want[0] == check.TArray:
		return "items after validation"
	case p.Limit == "1":
		return "character"
	default:
		return "characters"
	}
}
