// Package bedrock is a mock of Amazon Bedrock's Converse and ConverseStream, as strict as
// the real one: signatures are checked, bodies by the service model that AWS's SDKs are
// made from, conversations by what the real API refuses, and streams are AWS's own event
// streams.
//
// Written from https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html,
// botocore's bedrock-runtime 2023-09-30, and from answers of the real API where users
// have reported them.
package bedrock

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/awssig"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/ordered"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// What the mock accepts: a key of Bedrock's own when its options name none, and access
// keys, with and without a session, for one region.
const (
	Key       = "ABSK-mock"
	AccessKey = "AKIAMOCK:mock-secret"
	Session   = "ASIAMOCK:mock-session-secret:mock-session-token"
	Region    = "us-east-1"
)

// maxBody is the documented limit of a request.
const maxBody = 25 << 20

// Provider describes the mock.
func Provider() provider.Provider {
	return provider.Provider{
		Name:        "bedrock",
		Hosts:       []string{"bedrock-runtime." + Region + ".amazonaws.com"},
		Key:         Key,
		Credentials: []string{"Authorization"},
		MaxBody:     maxBody,
		Signed:      func(credential string) bool { return strings.HasPrefix(credential, "AWS4-HMAC-SHA256 ") },
		New:         func(env *provider.Env) provider.API { return &api{env} },
	}
}

type api struct{ env *provider.Env }

var _ provider.API = (*api)(nil)

// Serve finds the operation by path: /model/ID/converse, where the id is encoded.
func (a *api) Serve(x *provider.Exchange) {
	if f := a.authorize(x); f != nil {
		x.Fail(*f)
		return
	}
	path, _, _ := strings.Cut(x.R.RequestURI, "?")
	id, ok := strings.CutPrefix(path, "/model/")
	id, operation, more := strings.Cut(id, "/")
	if name, err := url.PathUnescape(id); err == nil && operation == "invoke" && x.R.Method == http.MethodPost && !strings.Contains(id, ":") {
		a.invoke(x, name)
		return
	}
	if !ok || !more || x.R.Method != http.MethodPost || operation != "converse" && operation != "converse-stream" || strings.Contains(id, ":") {
		x.Fail(provider.Failure{Status: http.StatusNotFound, Type: "UnknownOperationException"}) // also for an id that is not encoded
		return
	}
	m, f := a.model(id)
	if f == nil {
		f = a.decode(x, check.Object(requestFields()...))
	}
	if f != nil {
		x.Fail(*f)
		return
	}
	a.converse(x, m, operation == "converse-stream")
}

// authorize checks a signature; keys are checked already.
func (a *api) authorize(x *provider.Exchange) *provider.Failure {
	credential := x.R.Header.Get("Authorization")
	switch {
	case credential == "":
		return &provider.Failure{Status: http.StatusForbidden, Type: "MissingAuthenticationTokenException", Message: "Missing Authentication Token"}
	case !a.env.Provider.Signed(credential):
		return nil
	}
	r := awssig.Request{Method: x.R.Method, URI: x.R.RequestURI, Host: x.R.Host, Header: x.R.Header, Body: x.Body}
	var err error
	for _, key := range []string{AccessKey, Session} {
		parts := append(strings.Split(key, ":"), "")
		k := awssig.Key{ID: parts[0], Secret: parts[1], Token: parts[2], Region: Region, Service: "bedrock"}
		if err = awssig.Check(r, k, a.env.Now()); !errors.Is(err, awssig.ErrKey) {
			break
		}
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, awssig.ErrKey):
		return &provider.Failure{Status: http.StatusForbidden, Type: "UnrecognizedClientException", Message: "The security token included in the request is invalid."}
	case errors.Is(err, awssig.ErrForm):
		return &provider.Failure{Status: http.StatusForbidden, Type: "IncompleteSignatureException", Message: err.Error()}
	}
	return &provider.Failure{Status: http.StatusForbidden, Type: "InvalidSignatureException", Message: err.Error()}
}

// decode reads and checks a body against its shape.
func (a *api) decode(x *provider.Exchange, shape check.Shape) *provider.Failure {
	if !x.JSONContent() {
		return invalid("Content-Type not supported")
	}
	body, err := x.Decode()
	if err != nil {
		return &provider.Failure{Status: http.StatusBadRequest, Type: "SerializationException"}
	}
	if p := shape(nil, body); p != nil {
		return reword(p)
	}
	return nil
}

func invalid(message string) *provider.Failure {
	return &provider.Failure{Status: http.StatusBadRequest, Type: "ValidationException", Message: message}
}

// reword says a problem as the API does: types that do not fit cannot be read at all,
// and fields that are not known are refused here where the real API passes over them.
func reword(p *check.Problem) *provider.Failure {
	path := p.Path.Dotted()
	switch p.Kind {
	case check.Type:
		return &provider.Failure{Status: http.StatusBadRequest, Type: "SerializationException", Message: "Unexpected type at " + path}
	case check.Missing:
		return invalid("1 validation error detected: Value at '" + path + "' failed to satisfy constraint: Member must not be null")
	case check.Unknown:
		return invalid("Malformed input request: extraneous key [" + path + "] is not permitted, please reformat your input and try again.")
	}
	return invalid("1 validation error detected: Value at '" + path + "' failed to satisfy constraint: Member must satisfy " + p.Limit + strings.Join(p.Want, ", "))
}

// ErrorBody is a message alone: which error it is stands in a header.
func (a *api) ErrorBody(x *provider.Exchange, f provider.Failure) any {
	if !strings.HasSuffix(f.Type, "Exception") { // in the words that all mocks share
		f.Type = "ValidationException"
	}
	x.Header().Set("X-Amzn-Errortype", f.Type+":http://internal.amazon.com/coral/com.amazon.bedrock/")
	if f.Message == "" {
		return ordered.Of()
	}
	return ordered.Of("message", f.Message)
}

// Usual is what the API says with a status.
func (a *api) Usual(status int) provider.Failure {
	f := provider.Failure{Status: status, Type: "ValidationException", Message: "The request is invalid."}
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		f = provider.Failure{Status: http.StatusForbidden, Type: "AccessDeniedException", Message: "Authentication failed: Please make sure your API Key is valid."}
	case http.StatusNotFound:
		f.Type, f.Message = "ResourceNotFoundException", "Could not resolve the foundation model from the model identifier."
	case http.StatusRequestTimeout:
		f.Type, f.Message = "ModelTimeoutException", "Model has timed out in processing the request. Try your request again."
	case http.StatusFailedDependency:
		f.Type, f.Message = "ModelErrorException", "The system encountered an unexpected error during processing. Try your request again."
	case http.StatusTooManyRequests:
		f.Type, f.Message = "ThrottlingException", "Too many requests, please wait before trying again."
	case http.StatusServiceUnavailable:
		f.Type, f.Message = "ServiceUnavailableException", "Bedrock is unable to process your request."
	default:
		if status >= 500 {
			f.Type, f.Message = "InternalServerException", "The system encountered an unexpected error during processing. Try your request again."
		}
	}
	return f
}

// Headers adds what every answer carries.
func (a *api) Headers(x *provider.Exchange, h http.Header) {
	h.Set("X-Amzn-Requestid", x.RequestID())
}
