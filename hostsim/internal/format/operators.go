package format

import (
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// infos are the operators without arguments. The stream knows their values.
func isInfo(name string) bool {
	switch name {
	case "PROTOCOL", "UPSTREAM_PROTOCOL", "RESPONSE_CODE", "RESPONSE_CODE_DETAILS", "RESPONSE_FLAGS",
		"RESPONSE_FLAGS_LONG", "BYTES_RECEIVED", "BYTES_SENT", "DURATION", "REQUEST_DURATION",
		"REQUEST_TX_DURATION", "RESPONSE_DURATION", "RESPONSE_TX_DURATION", "UPSTREAM_HOST", "UPSTREAM_CLUSTER",
		"UPSTREAM_CLUSTER_RAW", "UPSTREAM_REMOTE_ADDRESS", "UPSTREAM_TRANSPORT_FAILURE_REASON",
		"UPSTREAM_REQUEST_ATTEMPT_COUNT", "ROUTE_NAME", "DOWNSTREAM_REMOTE_ADDRESS",
		"DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", "DOWNSTREAM_REMOTE_PORT", "DOWNSTREAM_DIRECT_REMOTE_ADDRESS",
		"DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT", "DOWNSTREAM_LOCAL_ADDRESS",
		"DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT", "DOWNSTREAM_LOCAL_PORT", "REQUESTED_SERVER_NAME",
		"CONNECTION_ID", "STREAM_ID", "CONNECTION_TERMINATION_DETAILS", "LOCAL_REPLY_BODY", "GRPC_STATUS_NUMBER":
		return true
	}
	return false
}

// compile makes an operator of what stands between the percent signs:
// NAME, NAME:LENGTH, NAME(ARGUMENT) or NAME(ARGUMENT):LENGTH.
func compile(text string) (operator, error) {
	name, rest := text, ""
	if i := strings.IndexAny(text, "(:"); i >= 0 {
		name, rest = text[:i], text[i:]
	}
	argument, hasArgument := "", false
	if strings.HasPrefix(rest, "(") {
		end := strings.LastIndexByte(rest, ')')
		if end < 0 {
			return nil, fmt.Errorf("operator %%%s%%: no closing parenthesis", text)
		}
		argument, hasArgument = rest[1:end], true
		rest = rest[end+1:]
	}
	length := -1
	if rest != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(rest, ":"))
		if err != nil || rest[0] != ':' || n < 0 {
			return nil, fmt.Errorf("operator %%%s%%: want a length behind the colon", text)
		}
		length = n
	}
	op, err := lookup(name, argument, hasArgument)
	if err != nil {
		return nil, fmt.Errorf("operator %%%s%%: %w", text, err)
	}
	if length < 0 {
		return op, nil
	}
	return func(s Stream) (Value, bool) {
		v, ok := op(s)
		if len(v.Text) > length {
			v = Value{Text: v.Text[:length]}
		}
		return v, ok
	}, nil
}

func lookup(name, argument string, hasArgument bool) (operator, error) {
	if isInfo(name) {
		if hasArgument {
			return nil, fmt.Errorf("%s takes no argument", name)
		}
		return func(s Stream) (Value, bool) { return s.Info(name) }, nil
	}
	if name == "START_TIME" {
		return startTime(argument)
	}
	if name == "HOSTNAME" {
		host, err := os.Hostname()
		return constant(host, err == nil), nil
	}
	if argument == "" {
		return nil, unknown(name)
	}
	switch name {
	case "REQ":
		return header(Request, argument)
	case "RESP":
		return header(Response, argument)
	case "TRAILER":
		return header(Trailer, argument)
	case "FILTER_STATE":
		return filterState(argument)
	case "PATH":
		return path(argument)
	case "ENVIRONMENT":
		v, ok := os.LookupEnv(argument)
		return constant(v, ok), nil
	}
	return nil, unknown(name)
}

func unknown(name string) error { return fmt.Errorf("%s is not supported", name) }

func constant(s string, ok bool) operator {
	return func(Stream) (Value, bool) { return Value{Text: s}, ok }
}

// path is WQ or NQ, with or without the query, and which of the paths.
func path(argument string) (operator, error) {
	query, which, _ := strings.Cut(argument, ":")
	names := []string{"x-envoy-original-path", ":path"}
	switch which {
	case "", "ORIG_OR_PATH":
	case "ORIG":
		names = names[:1]
	case "PATH":
		names = names[1:]
	default:
		return nil, fmt.Errorf("want ORIG, PATH or ORIG_OR_PATH, got %q", which)
	}
	if query != "WQ" && query != "NQ" {
		return nil, fmt.Errorf("want WQ or NQ, got %q", query)
	}
	return func(s Stream) (Value, bool) {
		for _, name := range names {
			v, ok := s.Header(Request, name)
			if !ok {
				continue
			}
			if query == "NQ" {
				v, _, _ = strings.Cut(v, "?")
			}
			return Value{Text: v}, true
		}
		return Value{}, false
	}, nil
}

// header is NAME or NAME?ALTERNATIVE.
func header(from Source, argument string) (operator, error) {
	first, second, _ := strings.Cut(strings.ToLower(argument), "?")
	if first == "" || strings.Contains(second, "?") {
		return nil, fmt.Errorf("want NAME or NAME?ALTERNATIVE, got %q", argument)
	}
	return func(s Stream) (Value, bool) {
		v, ok := s.Header(from, first)
		if !ok && second != "" {
			v, ok = s.Header(from, second)
		}
		return Value{Text: v}, ok
	}, nil
}

// filterState is what a plugin has set, known outside as wasm.NAME. PLAIN is the
// text itself; without it Envoy writes the JSON form of a protobuf bytes value.
func filterState(argument string) (operator, error) {
	key, form, _ := strings.Cut(argument, ":")
	name, ok := strings.CutPrefix(key, "wasm.")
	if !ok {
		return nil, fmt.Errorf("want wasm.NAME, which a plugin sets; got %q", key)
	}
	switch form {
	case "PLAIN":
		return func(s Stream) (Value, bool) {
			v, ok := s.FilterState(name)
			return Value{Text: string(v)}, ok
		}, nil
	case "", "TYPED":
		return func(s Stream) (Value, bool) {
			v, ok := s.FilterState(name)
			return Value{Text: `"` + base64.StdEncoding.EncodeToString(v) + `"`}, ok
		}, nil
	}
	return nil, fmt.Errorf("want PLAIN or TYPED, got %q", form)
}

// starter is implemented by streams; START_TIME needs more than a text.
type starter interface{ Start() time.Time }

// startTime is the time in a strftime format with the additions %f (fraction) and
// %Nf (N digits of it); without a format it is RFC 3339 with milliseconds.
func startTime(layout string) (operator, error) {
	if layout == "" {
		layout = "%Y-%m-%dT%H:%M:%S.%3fZ"
	}
	print, err := strftime(layout)
	if err != nil {
		return nil, err
	}
	return func(s Stream) (Value, bool) {
		at, ok := s.(starter)
		if !ok {
			return Value{}, false
		}
		return Value{Text: string(print(nil, at.Start().UTC()))}, true
	}, nil
}
