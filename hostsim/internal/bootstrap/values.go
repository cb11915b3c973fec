package bootstrap

import (
	"encoding/base64"
	"encoding/json"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/hostsim/internal/format"
)

func joinHostPort(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

// A Matcher says whether a string is meant.
type Matcher func(string) bool

// readStringMatch reads a StringMatcher.
func readStringMatch(o *object) Matcher {
	fold := o.boolean("ignore_case", false)
	kind := o.oneOf("exact", "prefix", "suffix", "contains", "safe_regex")
	var m Matcher
	switch kind {
	case "safe_regex":
		re, _ := o.child("safe_regex")
		m = readRegex(re)
		if fold {
			o.failAt("ignore_case", "has no effect on a regular expression")
		}
	case "":
		m = func(string) bool { return false }
	default:
		m = textMatch(kind, o.str(kind, ""), fold)
	}
	o.done()
	return m
}

func textMatch(kind, want string, fold bool) Matcher {
	same := func(s string) string { return s }
	if fold {
		same = strings.ToLower
		want = strings.ToLower(want)
	}
	switch kind {
	case "prefix":
		return func(s string) bool { return strings.HasPrefix(same(s), want) }
	case "suffix":
		return func(s string) bool { return strings.HasSuffix(same(s), want) }
	case "contains":
		return func(s string) bool { return strings.Contains(same(s), want) }
	}
	return func(s string) bool { return same(s) == want }
}

// readRegex reads a RegexMatcher: RE2 on both sides, and it has to match all.
func readRegex(o *object) Matcher {
	o.ignore("there is one engine", "google_re2")
	text := o.required("regex")
	o.done()
	re, err := regexp.Compile(`\A(?:` + text + `)\z`)
	if err != nil {
		o.failAt("regex", "%v", err)
		return func(string) bool { return false }
	}
	return re.MatchString
}

// readSearch reads a RegexMatcher whose match is replaced.
func readSearch(o *object) *regexp.Regexp {
	o.ignore("there is one engine", "google_re2")
	text := o.required("regex")
	o.done()
	re, err := regexp.Compile(text)
	if err != nil {
		o.failAt("regex", "%v", err)
	}
	return re
}

// readText reads a format string.
func readText(o *object, key, text string, opts format.Option) *format.Text {
	t, err := format.Parse(text, opts)
	if err != nil {
		o.failAt(key, "%v", err)
		return &format.Text{}
	}
	return t
}

// A Format is a line of an access log or the body of a local reply.
type Format struct {
	Text        *format.Text // or
	JSON        *format.JSON
	ContentType string
}

// Append prints the format for a stream.
func (f *Format) Append(b []byte, s format.Stream) []byte {
	if f.JSON != nil {
		return append(f.JSON.Append(b, s), '\n')
	}
	return f.Text.Append(b, s)
}

// readFormat reads a SubstitutionFormatString.
func readFormat(o *object) *Format {
	opts := format.Option(0)
	if o.boolean("omit_empty_values", false) {
		opts = format.OmitEmpty
	}
	f := &Format{ContentType: o.str("content_type", "")}
	switch kind := o.oneOf("text_format_source", "text_format", "json_format"); kind {
	case "text_format_source":
		source, _ := o.child(kind)
		f.Text = readText(o, kind, string(readData(source)), opts)
	case "text_format":
		f.Text = readText(o, kind, o.str(kind, ""), opts)
	case "json_format":
		if f.ContentType == "" {
			f.ContentType = "application/json"
		}
		v := map[string]any{}
		n := o.value(kind)
		if n.kind != kindObject {
			o.failAt(kind, "want an object, got %s", n.kind)
			break
		}
		if err := json.Unmarshal(n.json(), &v); err != nil {
			o.failAt(kind, "%v", err)
		}
		j, err := format.ParseJSON(v, opts)
		if err != nil {
			o.failAt(kind, "%v", err)
		}
		f.JSON = j
	}
	if f.Text == nil && f.JSON == nil {
		f.Text = &format.Text{}
	}
	o.done()
	return f
}

// readData reads a DataSource.
func readData(o *object) []byte {
	defer o.done()
	switch kind := o.oneOf("filename", "inline_string", "inline_bytes", "environment_variable"); kind {
	case "filename":
		b, err := os.ReadFile(o.str(kind, ""))
		if err != nil {
			o.failAt(kind, "%v", err)
		}
		return b
	case "inline_string":
		return []byte(o.str(kind, ""))
	case "inline_bytes":
		b, err := base64.StdEncoding.DecodeString(o.str(kind, ""))
		if err != nil {
			o.failAt(kind, "want base64: %v", err)
		}
		return b
	case "environment_variable":
		v, ok := os.LookupEnv(o.str(kind, ""))
		if !ok {
			o.failAt(kind, "the environment has no %s", o.str(kind, ""))
		}
		return []byte(v)
	}
	return nil
}

// readAny reads the configuration of a plugin or a VM: text, bytes or a structure,
// which plugins get as JSON.
func readAny(o *object, key string) string {
	c, ok := o.child(key)
	if !ok {
		return ""
	}
	defer c.done()
	switch name := c.typeName(); name {
	case "google.protobuf.StringValue":
		return c.str("value", "")
	case "google.protobuf.BytesValue":
		b, err := base64.StdEncoding.DecodeString(c.str("value", ""))
		if err != nil {
			c.failAt("value", "want base64: %v", err)
		}
		return string(b)
	case "google.protobuf.Struct":
		n := c.value("value")
		if n == nil {
			return "{}"
		}
		if n.kind != kindObject {
			c.failAt("value", "want an object, got %s", n.kind)
		}
		return string(n.json())
	default:
		c.failAt("@type", "want a StringValue, a BytesValue or a Struct of google.protobuf, got %q", name)
	}
	return ""
}
