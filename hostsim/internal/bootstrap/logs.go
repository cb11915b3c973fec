package bootstrap

import (
	"slices"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/hostsim/internal/cel"
	"github.com/postern-gateway/postern/hostsim/internal/format"
)

// defaultLog is the line of a log without a format.
const defaultLog = "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" " +
	"%RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% " +
	"%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" " +
	"\"%REQ(X-REQUEST-ID)%\" \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\"\n"

func readAccessLog(o *object) AccessLog {
	defer o.done()
	o.required("name")
	c, ok := o.child("typed_config")
	if !ok {
		o.failAt("typed_config", "missing")
		return AccessLog{Stream: "stdout", Format: &Format{Text: &format.Text{}}}
	}
	defer c.done()
	l := AccessLog{}
	if f, ok := o.child("filter"); ok {
		l.Filter = readCondition(f)
	}
	switch name := c.typeName(); name {
	case typeStdout:
		l.Stream = "stdout"
	case typeStderr:
		l.Stream = "stderr"
	case typeFile:
		l.Path = c.required("path")
	default:
		c.failAt("@type", "only %s, %s and %s are supported, got %q", typeStdout, typeStderr, typeFile, name)
	}
	if f, ok := c.child("log_format"); ok {
		l.Format = readFormat(f)
	} else {
		l.Format = &Format{Text: readText(c, "log_format", c.str("format", defaultLog), 0)}
	}
	return l
}

func readLocalReply(o *object) LocalReply {
	l := LocalReply{}
	o.list("mappers", func(m *object) {
		one := ReplyMapper{Status: m.integer("status_code", 0, 200, 599)}
		if f, ok := m.child("filter"); ok {
			one.Match = readCondition(f)
		} else {
			m.failAt("filter", "missing")
		}
		if b, ok := m.child("body"); ok {
			one.Body = readData(b)
		}
		if f, ok := m.child("body_format_override"); ok {
			one.Format = readFormat(f)
		}
		one.Add = readHeadersToAdd(m, "headers_to_add")
		m.done()
		l.Mappers = append(l.Mappers, one)
	})
	if f, ok := o.child("body_format"); ok {
		l.Body = readFormat(f)
	}
	o.done()
	return l
}

// A Condition is an access log filter.
type Condition func(format.Stream) bool

const (
	typeCEL      = "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter"
	typeMutation = "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation"
)

// readCondition reads an AccessLogFilter.
func readCondition(o *object) Condition {
	defer o.done()
	kind := o.oneOf("status_code_filter", "duration_filter", "or_filter", "and_filter", "header_filter",
		"response_flag_filter", "extension_filter")
	f, _ := o.child(kind)
	defer f.done()
	switch kind {
	case "status_code_filter":
		return readComparison(f, "RESPONSE_CODE")
	case "duration_filter":
		return readComparison(f, "DURATION")
	case "or_filter", "and_filter":
		return readAll(f, kind == "or_filter")
	case "header_filter":
		return readHeaderFilter(f)
	case "response_flag_filter":
		flags := f.strings("flags")
		return func(s format.Stream) bool {
			v, ok := s.Info("RESPONSE_FLAGS")
			return ok && (len(flags) == 0 || slices.ContainsFunc(strings.Split(v.Text, ","), func(one string) bool {
				return slices.Contains(flags, one)
			}))
		}
	case "extension_filter":
		return readExpression(f)
	}
	return func(format.Stream) bool { return false }
}

func readComparison(f *object, operator string) Condition {
	c, _ := f.child("comparison")
	op := c.word("op", "EQ", "GE", "LE", "NE")
	v, _ := c.child("value")
	want := v.integer("default_value", 0, 0, 1<<31-1)
	v.str("runtime_key", "") // required by Envoy; there is no runtime here to look it up in
	v.done()
	c.done()
	return func(s format.Stream) bool {
		v, ok := s.Info(operator)
		got, err := strconv.Atoi(v.Text)
		if !ok || err != nil {
			return false
		}
		switch op {
		case "GE":
			return got >= want
		case "LE":
			return got <= want
		case "NE":
			return got != want
		}
		return got == want
	}
}

func readAll(f *object, or bool) Condition {
	var all []Condition
	f.list("filters", func(one *object) { all = append(all, readCondition(one)) })
	if len(all) < 2 {
		f.failAt("filters", "want at least two")
	}
	return func(s format.Stream) bool {
		for _, match := range all {
			if match(s) == or {
				return or
			}
		}
		return !or
	}
}

func readHeaderFilter(f *object) Condition {
	h, ok := f.child("header")
	if !ok {
		f.failAt("header", "missing")
	}
	m := readHeaderMatch(h)
	return func(s format.Stream) bool { return m.Matches(s.Header(format.Request, m.Name)) }
}

func readExpression(f *object) Condition {
	f.required("name")
	c, ok := f.typed("typed_config", typeCEL)
	if !ok {
		return func(format.Stream) bool { return false }
	}
	defer c.done()
	e, err := cel.ParseFilter(c.required("expression"))
	if err != nil {
		c.failAt("expression", "%v", err)
		return func(format.Stream) bool { return false }
	}
	return Condition(e)
}
