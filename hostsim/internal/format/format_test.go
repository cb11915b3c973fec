package format

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// fake is a stream with a few values.
type fake struct{}

func (fake) Header(from Source, name string) (string, bool) {
	v, ok := map[Source]map[string]string{
		Request:  {":method": "GET", ":path": "/a?b=c", "x-long": "0123456789", "user-agent": `q"\` + "\n"},
		Response: {"content-type": "text/plain"},
		Trailer:  {"grpc-status": "0"},
	}[from][name]
	return v, ok
}

func (fake) FilterState(name string) ([]byte, bool) {
	return []byte("7"), name == "tokens"
}

func (fake) Info(name string) (Value, bool) {
	switch name {
	case "RESPONSE_CODE":
		return Int(200), true
	case "PROTOCOL":
		return String("HTTP/1.1"), true
	}
	return Value{}, false
}

func (fake) Start() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 89_012_345, time.UTC) }

func TestText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ format, want string }{
		{"", ""},
		{"plain 100%%", "plain 100%"},
		{"%REQ(:METHOD)% %PROTOCOL% %RESPONSE_CODE%", "GET HTTP/1.1 200"},
		{"%REQ(NOPE)%", "-"},
		{"%REQ(NOPE?X-LONG):4%", "0123"},
		{"%RESP(Content-Type)%|%TRAILER(grpc-status)%", "text/plain|0"},
		{"%FILTER_STATE(wasm.tokens:PLAIN)%", "7"},
		{"%FILTER_STATE(wasm.tokens)%", `"Nw=="`},
		{"%FILTER_STATE(wasm.nope:PLAIN)%", "-"},
		{"%START_TIME%", "2026-03-04T05:06:07.089Z"},
		{"%START_TIME(%s.%6f %d/%b/%Y %H:%M:%S %%)%", "1772600767.089012 04/Mar/2026 05:06:07 %"},
		{"%PATH(NQ)% %PATH(WQ:PATH)% %PATH(WQ:ORIG)%", "/a /a?b=c -"},
		{"%ROUTE_NAME%", "-"},
	} {
		f, err := Parse(tt.format, 0)
		if err != nil {
			t.Errorf("%q: %v", tt.format, err)
			continue
		}
		if got := string(f.Append(nil, fake{})); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.format, got, tt.want)
		}
	}
	f, err := Parse("a%REQ(NOPE)%b", OmitEmpty)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(f.Append(nil, fake{})); got != "ab" {
		t.Errorf("empty values omitted: got %q, want ab", got)
	}
}

func TestRefusedOperators(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ format, want string }{
		{"%", "does not end in %"},
		{"%REQ(a", "does not end in %"},
		{"%NOPE%", "NOPE is not supported"},
		{"%REQ%", "REQ is not supported"},
		{"%REQ(a?b?c)%", "NAME?ALTERNATIVE"},
		{"%PROTOCOL(x)%", "takes no argument"},
		{"%PROTOCOL:x%", "want a length"},
		{"%DYNAMIC_METADATA(a:b)%", "DYNAMIC_METADATA is not supported"},
		{"%FILTER_STATE(other)%", "want wasm.NAME"},
		{"%FILTER_STATE(wasm.a:FIELD)%", "want PLAIN or TYPED"},
		{"%START_TIME(%Q)%", "%Q is not supported"},
		{"%PATH(XX)%", "want WQ or NQ"},
	} {
		if _, err := Parse(tt.format, 0); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: got %v, want %q", tt.format, err, tt.want)
		}
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	doc := `{"z":"%RESPONSE_CODE%","a":"%REQ(NOPE)%","agent":"%REQ(USER-AGENT)%","mixed":"code %RESPONSE_CODE%","in":{"n":1.5,"yes":true,"list":["%PROTOCOL%",null]}}`
	var v map[string]any
	if err := json.Unmarshal([]byte(doc), &v); err != nil {
		t.Fatal(err)
	}
	for opts, want := range map[Option]string{
		0:         `{"a":null,"agent":"q\"\\\n","in":{"list":["HTTP/1.1",null],"n":1.5,"yes":true},"mixed":"code 200","z":200}`,
		OmitEmpty: `{"agent":"q\"\\\n","in":{"list":["HTTP/1.1",null],"n":1.5,"yes":true},"mixed":"code 200","z":200}`,
	} {
		j, err := ParseJSON(v, opts)
		if err != nil {
			t.Fatal(err)
		}
		got := string(j.Append(nil, fake{}))
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("got %s, want valid JSON", got)
		}
	}
	if _, err := ParseJSON(map[string]any{"a": map[string]any{"b": "%NOPE%"}}, 0); err == nil || !strings.HasPrefix(err.Error(), "a: b: ") {
		t.Errorf("got %v, want an error that names a: b", err)
	}
}

func FuzzText(f *testing.F) {
	f.Add("%REQ(A?B):3% %START_TIME(%s%3f)% %% %FILTER_STATE(wasm.x:PLAIN)%")
	f.Add("%(%)%")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text, 0)
		if err != nil {
			return
		}
		got := string(p.Append(nil, fake{}))
		if !strings.Contains(text, "%") && got != text {
			t.Errorf("got %q, want the text itself, %q", got, text)
		}
	})
}
