package gemini

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// isOpaque reports whether a member's own members are the client's, not the API's.
func isOpaque(key string) bool {
	switch key {
	case "args", "response", "labels", "parametersJsonSchema", "responseJsonSchema", "_responseJsonSchema":
		return true
	}
	return false
}

// camelKeys spells the keys of a request in camelCase: the real API takes those of its
// protocol buffers, too, which is what the SDK for Python sends. Anything but JSON stays
// as it is.
func camelKeys(body []byte) []byte {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var out bytes.Buffer
	if err := camelValue(d, &out, false, false); err != nil {
		return body
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return body
	}
	return out.Bytes()
}

// camelValue copies one value. kept says that its keys stay, and names that they do but
// not those within them, as the names of properties.
func camelValue(d *json.Decoder, out *bytes.Buffer, kept, names bool) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	open, ok := t.(json.Delim)
	if !ok {
		b, err := json.Marshal(t)
		out.Write(b)
		return err
	}
	out.WriteString(open.String())
	for i := 0; d.More(); i++ {
		if i > 0 {
			out.WriteByte(',')
		}
		inKept, inNames := kept, false
		if open == '{' {
			k, err := d.Token()
			if err != nil {
				return err
			}
			key, _ := k.(string)
			if !kept && !names {
				key = camelKey(key)
				inKept, inNames = isOpaque(key), key == "properties"
			}
			b, err := json.Marshal(key)
			if err != nil {
				return err
			}
			out.Write(b)
			out.WriteByte(':')
		}
		if err := camelValue(d, out, inKept, inNames); err != nil {
			return err
		}
	}
	end, err := d.Token()
	if err == nil {
		out.WriteString(end.(json.Delim).String())
	}
	return err
}

func camelKey(s string) string {
	if strings.HasPrefix(s, "_") {
		return s
	}
	words := strings.Split(s, "_")
	for i, w := range words[1:] {
		if w != "" {
			words[i+1] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, "")
}
