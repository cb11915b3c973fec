package adaptertest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/postern-gateway/postern/adapters/eventstream"
	"github.com/postern-gateway/postern/adapters/ndjson"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Value decodes a document that rawjson finds fault with in nothing: no key twice, no
// bytes that are not UTF-8. Numbers stay as they are spelled.
func Value(b []byte) (any, error) {
	doc := rawjson.Doc{LoneSurrogates: true}
	if err := doc.Parse(b); err != nil {
		return nil, fmt.Errorf("not acceptable as JSON: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	return v, nil
}

// sameJSON compares two documents by structure. Anything but JSON is compared by bytes.
func sameJSON(got, want []byte) error {
	w, err := Value(want)
	if err != nil {
		if bytes.Equal(bytes.TrimSpace(got), bytes.TrimSpace(want)) {
			return nil
		}
		return fmt.Errorf("got  %s\nwant %s", got, want)
	}
	g, err := Value(got)
	if err != nil {
		return fmt.Errorf("%w\ngot  %s", err, got)
	}
	if !reflect.DeepEqual(g, w) {
		return fmt.Errorf("got  %s\nwant %s", compact(got), compact(want))
	}
	return nil
}

// compact writes a document in one line, for messages.
func compact(b []byte) []byte {
	var out bytes.Buffer
	if json.Compact(&out, b) != nil {
		return b
	}
	return out.Bytes()
}

// A frame is one event of a stream as clients get it.
type frame struct {
	name string
	data []byte
	size int // bytes in the stream
}

// A cutter cuts a client's stream into its events.
type cutter func(stream []byte) ([]frame, error)

// cutter is that of the dialect's streams.
func (s *Suite) cutter() cutter {
	if s.Array {
		return cutElements
	}
	if s.Dialect.StreamType == ndjson.ContentType {
		return cutLines
	}
	if s.Dialect.StreamType == eventstream.ContentType {
		return cutMessages
	}
	return cutFrames
}

// cutMessages cuts a client's stream of AWS's messages, whose checksums have to be right.
func cutMessages(stream []byte) ([]frame, error) {
	var out []frame
	var d eventstream.Decoder
	for rest := stream; ; {
		ev, n, ok, err := d.Next(rest)
		if err != nil {
			return out, fmt.Errorf("message %d: %w", len(out)+1, err)
		}
		if !ok {
			if len(rest) > 0 {
				return out, fmt.Errorf("message %d is not complete", len(out)+1)
			}
			return out, nil
		}
		out = append(out, frame{name: string(ev.Type), data: bytes.Clone(ev.Data), size: n})
		rest = rest[n:]
	}
}

// Messages makes an event stream of lines, each of a type and a payload, as cases have
// them.
func Messages(text []byte) []byte {
	var out []byte
	for line := range bytes.Lines(text) {
		kind, data, _ := bytes.Cut(bytes.TrimRight(line, "\n"), []byte(" "))
		if len(kind) > 0 {
			out = eventstream.Append(out, string(kind), data)
		}
	}
	return out
}

// cutLines cuts a client's stream of lines, which has no blank ones.
func cutLines(stream []byte) ([]frame, error) {
	var out []frame
	for n := 1; len(stream) > 0; n++ {
		line, rest, ok := bytes.Cut(stream, []byte("\n"))
		if !ok || len(line) == 0 || bytes.IndexByte(line, '\r') >= 0 {
			return out, fmt.Errorf("line %d: want a document and a line feed, got %q", n, line)
		}
		out = append(out, frame{data: line, size: len(line) + 1})
		stream = rest
	}
	return out, nil
}

// cutFrames cuts a client's stream, which has nothing but event and data lines.
func cutFrames(stream []byte) ([]frame, error) {
	var out []frame
	for n := 1; len(stream) > 0; n++ {
		before := len(stream)
		one, rest, ok := bytes.Cut(stream, []byte("\n\n"))
		if !ok {
			return out, fmt.Errorf("event %d has no blank line behind it", n)
		}
		stream = rest
		var f frame
		if name, ok := bytes.CutPrefix(one, []byte("event: ")); ok {
			line, more, _ := bytes.Cut(name, []byte("\n"))
			f.name, one = string(line), more
		}
		data, ok := bytes.CutPrefix(one, []byte("data: "))
		if !ok || bytes.ContainsAny(data, "\r\n") {
			return out, fmt.Errorf("event %d: want one data line, got %q", n, one)
		}
		f.data, f.size = data, before-len(rest)
		out = append(out, f)
	}
	return out, nil
}

// separator stands between the elements of a stream that is an array.
const separator = ",\r\n"

// cutElements cuts a client's stream that is an array.
func cutElements(stream []byte) ([]frame, error) {
	list, _, err := cutArray(stream)
	if n := len(list); n > 0 {
		last := &list[n-1]
		last.size = len(stream) - max(0, bytes.LastIndex(stream, last.data)-len(separator))
	}
	return list, err
}

// cutArray cuts a stream that is a JSON array; closed says that it came to its end.
func cutArray(stream []byte) (list []frame, closed bool, err error) {
	if len(stream) == 0 {
		return nil, false, nil
	}
	d := json.NewDecoder(bytes.NewReader(stream))
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return nil, false, fmt.Errorf("want an array, got %v (%v)", t, err)
	}
	for d.More() {
		var e json.RawMessage
		if err := d.Decode(&e); err != nil {
			return list, false, fmt.Errorf("element %d: %w", len(list)+1, err)
		}
		list = append(list, frame{data: e})
	}
	if t, err := d.Token(); err != nil || t != json.Delim(']') {
		return list, false, nil
	}
	if rest := bytes.TrimSpace(stream[d.InputOffset():]); len(rest) > 0 {
		return list, true, fmt.Errorf("%q follows the array", rest)
	}
	return list, true, nil
}

// Lines is an event stream as cases have it: the inverse of Messages. What is no such
// stream is as it is.
func Lines(stream []byte) []byte {
	list, err := cutMessages(stream)
	if err != nil {
		return stream
	}
	var out []byte
	for _, f := range list {
		out = append(append(append(append(out, f.name...), ' '), f.data...), '\n')
	}
	return out
}

// sameStream compares two streams event by event.
func sameStream(cut cutter, got, want []byte) error {
	g, err := cut(got)
	if err != nil {
		return fmt.Errorf("%w\ngot %s", err, got)
	}
	w, err := cut(want)
	if err != nil {
		return fmt.Errorf("the case's own stream: %w", err)
	}
	for i := range min(len(g), len(w)) {
		if g[i].name != w[i].name {
			return fmt.Errorf("event %d: got the name %q, want %q", i+1, g[i].name, w[i].name)
		}
		if err := sameJSON(g[i].data, w[i].data); err != nil {
			return fmt.Errorf("event %d:\n%w", i+1, err)
		}
	}
	if len(g) != len(w) {
		return fmt.Errorf("got %d events, want %d:\ngot\n%s", len(g), len(w), got)
	}
	return nil
}
