package cel

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/hostsim/internal/format"
)

// membership reads what stands behind 'key' in.
func (p *parser) membership(key string) (value, error) {
	name := p.next()
	for p.accept(".") {
		name += "." + p.next()
	}
	switch name {
	case "filter_state":
		state, ok := strings.CutPrefix(key, "wasm.")
		return func(s format.Stream) (any, error) {
			_, set := s.FilterState(state)
			return ok && set, nil
		}, nil
	case "request.headers", "response.headers", "response.trailers":
		from := source(name)
		return func(s format.Stream) (any, error) {
			_, has := s.Header(from, strings.ToLower(key))
			return has, nil
		}, nil
	}
	return nil, fmt.Errorf("in %s is not supported", name)
}

func source(name string) format.Source {
	switch name {
	case "response.headers":
		return format.Response
	case "response.trailers":
		return format.Trailer
	}
	return format.Request
}

// lookup returns an attribute by name.
func lookup(name string) (value, error) {
	if base, key, ok := strings.Cut(strings.TrimSuffix(name, "]"), "["); ok {
		switch base {
		case "request.headers", "response.headers", "response.trailers":
			return header(source(base), strings.ToLower(key)), nil
		case "filter_state":
			state, ours := strings.CutPrefix(key, "wasm.")
			return func(s format.Stream) (any, error) {
				v, set := s.FilterState(state)
				if !ours || !set {
					return nil, errMissing
				}
				return string(v), nil
			}, nil
		}
		return nil, fmt.Errorf("%s is not supported", name)
	}
	switch name {
	case "request.method":
		return header(format.Request, ":method"), nil
	case "request.path":
		return header(format.Request, ":path"), nil
	case "request.host":
		return header(format.Request, ":authority"), nil
	case "request.url_path":
		return func(s format.Stream) (any, error) {
			path, ok := s.Header(format.Request, ":path")
			path, _, _ = strings.Cut(path, "?")
			return path, missing(ok)
		}, nil
	case "response.code":
		return info("RESPONSE_CODE"), nil
	case "response.code_details":
		return info("RESPONSE_CODE_DETAILS"), nil
	case "xds.route_name":
		return info("ROUTE_NAME"), nil
	case "request.protocol":
		return info("PROTOCOL"), nil
	}
	return nil, fmt.Errorf("attribute %s is not supported", name)
}

func missing(ok bool) error {
	if ok {
		return nil
	}
	return errMissing
}

func header(from format.Source, name string) value {
	return func(s format.Stream) (any, error) {
		v, ok := s.Header(from, name)
		return v, missing(ok)
	}
}

func info(operator string) value {
	return func(s format.Stream) (any, error) {
		v, ok := s.Info(operator)
		if !ok || !v.Number {
			return v.Text, missing(ok)
		}
		n, err := strconv.ParseInt(v.Text, 10, 64)
		return n, err
	}
}
