package mistral

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/ordered"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// ErrorBody has one of the forms that the API's errors have: details where a request
// has not the right shape, a message alone from the proxy before the API, and else an
// object of its own.
func (a *api) ErrorBody(x *provider.Exchange, f provider.Failure) any {
	switch {
	case f.Status == http.StatusUnauthorized:
		return ordered.Of("detail", f.Message)
	case f.Status == http.StatusNotFound:
		return ordered.Of("message", f.Message, "request_id", x.RequestID())
	case f.Status == http.StatusUnprocessableEntity:
		loc := []any{}
		for _, s := range strings.Split(f.Param, ".") {
			if n, err := strconv.Atoi(s); err == nil {
				loc = append(loc, n)
				continue
			}
			loc = append(loc, s)
		}
		return ordered.Of("detail", []any{ordered.Of("type", f.Type, "loc", loc, "msg", f.Message)})
	}
	return object(f)
}

func object(f provider.Failure) any {
	var code any
	if f.Code != "" {
		code = f.Code
	}
	return ordered.Of("object", "error", "message", f.Message, "type", f.Type, "param", nil, "code", code, "raw_status_code", f.Status)
}

// Usual says what the API says with a failure status.
func (a *api) Usual(status int) provider.Failure {
	f := provider.Failure{Status: status, Type: "invalid_request_error", Message: http.StatusText(status)}
	switch status {
	case http.StatusUnauthorized:
		f.Message = "Unauthorized"
	case http.StatusNotFound:
		f.Message = "no Route matched with those values"
	case http.StatusTooManyRequests:
		f.Type, f.Code, f.Message = "rate_limited", "1300", "Rate limit exceeded"
	case http.StatusServiceUnavailable:
		f.Type, f.Code, f.Message = "unreachable_backend", "1100", "Service unavailable."
	default:
		if status >= 500 {
			f.Type, f.Code, f.Message = "internal_server_error", "1000", "Internal server error"
		}
	}
	return f
}

// bad is a request that has the right shape and is refused all the same.
func bad(kind, code, message string) *provider.Failure {
	return &provider.Failure{Status: http.StatusBadRequest, Type: kind, Code: code, Message: message}
}

func order(message string) *provider.Failure {
	return bad("invalid_request_message_order", "3230", message)
}

func args(message string) *provider.Failure {
	return bad("invalid_request_invalid_args", "3051", message)
}

// reword says a problem as pydantic does, whose words the API hands on.
func reword(p *check.Problem) *provider.Failure {
	f := provider.Failure{Status: http.StatusUnprocessableEntity, Param: strings.TrimSuffix("body."+p.Path.Dotted(), ".")}
	switch p.Kind {
	case check.Unknown:
		f.Type, f.Message = "extra_forbidden", "Extra inputs are not permitted"
	case check.Missing:
		f.Type, f.Message = "missing", "Field required"
	case check.Tag:
		f.Type, f.Message = "union_tag_invalid", "Input tag found using 'type' does not match any of the expected tags: "+strings.Join(p.Want, ", ")
	case check.BadValue:
		f.Type, f.Message = "literal_error", "Input should be "+strings.Join(p.Want, " or ")
	case check.Type:
		f.Type, f.Message = p.Want[0]+"_type", "Input should be a valid "+p.Want[0]
	default:
		f.Type, f.Message = "value_error", "Input should be within "+p.Limit
	}
	return &f
}
