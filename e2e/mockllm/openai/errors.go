package openai

import (
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

const invalidRequest = "invalid_request_error"

type errorBody struct {
	Error errorObject `json:"error"`
}

type errorObject struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    *string `json:"code"`
}

func object(f provider.Failure) errorObject {
	o := errorObject{Message: f.Message, Type: f.Type}
	if f.Param != "" {
		o.Param = &f.Param
	}
	if f.Code != "" {
		o.Code = &f.Code
	}
	return o
}

// ErrorBody is the form of all errors.
func (a *api) ErrorBody(_ *provider.Exchange, f provider.Failure) any {
	if f.Type == "" {
		f.Type = invalidRequest
	}
	return errorBody{object(f)}
}

// Usual says what the API says with a failure status.
func (a *api) Usual(status int) provider.Failure { return usual(status) }

// usual follows https://platform.openai.com/docs/guides/error-codes.
func usual(status int) provider.Failure {
	f := provider.Failure{Status: status, Type: invalidRequest, Message: http.StatusText(status)}
	switch status {
	case http.StatusUnauthorized:
		f.Code, f.Message = "invalid_api_key", "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys."
	case http.StatusForbidden:
		f.Code, f.Message = "unsupported_country_region_territory", "Country, region, or territory not supported"
	case http.StatusNotFound:
		f.Code, f.Message = "model_not_found", "The model does not exist or you do not have access to it."
	case http.StatusRequestEntityTooLarge:
		f.Code, f.Message = "request_too_large", "The request body is too large."
	case http.StatusTooManyRequests:
		f.Type, f.Code, f.Message = "requests", "rate_limit_exceeded", "Rate limit reached for requests. Please try again later. Visit https://platform.openai.com/account/rate-limits to learn more."
	case http.StatusServiceUnavailable:
		f.Type, f.Code, f.Message = "server_error", "server_is_overloaded", "The engine is currently overloaded, please try again later"
	default:
		if status >= 500 {
			f.Type, f.Code, f.Message = "server_error", "server_error", "The server had an error while processing your request. Sorry about that!"
		}
	}
	return f
}

func bad(code, param, message string) *provider.Failure {
	return &provider.Failure{Status: http.StatusBadRequest, Type: invalidRequest, Code: code, Param: param, Message: message}
}

// reword says a problem as the API does.
func reword(p *check.Problem) *provider.Failure {
	path := p.Path.Bracketed()
	quoted := "'" + path + "'"
	switch p.Kind {
	case check.Unknown:
		return bad("unknown_parameter", path, "Unknown parameter: "+quoted+".")
	case check.Missing:
		return bad("missing_required_parameter", path, "Missing required parameter: "+quoted+".")
	case check.Type:
		return bad("invalid_type", path, "Invalid type for "+quoted+": expected "+oneOf(p.Want)+", but got "+article(check.TypeOf(p.Got))+" instead.")
	case check.BadValue, check.Tag:
		return bad("invalid_value", path, "Invalid value: '"+text(p.Got)+"'. Supported values are: "+values(p.Want)+".")
	case check.TooSmall:
		return bad(numeric(p)+"_below_min_value", path, "Invalid "+quoted+": "+numeric(p)+" below minimum value. Expected a value >= "+p.Limit+", but got "+text(p.Got)+" instead.")
	case check.TooLarge:
		return bad(numeric(p)+"_above_max_value", path, "Invalid "+quoted+": "+numeric(p)+" above maximum value. Expected a value <= "+p.Limit+", but got "+text(p.Got)+" instead.")
	case check.TooShort:
		if p.Want[0] == check.TArray {
			return bad("empty_array", path, "Invalid "+quoted+": empty array. Expected an array with minimum length "+p.Limit+", but got an empty array instead.")
		}
		return bad("empty_string", path, "Invalid "+quoted+": empty string. Expected a string with minimum length "+p.Limit+", but got an empty string instead.")
	case check.TooLong:
		return bad(p.Want[0]+"_above_max_length", path, "Invalid "+quoted+": "+p.Want[0]+" too long. Expected "+article(p.Want[0])+" with maximum length "+p.Limit+", but got "+article(p.Want[0])+" with length "+size(p.Got)+" instead.")
	default:
		return bad("invalid_value", path, "Invalid "+quoted+": string does not match pattern. Expected a string that matches the pattern '"+p.Limit+"'.")
	}
}

// rewordTop words unknown fields of the body in the way of the older endpoints.
func rewordTop(p *check.Problem) *provider.Failure {
	if p.Kind == check.Unknown && len(p.Path) == 1 {
		return bad("", "", "Unrecognized request argument supplied: "+p.Path.Bracketed())
	}
	if p.Kind == check.Missing && p.Path.Bracketed() == "model" {
		return bad("", "", "you must provide a model parameter")
	}
	return reword(p)
}

func numeric(p *check.Problem) string {
	if p.Want[0] == check.TInteger {
		return "integer"
	}
	return "decimal"
}

func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	if n, ok := v.(interface{ String() string }); ok {
		return n.String()
	}
	return check.TypeOf(v)
}

func size(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.Itoa(utf8.RuneCountInString(v))
	case []any:
		return strconv.Itoa(len(v))
	default:
		return "0"
	}
}

func article(t string) string {
	switch t {
	case check.TNull:
		return "null"
	case check.TNumber:
		return "a decimal"
	case check.TInteger, check.TArray, check.TObject:
		return "an " + t
	default:
		return "a " + t
	}
}

func oneOf(types []string) string {
	words := make([]string, len(types))
	for i, t := range types {
		words[i] = article(t)
	}
	if len(words) == 1 {
		return words[0]
	}
	return "one of " + strings.Join(words, " or ")
}

// values lists 'a', 'b', and 'c'.
func values(list []string) string {
	quoted := make([]string, len(list))
	for i, v := range list {
		quoted[i] = "'" + v + "'"
	}
	switch n := len(quoted); n {
	case 0, 1, 2:
		return strings.Join(quoted, " and ")
	default:
		return strings.Join(quoted[:n-1], ", ") + ", and " + quoted[n-1]
	}
}
