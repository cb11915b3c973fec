package strict

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/secret"
)

// No bound, for the integers of Int and Bytes.
const (
	NoMin = math.MinInt
	NoMax = math.MaxInt
)

// Str reads a string.
func (o *Object) Str(key, doc, def string) string {
	v, present := o.get(key)
	if o.describing() {
		o.schema.add(key, property{doc: doc, kind: "string", def: quoted(def)})
	}
	return o.str(v, present, def)
}

func (o *Object) str(v rawjson.Value, present bool, def string) string {
	if !present {
		return def
	}
	if v.Kind() != rawjson.String {
		o.wantKind(v, "a string")
		return def
	}
	return v.Str()
}

// Secret reads a string that is printed nowhere.
func (o *Object) Secret(key, doc string) secret.String {
	v, present := o.get(key)
	if o.describing() {
		o.schema.add(key, property{doc: doc, kind: "string", secret: true})
	}
	return secret.New(o.str(v, present, ""))
}

// Bool reads a boolean.
func (o *Object) Bool(key, doc string, def bool) bool {
	v, present := o.get(key)
	if o.describing() {
		o.schema.add(key, property{doc: doc, kind: "boolean", def: strconv.FormatBool(def)})
	}
	if !present {
		return def
	}
	b, ok := v.Bool()
	if !ok {
		o.wantKind(v, "true or false")
		return def
	}
	return b
}

// Int reads a whole number from low to high.
func (o *Object) Int(key, doc string, def, low, high int) int {
	v, present := o.get(key)
	if o.describing() {
		p := property{doc: doc, kind: "integer", def: strconv.Itoa(def)}
		p.bounds(low, high)
		o.schema.add(key, p)
	}
	if !present {
		return def
	}
	i, ok := o.integer(v, low, high)
	if !ok {
		return def
	}
	return i
}

func (o *Object) integer(v rawjson.Value, low, high int) (int, bool) {
	i, ok := v.Int64()
	switch {
	case v.Kind() != rawjson.Number:
		o.wantKind(v, "an integer")
	case !ok:
		o.want(v, "an integer", cut(v.Raw()))
	case i < int64(low) || i > int64(high):
		o.want(v, span(low, high, func(i int) string { return strconv.Itoa(i) }), cut(v.Raw()))
	default:
		return int(i), true
	}
	return 0, false
}

// cut is a number as it is spelled, cut short.
func cut(raw []byte) string {
	if len(raw) > mostQuoted {
		return string(raw[:mostQuoted]) + "..."
	}
	return string(raw)
}

// span is bounds as prose: 0 to 5, at least 1, at most 9.
func span[T int | time.Duration](low, high T, show func(T) string) string {
	none := T(math.MaxInt)
	switch {
	case high == none:
		return "at least " + show(low)
	case low == -none-1:
		return "at most " + show(high)
	}
	return show(low) + " to " + show(high)
}

// Float reads a number from low to high; infinities are no bound.
func (o *Object) Float(key, doc string, def, low, high float64) float64 {
	v, present := o.get(key)
	if o.describing() {
		p := property{doc: doc, kind: "number", def: string(rawjson.AppendFloat(nil, def))}
		p.floatBounds(low, high)
		o.schema.add(key, p)
	}
	if !present {
		return def
	}
	f, ok := v.Float64()
	switch {
	case v.Kind() != rawjson.Number:
		o.wantKind(v, "a number")
	case !ok || f < low || f > high:
		o.want(v, floatSpan(low, high), cut(v.Raw()))
	default:
		return f
	}
	return def
}

func floatSpan(low, high float64) string {
	show := func(f float64) string { return string(rawjson.AppendFloat(nil, f)) }
	switch {
	case math.IsInf(low, -1) && math.IsInf(high, 1):
		return "a number within range"
	case math.IsInf(high, 1):
		return "at least " + show(low)
	case math.IsInf(low, -1):
		return "at most " + show(high)
	}
	return show(low) + " to " + show(high)
}

// Duration reads a string such as "10m", "30d", "1.5s" or "1h30m", from low to high. A default
// below low says that there is none, and is not described.
func (o *Object) Duration(key, doc string, def, low, high time.Duration) time.Duration {
	v, present := o.get(key)
	if o.describing() {
		p := property{doc: doc, kind: "string", pattern: durationPattern}
		if def >= low {
			p.def = quoted(FormatDuration(def))
		}
		p.note = span(low, high, FormatDuration)
		o.schema.add(key, p)
	}
	if !present {
		return def
	}
	d, ok := ParseDuration(v.Str())
	switch {
	case v.Kind() != rawjson.String:
		o.wantKind(v, `a duration such as "10m"`)
	case !ok:
		o.want(v, `a duration such as "10m"`, Quote(v.Str()))
	case d < low || d > high:
		o.want(v, span(low, high, FormatDuration), Quote(v.Str()))
	default:
		return d
	}
	return def
}

// Bytes reads a size such as "64MiB", "1.5GB" or "512B", from low to high bytes.
func (o *Object) Bytes(key, doc string, def, low, high int) int {
	v, present := o.get(key)
	if o.describing() {
		p := property{doc: doc, kind: "string", def: quoted(FormatBytes(def)), pattern: sizePattern}
		p.note = span(low, high, FormatBytes)
		o.schema.add(key, p)
	}
	if !present {
		return def
	}
	n, ok := ParseBytes(v.Str())
	switch {
	case v.Kind() != rawjson.String:
		o.wantKind(v, `a size such as "64MiB"`)
	case !ok:
		o.want(v, `a size such as "64MiB"`, Quote(v.Str()))
	case n < low || n > high:
		o.want(v, span(low, high, FormatBytes), Quote(v.Str()))
	default:
		return n
	}
	return def
}

// Enum reads one of values.
func (o *Object) Enum(key, doc, def string, values ...string) string {
	v, present := o.get(key)
	if o.describing() {
		o.schema.add(key, property{doc: doc, kind: "string", def: quoted(def), enum: values})
	}
	if !present {
		return def
	}
	if s, ok := o.enum(v, values); ok {
		return s
	}
	return def
}

func (o *Object) enum(v rawjson.Value, values []string) (string, bool) {
	if i := slices.IndexFunc(values, v.Is); i >= 0 {
		return values[i], true
	}
	if v.Kind() != rawjson.String {
		o.wantKind(v, oneOf(values))
	} else {
		o.want(v, oneOf(values), Quote(v.Str())+Near(v.Str(), values))
	}
	return "", false
}

// quoted is a default as JSON; an empty string is none worth mentioning.
func quoted(s string) string {
	if s == "" {
		return ""
	}
	return string(rawjson.AppendString(nil, s))
}
