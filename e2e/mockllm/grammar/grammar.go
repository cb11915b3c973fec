// Package grammar checks complete streams of server-sent events against the
// grammar of the API that a client believes to talk to. Tests give it what a
// client received, whoever made it.
//
// It is stricter than the SDKs: unknown fields, wrong order, an id that changes, a
// block left open, a tool call whose arguments are no JSON or usage that does not
// add up are errors that name the event.
package grammar

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// How a stream can end without being wrong; callers test with errors.Is.
var (
	// ErrTruncated is a stream that is right as far as it goes.
	ErrTruncated = errors.New("stream ended before its last event")
	// ErrFailed is a stream that ended with the API's error event, and rightly so.
	ErrFailed = errors.New("stream ended with an error event")
	// ErrArguments is a stream of the Responses API that is wrong only in what the model
	// itself writes.
	ErrArguments = errors.New("arguments are no JSON object")
)

// An Event is one server-sent event.
type Event struct {
	Name string // of the event field; empty without one
	Data string // of the data fields, joined by line feeds
}

// Events cuts a stream into events, as
// https://html.spec.whatwg.org/multipage/server-sent-events.html says. A field
// that is not in that specification and an event without data are errors, an
// unfinished last event is ErrTruncated.
func Events(stream []byte) ([]Event, error) {
	stream = whole(stream)
	if !utf8.Valid(stream) {
		return nil, errors.New("stream is not UTF-8")
	}
	text := strings.TrimPrefix(string(stream), "\uFEFF")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	var out []Event
	var name string
	var data []string
	named := false
	for n := 1; text != ""; n++ {
		line, rest, ended := strings.Cut(text, "\n")
		if !ended {
			return out, fmt.Errorf("line %d has no end: %w", n, ErrTruncated)
		}
		text = rest
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "":
			if len(data) > 0 {
				out = append(out, Event{name, strings.Join(data, "\n")})
			} else if named {
				return out, fmt.Errorf("line %d: event %q has no data", n, name)
			}
			name, data, named = "", nil, false
		case field == "":
		case field == "event":
			name, named = value, true
		case field == "data":
			data = append(data, value)
		case field == "id", field == "retry":
		default:
			return out, fmt.Errorf("line %d: unknown field %q", n, field)
		}
	}
	if named || len(data) > 0 {
		return out, fmt.Errorf("last event has no blank line: %w", ErrTruncated)
	}
	return out, nil
}

// whole drops a last character that the stream's end cut in two.
func whole(b []byte) []byte {
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				return b[:i]
			}
			break
		}
	}
	return b
}

// object is one JSON object of a payload, read strictly.
type object map[string]any

func decode(data string) (object, error) {
	d := json.NewDecoder(strings.NewReader(data))
	d.UseNumber()
	var o object
	if err := d.Decode(&o); err != nil || o == nil {
		return nil, errors.New("data is not one JSON object")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object")
	}
	return o, nil
}

// only returns an error for a key that is not allowed.
func (o object) only(allowed ...string) error {
	for _, k := range slices.Sorted(maps.Keys(o)) {
		if !slices.Contains(allowed, k) {
			return fmt.Errorf("unknown field %q", k)
		}
	}
	return nil
}

func (o object) str(key string) (string, error) {
	s, ok := o[key].(string)
	if !ok {
		return "", fmt.Errorf("%s: want a string, got %s", key, show(o[key]))
	}
	return s, nil
}

// name is a string that is not empty.
func (o object) name(key string) (string, error) {
	s, err := o.str(key)
	if err == nil && s == "" {
		err = fmt.Errorf("%s: is empty", key)
	}
	return s, err
}

// count is a whole number that is not negative.
func (o object) count(key string) (int64, error) {
	n, ok := o[key].(json.Number)
	i, err := n.Int64()
	if !ok || err != nil || i < 0 {
		return 0, fmt.Errorf("%s: want a count, got %s", key, show(o[key]))
	}
	return i, nil
}

func (o object) object(key string) (object, error) {
	m, ok := o[key].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s: want an object, got %s", key, show(o[key]))
	}
	return m, nil
}

func (o object) list(key string) ([]any, error) {
	l, ok := o[key].([]any)
	if !ok {
		return nil, fmt.Errorf("%s: want a list, got %s", key, show(o[key]))
	}
	return l, nil
}

// null is a key that is there and null.
func (o object) null(key string) error {
	if v, there := o[key]; !there || v != nil {
		return fmt.Errorf("%s: want null, got %s", key, show(v))
	}
	return nil
}

// same is a string that keeps its first value through the stream.
func (o object) same(key string, first *string) error {
	s, err := o.name(key)
	switch {
	case err != nil:
		return err
	case *first == "":
		*first = s
	case s != *first:
		return fmt.Errorf("%s changed: got %q, want %q", key, s, *first)
	}
	return nil
}

func show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b[:min(len(b), 80)])
}

// equal compares two JSON values.
func equal(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// isObject says whether text is one JSON object.
func isObject(text string) bool {
	_, err := decode(text)
	return err == nil
}

// A reader is the state machine of one grammar.
type reader interface {
	read(e Event) error
	end() error
}

func run(stream []byte, r reader) error {
	events, cut := Events(stream)
	for i, e := range events {
		if err := r.read(e); err != nil {
			return fmt.Errorf("event %d: %w: %s", i+1, err, e.Data[:min(len(e.Data), 300)])
		}
	}
	if cut != nil {
		return cut
	}
	return r.end()
}
