package cases

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/postern-gateway/postern/e2e/mockllm/awssig"
)

// Compare lists how got differs from what a case wants; nothing if it does not.
func (m *Message) Compare(got Message) []string {
	var diffs []string
	diff := func(what, got, want string) {
		diffs = append(diffs, fmt.Sprintf("%s: got %q, want %q", what, got, want))
	}
	if m.First != got.First {
		diff("first line", got.First, m.First)
	}
	for _, h := range m.Headers {
		v := got.Get(h.Name)
		switch {
		case h.Value == "-" && has(got.Headers, h.Name):
			diffs = append(diffs, fmt.Sprintf("header %s: got %q, want none", h.Name, v))
		case h.Name == "authorization" && strings.HasPrefix(h.Value, "signed "):
			if err := got.signed(strings.Fields(h.Value)); err != nil {
				diff("header authorization", v, h.Value+", but "+err.Error())
			}
		case h.Value != "-" && h.Value != v:
			diff("header "+h.Name, v, h.Value)
		}
	}
	want := m.Body
	if part, ok := bytes.CutPrefix(want, []byte("~")); ok {
		part = bytes.TrimSpace(part)
		if !bytes.Contains(got.Body, part) {
			diff("body", string(got.Body), "one that contains "+string(part))
		}
		return diffs
	}
	if !bytes.Equal(bytes.TrimRight(want, "\n"), bytes.TrimRight(got.Body, "\n")) {
		diff("body", string(got.Body), string(want))
	}
	return diffs
}

// signed checks a signature by "signed REGION KEY". The time is not of interest: in some
// worlds the clock is made up.
func (m *Message) signed(want []string) error {
	if len(want) != 3 {
		return fmt.Errorf("want signed REGION KEY")
	}
	parts := append(strings.Split(want[2], ":"), "", "")
	r := awssig.Request{Host: m.Get("host"), Header: http.Header{}, Body: m.Body}
	r.Method, r.URI, _ = strings.Cut(m.First, " ")
	for _, h := range m.Headers {
		r.Header.Add(h.Name, h.Value)
	}
	return awssig.Check(r, awssig.Key{ID: parts[0], Secret: parts[1], Token: parts[2], Region: want[1], Service: "bedrock"}, time.Time{})
}

func has(headers []Header, name string) bool {
	for _, h := range headers {
		if h.Name == name {
			return true
		}
	}
	return false
}

// CompareRecord lists the members of want that the record got lacks or has otherwise.
// null in want says that the member must not be there.
func CompareRecord(got, want []byte) []string {
	var g, w map[string]any
	if err := json.Unmarshal(want, &w); err != nil {
		return []string{"record wanted: " + err.Error()}
	}
	if err := json.Unmarshal(got, &g); err != nil {
		return []string{fmt.Sprintf("record %q: %v", got, err)}
	}
	var diffs []string
	for k, v := range w {
		if !reflect.DeepEqual(g[k], v) {
			diffs = append(diffs, fmt.Sprintf("record %s: got %v, want %v", k, g[k], v))
		}
	}
	return diffs
}

// String is the message as a case would have it, for reports.
func (m Message) String() string {
	var b strings.Builder
	b.WriteString(m.First)
	for _, h := range m.Headers {
		b.WriteString("\n" + h.Name + ": " + h.Value)
	}
	b.WriteString("\n\n")
	b.Write(m.Body)
	return b.String()
}
